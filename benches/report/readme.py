"""The table in README.md, between its two marks."""

BEGIN = "<!-- bench:begin -->"
END = "<!-- bench:end -->"


class MarksError(Exception):
    """The text has no place for the table."""


def with_table(text: str, table: str) -> str:
    """`text` with `table` between the marks, and nothing else changed."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in after or END in after:
        raise MarksError(f"README.md needs the line {BEGIN} once, and {END} once after it")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"
