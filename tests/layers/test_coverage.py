"""docs/coverage.toml tells the truth: every requirement has a row, every proof it names exists, and
a row that is open claims none. docs/coverage.md is what is made of it."""

import ast
import re
import unittest

import sources

coverage = sources.tool("coverage")

MEMBERS = {"state", "proofs", "missing"}


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


def faults(required, rows, proofs):
    """What is wrong with a table, given the required ids and the proofs that exist."""
    found = [f"{name} has no row" for name in required if name not in rows]
    found += [f"{name} is not a requirement" for name in rows if name not in required]
    for name, row in rows.items():
        state, named, missing = row["state"], row["proofs"], row["missing"]
        if state not in coverage.STATES:
            found.append(f"{name}: state '{state}' is none of {coverage.STATES}")
        if state == "open" and (named or missing):
            found.append(f"{name} is open but claims {named or missing}")
        if state in ("met", "partly") and not named:
            found.append(f"{name} is {state} but names no proof")
        if (state == "partly") != bool(missing):
            found.append(f"{name} is {state}: partly met rows say what is missing, and no others")
        found += [f"{name} names {p} twice" for p in sorted(set(named)) if named.count(p) > 1]
        found += [f"{name}: there is no {p}" for p in named if p not in proofs]
        found += [f"{name} has a member '{key}'" for key in row.keys() - MEMBERS]
    return found


class Coverage(unittest.TestCase):
    def test_every_requirement_is_covered_as_claimed(self):
        areas = coverage.read_requirements(sources.read("docs/requirements.txt"))
        required = [name for _, _, requirements in areas for name, _ in requirements]
        self.assertGreater(len(required), 90)
        self.assertEqual(len(required), len(set(required)))
        proofs = gtest_names() | python_names() | other_names()
        rows = coverage.read_table(sources.read("docs/coverage.toml"))
        self.assertEqual([], faults(required, rows, proofs))

    def test_the_page_is_what_the_table_makes(self):
        self.assertEqual(coverage.made(), sources.read("docs/coverage.md"), "run 'make docs'")


class TheRules(unittest.TestCase):
    """Planted faults are found."""

    MET = '[CH-1]\nstate = "met"\nproofs = ["Frame.IsRefused"]\n'
    OPEN = '[CH-2]\nstate = "open"\n'

    def planted(self, *rows):
        table = coverage.read_table("".join(rows))
        return faults(["CH-1", "CH-2"], table, {"Frame.IsRefused"})

    def test_a_true_table_passes(self):
        self.assertEqual([], self.planted(self.MET, self.OPEN))

    def test_a_missing_row_is_found(self):
        self.assertEqual(["CH-2 has no row"], self.planted(self.MET))

    def test_a_row_of_no_requirement_is_found(self):
        self.assertTrue(self.planted(self.MET, self.OPEN, '[CH-3]\nstate = "open"\n'))

    def test_a_proof_that_does_not_exist_is_found(self):
        self.assertTrue(self.planted(self.MET.replace("IsRefused", "IsLost"), self.OPEN))

    def test_an_open_row_that_claims_a_proof_is_found(self):
        self.assertTrue(self.planted(self.MET.replace("met", "open"), self.OPEN))

    def test_a_met_row_without_a_proof_is_found(self):
        self.assertTrue(self.planted('[CH-1]\nstate = "met"\n', self.OPEN))

    def test_a_partly_met_row_says_what_is_missing(self):
        partly = self.MET.replace("met", "partly")
        self.assertTrue(self.planted(partly, self.OPEN))
        self.assertEqual([], self.planted(partly + 'missing = "the rest"\n', self.OPEN))

    def test_a_met_row_with_something_missing_is_found(self):
        self.assertTrue(self.planted(self.MET + 'missing = "the rest"\n', self.OPEN))


if __name__ == "__main__":
    unittest.main()
