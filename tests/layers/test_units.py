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
                verbs = [word for before, word in zip(["", *words], words)
                         if re.fullmatch("[a-z][a-z-]*", word) and not before.startswith("--")]
                known = subprocess.run([program, *verbs, "--help"], stdout=subprocess.PIPE,
                                       text=True, check=True).stdout
                for option in (word for word in words if word.startswith("--")):
                    self.assertIn(option, known)

    def test_each_is_started_again_for_as_long_as_it_fails(self):
        for unit in UNITS:
            with self.subTest(unit.name):
                settings = dict(re.findall(r"^(\w+)=(.*)$", unit.read_text(), re.M))
                self.assertIn(settings["Restart"], ("on-failure", "always"))
                self.assertEqual("0", settings["StartLimitIntervalSec"])

    def test_agent_and_data_plane_meet_at_one_socket_as_two_users(self):
        def said(unit):
            text = (ROOT / "packaging" / "systemd" / unit).read_text()
            settings = dict(re.findall(r"^(\w+)=(.*)$", text, re.M))
            options = dict(re.findall(r"(--[a-z-]+) (\S+)", settings["ExecStart"]))
            return settings, options
        agent, told = said("rap-node-agent.service")
        fabric, its = said("rap-fabric.service")
        self.assertEqual(its["--agent-socket"], told["--fabric-socket"])
        self.assertEqual((agent["User"], fabric["User"]),
                         (its["--agent-user"], told["--fabric-user"]))
        self.assertNotEqual(agent["User"], fabric["User"])
        self.assertEqual(f"/run/{agent['RuntimeDirectory']}",
                         str(pathlib.Path(told["--fabric-socket"]).parent))
        self.assertEqual(("0750", agent["Group"]),
                         (agent["RuntimeDirectoryMode"], fabric["SupplementaryGroups"]))
        # They would both be nobody to each other in user namespaces of their own.
        self.assertNotIn("PrivateUsers", {**agent, **fabric})

    def test_every_user_of_a_unit_is_made_by_the_package(self):
        made = re.findall(r"^u (\S+)", (ROOT / "packaging/sysusers.d/rap.conf").read_text(), re.M)
        users = [re.search("^User=(.*)$", unit.read_text(), re.M)[1] for unit in UNITS]
        self.assertEqual(sorted(users), sorted(made))


if __name__ == "__main__":
    unittest.main()
