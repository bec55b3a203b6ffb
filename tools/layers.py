#!/usr/bin/env python3
"""Shows src/layers.txt in ARCHITECTURE.md: the drawing and the table of the rooms.

usage: tools/layers.py
"""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "layers"))
import layers  # noqa: E402

PAGE = ROOT / "ARCHITECTURE.md"


def main(arguments):
    if arguments:
        sys.exit(__doc__)
    rooms = layers.read((ROOT / layers.FILE).read_text(encoding="utf-8"))
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(layers.with_rooms(page, rooms), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
