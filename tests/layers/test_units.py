"""The service units run what they start without rights, and start it as it is."""

import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ["RAP_BUILD_DIR"]) / "bin"
UNITS = sorted((ROOT / "packaging" / "systemd").glob("*.service"))
EXPOSURE = 20  # of 100, as systemd-analyze counts; it calls less than 40 OK


class Units(unittest.TestCase):
    def test_none_is_more_exposed_than_a_small_service_must_be(self):
        self.assertTrue(UNITS)
        for unit in UNITS:
            with self.subTest(unit.name):
                done = subprocess.run(
                    ["systemd-analyze", "security", "--offline=yes", "--no-pager",
                     f"--threshold={EXPOSURE}", unit], stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT, text=True, check=False)
                self.assertEqual(0, done.returncode, done.stdout)

    def test_each_gives_its_program_options_that_there_are(self):
        for unit in UNITS:
            with self.subTest(unit.name):
                command, = re.findall(r"^ExecStart=(.*)$", unit.read_text(), re.M)
                program, *words = command.split()
                program = BIN / pathlib.Path(program).name
                verbs = [word for word in words if re.fullmatch("[a-z-]+", word) and
                         not word.startswith("-")]
                known = subprocess.run([program, *verbs, "--help"], stdout=subprocess.PIPE,
                                       text=True, check=True).stdout
                for option in (word for word in words if word.startswith("--")):
                    self.assertIn(option, known)


if __name__ == "__main__":
    unittest.main()
