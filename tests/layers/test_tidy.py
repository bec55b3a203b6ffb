"""House rules that a formatter does not know."""

import re
import unittest

import sources

MAX_COLUMNS = 100
MAX_TABLE_COLUMNS = 160  # between clang-format off and on: a table is read as a whole
MAX_LINES = 500
TEXT = ("*.hpp", "*.cpp", "*.c", "*.py", "*.sh", "*.sql", "Makefile", "*CMakeLists.txt", "*.cmake",
        ".ci/*")
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
# A comment is a sentence with a subject; what begins so has none, or hides it.
COMMENT = re.compile(r"^\s*(?://|#)(?: (\w*)|$)")
SUBJECTLESS = ("Of", "To", "By", "As", "From", "Under", "Without", "Towards", "Like", "Per", "Into",
               "And")


def subjectless(path, lines):
    """Comments that begin with a preposition; the lines after the first of one go on with it."""
    if path.suffix not in (".hpp", ".cpp", ".c", ".py"):
        return []
    words = [match[1] or "" if (match := COMMENT.match(line)) else None for line in lines]
    return [f"{path}:{number}: a comment without a subject: {line.strip()}"
            for number, (before, word, line) in enumerate(zip([None, *words], words, lines), 1)
            if before is None and word in SUBJECTLESS]


PROGRAM_FILES = {"main.cpp", "options.cpp", "options.hpp"}


def faults(path, text):
    found = []
    if path.parts[0] == "apps" and path.name not in PROGRAM_FILES:
        found.append(f"{path}: a program is its options and main; the rest has a room in src")
    lines = text.split("\n")
    if lines[-1] != "":
        found.append(f"{path}: the last line has no newline")
    if len(lines) > MAX_LINES + 1:
        found.append(f"{path}: {len(lines) - 1} lines; more than one concept in it?")
    in_table = False
    for number, line in enumerate(lines, 1):
        if "// clang-format o" in line:
            in_table = line.endswith("off")
        if len(line) > (MAX_TABLE_COLUMNS if in_table else MAX_COLUMNS) and "://" not in line:
            found.append(f"{path}:{number}: {len(line)} columns")
        if line != line.rstrip():
            found.append(f"{path}:{number}: blanks at the end of the line")
        if UNFINISHED.search(line):
            found.append(f"{path}:{number}: unfinished work belongs in an issue: {line.strip()}")
    found += subjectless(path, lines)
    if path.suffix == ".hpp":
        if not lines[0].startswith("//"):
            found.append(f"{path}: a header starts by saying what it is")
        if "#pragma once" not in lines:
            found.append(f"{path}: no #pragma once")
    return found


class Tidy(unittest.TestCase):
    def test_every_file_keeps_the_house_rules(self):
        files = sources.files(*TEXT)
        self.assertGreater(len(files), 20)
        self.assertEqual([], [fault for f in files for fault in faults(f, sources.read(f))])


class TheRules(unittest.TestCase):
    """Planted faults are found."""

    def planted(self, text, name="src/base/x.hpp"):
        return faults(sources.pathlib.PurePosixPath(name), text)

    def test_a_good_header_passes(self):
        self.assertEqual([], self.planted("// What it is.\n#pragma once\n"))

    def test_limits_hold_at_the_limit_and_just_past_it(self):
        head = "// What it is.\n#pragma once\n"
        self.assertEqual([], self.planted(head + "x" * MAX_COLUMNS + "\n"))
        self.assertTrue(self.planted(head + "x" * (MAX_COLUMNS + 1) + "\n"))
        table = head + "// clang-format off\n" + "x" * MAX_TABLE_COLUMNS + "\n// clang-format on\n"
        self.assertEqual([], self.planted(table))
        self.assertTrue(self.planted(table + "x" * (MAX_COLUMNS + 1) + "\n"))
        self.assertEqual([], self.planted(head + "\n" * (MAX_LINES - 2)))
        self.assertTrue(self.planted(head + "\n" * (MAX_LINES - 1)))

    def test_a_header_without_its_first_sentence_is_found(self):
        self.assertTrue(self.planted("#pragma once\n"))

    def test_a_room_in_a_program_is_found(self):
        self.assertEqual([], self.planted("int x;\n", "apps/rap/main.cpp"))
        self.assertTrue(self.planted("int x;\n", "apps/rap/attic.cpp"))

    def test_a_comment_without_a_subject_is_found(self):
        head = "// What it is.\n#pragma once\n"
        self.assertTrue(self.planted(head + "// Of one node.\n"))
        self.assertTrue(self.planted("x = 1\n# By name.\n", "tests/x.py"))
        self.assertEqual([], self.planted(head + "// The bytes\n// Of one node.\n"))

    def test_unfinished_work_is_found(self):
        self.assertTrue(self.planted("// What.\n#pragma once\n// TO" "DO: more\n"))


if __name__ == "__main__":
    unittest.main()
