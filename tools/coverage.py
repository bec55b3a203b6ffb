#!/usr/bin/env python3
"""Makes docs/coverage.md of docs/coverage.toml and docs/requirements.txt.

usage: tools/coverage.py            write it
       tools/coverage.py --check    say whether it is what it would be
"""

import pathlib
import re
import sys
import textwrap
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "docs" / "requirements.txt"
TABLE = ROOT / "docs" / "coverage.toml"
PAGE = ROOT / "docs" / "coverage.md"

STATES = ("met", "partly", "open")
MARKS = {"met": "●", "partly": "◐", "open": "○"}

HEAD = """\
<!-- Made by tools/coverage.py of docs/coverage.toml and docs/requirements.txt: edit those. -->
# Coverage

Which requirement of [requirements.txt](requirements.txt) is met, and which test, measurement or
demo step shows it. ● is met, ◐ is partly met and says what is missing, ○ is open. A test looks
every proof up (`tests/layers/test_coverage.py`), so that none is named that does not exist.

Proofs are named as their runners name them: `Suite.Test` is a unit test beside the code,
`integration/test_x.py::Class.test_y` a Python test below `tests/`; a demo step, a measurement and
a fuzzer say what they are. Several of one suite stand in one line.
"""


def read_requirements(text):
    """[(area, its title, [(id, words)])] in the order of the file."""
    areas = []
    for line in text.splitlines():
        if match := re.match(r"([A-Z]{2}) (.+)", line):
            areas.append((match[1], match[2], []))
        elif match := re.match(r"([A-Z]{2}-\d+) (.+)", line):
            areas[-1][2].append((match[1], match[2]))
    return areas


def read_table(text):
    """{id: {state, proofs, missing}}"""
    rows = tomllib.loads(text)
    return {name: {"proofs": [], "missing": ""} | row for name, row in rows.items()}


def suites(proofs):
    """The proofs, those of one suite in one line, in the order of their first."""
    lines = {}
    for proof in proofs:
        if ": " in proof:
            lines[proof] = [proof.split(": ", 1)[1]]
            continue
        suite, test = proof.rsplit(".", 1)
        lines.setdefault(suite, []).append(test)
    shown = []
    for suite, tests in lines.items():
        if ": " in suite:
            shown.append(f"{suite.split(': ', 1)[0]} `{tests[0]}`")
        else:
            shown.append(f"`{suite}`: {', '.join(f'`{test}`' for test in tests)}")
    return shown


def item(words):
    return textwrap.fill(words, 100, initial_indent="- ", subsequent_indent="  ",
                         break_long_words=False, break_on_hyphens=False)


def overview(areas, rows):
    lines = ["| area | | ● | ◐ | ○ |", "|---|---|---|---|---|"]
    totals = dict.fromkeys(STATES, 0)
    for area, title, requirements in areas:
        counts = {state: sum(rows[name]["state"] == state for name, _ in requirements)
                  for state in STATES}
        picture = "".join(MARKS[rows[name]["state"]] for name, _ in requirements)
        anchor = re.sub(r"[^a-z0-9 -]", "", f"{area} {title}".lower()).replace(" ", "-")
        lines.append(f"| [{area} {title}](#{anchor}) | {picture} | "
                     + " | ".join(str(counts[state] or "") for state in STATES) + " |")
        for state in STATES:
            totals[state] += counts[state]
    lines.append("| all | | " + " | ".join(str(totals[state]) for state in STATES) + " |")
    return "\n".join(lines) + "\n"


def page(areas, rows):
    parts = [HEAD, overview(areas, rows)]
    for area, title, requirements in areas:
        parts.append(f"## {area} {title}\n")
        for name, words in requirements:
            row = rows[name]
            lines = [f"**{MARKS[row['state']]} {name}** {words}"]
            if row["missing"]:
                lines.append(item(f"Missing: {row['missing']}."))
            lines += [item(line) for line in suites(row["proofs"])]
            parts.append("\n".join(lines[:1] + [""] * (len(lines) > 1) + lines[1:]) + "\n")
    return "\n".join(parts)


def made():
    areas = read_requirements(REQUIREMENTS.read_text(encoding="utf-8"))
    return page(areas, read_table(TABLE.read_text(encoding="utf-8")))


def main(arguments):
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__)
    text = made()
    if not arguments:
        PAGE.write_text(text, encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != text:
        sys.exit(f"{PAGE.relative_to(ROOT)} is not what {TABLE.relative_to(ROOT)} makes: make docs")


if __name__ == "__main__":
    main(sys.argv[1:])
