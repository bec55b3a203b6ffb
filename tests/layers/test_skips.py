"""A skipped test is never reported as passed: ctest is told what a skip looks like, and that is
what unittest and gtest print of one."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import sources

PLANTED = """import unittest
class Planted(unittest.TestCase):
    def test_one(self):
        pass
    def test_other(self):
        {body}
unittest.main()
"""
GTEST = ("[ RUN      ] A.B\n[  SKIPPED ] A.B (0 ms)\n[  PASSED  ] 1 test.\n"
         "[  SKIPPED ] 1 test, listed below:\n[  SKIPPED ] A.B\n")
FAILED = "[  FAILED  ] 1 test, listed below:\n[  FAILED  ] A.C\n\n 1 FAILED TEST\n"


def skipped_expression():
    """The expression that cmake gives ctest."""
    given = re.search(r'set\(RAP_SKIPPED "(.*)"\)', sources.read("cmake/RapLayer.cmake"))[1]
    return re.compile(given.replace("\\\\", "\\"))


def printed(script, **more):
    done = subprocess.run([sys.executable, "-B", str(script), "--verbose"], text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    return done.stdout


class Skips(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.skipped = skipped_expression()

    def planted(self, body):
        script = self.folder / "planted.py"
        script.write_text(PLANTED.format(body=body))
        return printed(script)

    def test_a_skipped_test_of_unittest_is_seen(self):
        self.assertRegex(self.planted('self.skipTest("no reason")'), self.skipped)

    def test_a_passed_test_of_unittest_is_none(self):
        self.assertNotRegex(self.planted("pass"), self.skipped)

    def test_a_skipped_test_of_gtest_is_seen(self):
        self.assertRegex(GTEST, self.skipped)
        self.assertNotRegex(GTEST.replace("SKIPPED", "     OK"), self.skipped)

    def test_a_failed_test_is_none_whatever_was_skipped(self):
        self.assertNotRegex(GTEST + FAILED, self.skipped)
        one = 'self.skipTest("no reason")\n    def test_third(self):\n        self.fail("planted")'
        self.assertNotRegex(self.planted(one), self.skipped)

    def test_lab_tests_are_seen_as_skipped_where_namespaces_are_refused(self):
        refusing = self.folder / "unshare"
        refusing.write_text("#!/bin/sh\nexit 1\n")
        refusing.chmod(0o755)
        environment = {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}",
                       "PYTHONPATH": str(sources.ROOT / "tests")}
        for script in sources.files("tests/lab/test_*.py"):
            with self.subTest(script=script.name):
                self.assertRegex(printed(sources.ROOT / script, env=environment), self.skipped)


if __name__ == "__main__":
    unittest.main()
