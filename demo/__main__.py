"""`python -m demo`."""

import importlib.util
import sys


def main() -> int:
    if importlib.util.find_spec("rich") is None:
        print("the demo needs rich; `make demo` installs it", file=sys.stderr)
        return 2
    from demo import cli

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
