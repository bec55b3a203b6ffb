"""docs/coverage.md tells the truth: every requirement has one row, every proof it names exists, and
a row that is open claims none."""

import ast
import re
import unittest

import sources

ROW = re.compile(r"^\| ([A-Z]{2}-\d+) \| (\w+) \|(.*)\|$", re.MULTILINE)
STATES = ("met", "partly", "open")


def requirement_ids(text):
    return re.findall(r"^([A-Z]{2}-\d+) ", text, re.MULTILINE)


def gtest_names():
    found = set()
    for path in sources.files("src/*_test.cpp", "tests/*_test.cpp"):
        text = sources.read(path)
        for match in re.finditer(r"\b(?:TEST|TEST_F|TEST_P)\(\s*(\w+),\s*(\w+)\s*\)", text):
            found.add(f"{match[1]}.{match[2]}")
    return found


def python_names():
    """integration/test_x.py::Class.method and the like."""
    found = set()
    for path in sources.files("tests/*/test_*.py"):
        for node in ast.parse(sources.read(path)).body:
            if isinstance(node, ast.ClassDef):
                for item in node.body:
                    if isinstance(item, ast.FunctionDef) and item.name.startswith("test_"):
                        found.add(f"{path.relative_to('tests')}::{node.name}.{item.name}")
    return found


def other_names():
    """demo: STEP, bench: NAME and fuzz: NAME."""
    demo = re.findall(r"""^\s*step ["']([^"']+)["']""", sources.read("tools/demo.sh"), re.MULTILINE)
    bench = [name for path in sources.files("bench/*.py")
             for name in re.findall(r'measure\(\s*"([^"]+)"', sources.read(path))]
    fuzz = [path.stem.removeprefix("fuzz_") for path in sources.files("tests/fuzz/fuzz_*.cpp")]
    return ({f"demo: {name}" for name in demo} | {f"bench: {name}" for name in bench} |
            {f"fuzz: {name}" for name in fuzz})


def faults(required, coverage, proofs):
    """What is wrong with a coverage text, given the required ids and the proofs that exist."""
    rows = ROW.findall(coverage)
    ids = [row[0] for row in rows]
    found = [f"{name} has no row" for name in required if name not in ids]
    found += [f"{name} is not a requirement" for name in ids if name not in required]
    found += [f"{name} has {ids.count(name)} rows" for name in set(ids) if ids.count(name) > 1]
    for name, state, proof in rows:
        named = re.findall(r"`([^`]+)`", proof)
        if state not in STATES:
            found.append(f"{name}: state '{state}' is none of {STATES}")
        if state == "open" and named:
            found.append(f"{name} is open but claims {named}")
        if state in ("met", "partly") and not named:
            found.append(f"{name} is {state} but names no proof")
        if state == "partly" and "missing:" not in proof:
            found.append(f"{name} is partly met but does not say what is missing")
        found += [f"{name}: there is no {p}" for p in named if p not in proofs]
    return found


class Coverage(unittest.TestCase):
    def test_every_requirement_is_covered_as_claimed(self):
        required = requirement_ids(sources.read("docs/requirements.txt"))
        self.assertGreater(len(required), 90)
        proofs = gtest_names() | python_names() | other_names()
        self.assertEqual([], faults(required, sources.read("docs/coverage.md"), proofs))


class TheRules(unittest.TestCase):
    """Planted faults are found."""

    def planted(self, *rows):
        return faults(["CH-1", "CH-2"], "\n".join(rows), {"Frame.IsRefused"})

    def test_a_true_table_passes(self):
        rows = ("| CH-1 | met | `Frame.IsRefused` |", "| CH-2 | open | |")
        self.assertEqual([], self.planted(*rows))

    def test_a_missing_row_is_found(self):
        self.assertEqual(["CH-2 has no row"], self.planted("| CH-1 | met | `Frame.IsRefused` |"))

    def test_a_proof_that_does_not_exist_is_found(self):
        self.assertTrue(self.planted("| CH-1 | met | `Frame.IsLost` |", "| CH-2 | open | |"))

    def test_an_open_row_that_claims_a_proof_is_found(self):
        self.assertTrue(self.planted("| CH-1 | open | `Frame.IsRefused` |", "| CH-2 | open | |"))

    def test_a_met_row_without_a_proof_is_found(self):
        self.assertTrue(self.planted("| CH-1 | met | by design |", "| CH-2 | open | |"))

    def test_a_partly_met_row_says_what_is_missing(self):
        self.assertTrue(self.planted("| CH-1 | partly | `Frame.IsRefused` |", "| CH-2 | open | |"))


if __name__ == "__main__":
    unittest.main()
