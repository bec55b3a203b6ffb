"""The demo keeps its state where anybody could have put something of that name: it uses only what
is its user's own."""

import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class DemoState(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.state = self.folder / "state"

    def demo(self, verb):
        return subprocess.run([ROOT / "tools" / "demo.sh", verb], check=False, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={**os.environ, "RAP_DEMO_STATE": str(self.state)})

    def assert_refused(self):
        for verb in ("up", "stop", "reset"):
            done = self.demo(verb)
            self.assertEqual(1, done.returncode, done.stdout)
            self.assertIn("is not a directory of this user's", done.stdout)

    def test_a_directory_of_its_own_is_used(self):
        self.assertEqual(0, self.demo("stop").returncode)
        self.assertTrue(self.state.is_dir())
        self.assertEqual(0, self.demo("reset").returncode)
        self.assertFalse(self.state.exists())

    def test_a_link_is_refused_and_what_it_leads_to_left_alone(self):
        precious = self.folder / "precious" / "run" / "it.pid"
        precious.parent.mkdir(parents=True)
        precious.write_text("1")
        self.state.symlink_to(self.folder / "precious")
        self.assert_refused()
        self.assertTrue(precious.exists())

    def test_a_directory_that_others_can_write_to_is_refused(self):
        self.state.mkdir()
        self.state.chmod(0o777)
        self.assert_refused()

    def test_a_directory_of_another_user_is_refused(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to make one")
        self.state.mkdir(mode=0o755)
        os.chown(self.state, 65534, 65534)
        self.assert_refused()


if __name__ == "__main__":
    unittest.main()
