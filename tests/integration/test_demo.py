"""The demo where something is in its way: another demo, another program on its port, an ssh-agent
that its user may not look into."""

import os
import pathlib
import shutil
import socket
import subprocess
import unittest

from harness import folder
from harness.process import BUILD, alive
from harness.wait import patiently, until

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOBODY = 65534
AT_ONCE_S = 20  # what a taken port may take to be said; the demo would wait for a minute


class Demo(unittest.TestCase):
    def setUp(self):
        # The path is as short as the demo's own, and where PostgreSQL's user comes.
        self.folder = folder.make("rapd-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.folder.chmod(0o755)
        self.state = self.folder / "state"

    def begin(self, verb, *, script=ROOT / "tools" / "demo.sh", prefix=()):
        return subprocess.Popen(
            [*prefix, script, verb], text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "RAP_DEMO_STATE": str(self.state), "HOME": str(self.folder),
                 "RAP_DEMO_BUILD": str(BUILD.resolve())})

    def said(self, running, timeout):
        with running:
            return running.communicate(timeout=patiently(timeout))[0]

    def run_to_its_end(self, verb, **how):
        running = self.begin(verb, **how)
        said = self.said(running, 30)
        self.assertEqual(0, running.returncode, said)

    def test_two_at_once_take_turns_and_a_taken_port_is_named_at_once(self):
        self.addCleanup(self.run_to_its_end, "reset")
        first, second = self.begin("up"), self.begin("up")
        texts = [self.said(each, 120) for each in (first, second)]
        self.assertEqual([0, 0], [first.returncode, second.returncode], texts)
        for text in texts:
            self.assertTrue(text.endswith("demo ok\n"), text)
        waited = ["another 'make demo' is at work here" in text for text in texts]
        self.assertEqual([False, True], sorted(waited))
        self.run_to_its_end("stop")

        port = int((self.state / "run" / "api.port").read_text())
        with socket.create_server(("127.0.0.1", port)):
            refused = self.begin("up")
            text = self.said(refused, AT_ONCE_S)
        self.assertEqual(1, refused.returncode, text)
        self.assertIn(f"another program has port {port} of 127.0.0.1", text)

    def test_an_ssh_agent_is_ended_by_a_user_who_may_not_look_into_it(self):
        as_user = []
        if os.geteuid() == 0:
            as_user = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY),
                       "--clear-groups", "--"]
            os.chown(self.folder, NOBODY, NOBODY)
        script = self.folder / "tools" / "demo.sh"  # the checkout may lie where nobody comes
        script.parent.mkdir()
        shutil.copy(ROOT / "tools" / "demo.sh", script)
        self.run_to_its_end("stop", script=script, prefix=as_user)
        agent = subprocess.Popen(
            [*as_user, "ssh-agent", "-D", "-a", self.state / "ssh-agent.sock"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.addCleanup(agent.wait, patiently(10))
        self.addCleanup(agent.kill)
        until((self.state / "ssh-agent.sock").exists, "the agent to listen")
        self.assertTrue(alive(agent.pid))
        self.run_to_its_end("reset", script=script, prefix=as_user)
        until(lambda: not alive(agent.pid), "the agent to end")
        self.assertFalse(self.state.exists())


if __name__ == "__main__":
    unittest.main()
