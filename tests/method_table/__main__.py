"""Writes docs/methods.md from folders of records; fails if a cell is empty.

usage: python -m method_table FOLDER...
"""

import json
import sys
from pathlib import Path

from . import page


def main(folders: list[str]) -> int:
    """Give 1 if there is an argument that no test passes."""
    records: dict[str, page.Record] = {}
    for folder in folders:
        for file in Path(folder).glob("*.json"):
            data = json.loads(file.read_text())
            records.setdefault(data["python"], page.Record(data["python"])).add(data)
    missing = set(page.PYTHONS) - records.keys()
    if missing:
        print(f"methods: no record of Python {', '.join(sorted(missing))}; nothing written")
        return 2
    cells = page.table(records.values())
    page.FILE.write_text(page.render(cells))
    empty = [
        f"{row.owner}.{row.method}({row.argument}), Python {python}"
        for row, tests in sorted(cells.items())
        for python, test in tests.items()
        if not test
    ]
    print(f"docs/methods.md: {sum(map(len, cells.values()))} cells, {len(empty)} empty")
    print(*empty, sep="\n")
    return 1 if empty else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
