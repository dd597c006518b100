"""What rondel is to reach in a row: so many times what another one does in the same run."""

import dataclasses

# Level with another one: two runs of one program differ by as much.
LEVEL = 0.97


@dataclasses.dataclass(frozen=True)
class Target:
    """`factor` times the figure of `of`, a loop; empty: of the best of all peers."""

    factor: float
    of: str = ""

    def met(self, ratio: float) -> bool:
        """Whether the median `ratio` reaches it; level is enough where no more is wanted."""
        return ratio >= (LEVEL if self.factor == 1 else self.factor)

    def __str__(self) -> str:
        who = self.of or "best peer"
        return who if self.factor == 1 else f"{self.factor:g} x {who}"


BEST = Target(1.0)


def by(factor: float) -> Target:
    """Ahead of every peer, by this factor."""
    return Target(factor)
