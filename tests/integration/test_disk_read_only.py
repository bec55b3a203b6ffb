"""A node's state directory that became read-only, as a disk does after an error: said clearly, what
is stored is whole, traffic goes on, a data plane comes back on it after a crash, and all heals when
it can be written again."""

import os
import signal
import unittest

from harness.case import FabricCase
from harness.disk import Disk
from harness.wait import until


@unittest.skipUnless(os.geteuid() == 0, "mounting a disk needs root")
class DiskReadOnly(FabricCase):
    def setUp(self):
        self.node = self.world.nodes["egress-1"]
        self.disk = Disk(self, self.node)
        self.addCleanup(self.node.stop)
        self.node.start()
        self.world.wait_settled()

    def notices(self):
        return [notice["code"] for node in self.owner.get("nodes")["items"]
                if node["name"] == "egress-1" for notice in node["notices"]]

    def test_a_disk_that_became_read_only_is_said_and_survived(self):
        stream = self.live_stream()
        stored = self.node.state / "config" / "node_config.dsse"
        before = stored.read_bytes()
        self.disk.turn_read_only()
        self.world.add_resource("new-while-read-only", "127.0.0.1", 1)
        until(lambda: "Read-only file system" in self.node.agent.log(), "the agent to say so")
        until(lambda: self.notices() == ["disk_failing"], "the owner to be told", 30)
        stream.round_trip(b"while the disk is read-only")

        # Who starts on such a disk: a data plane, while the agent runs, and an agent, which has to
        # wait for another one.
        os.kill(self.node.fabric_pid(), signal.SIGKILL)
        until(self.works, "a data plane that starts on it", 30)
        self.assertTrue(self.node.logged("fabric.logs_here", self.node.agent.log()))
        self.node.agent.kill()
        self.node.start()
        until(lambda: not self.node.agent.running, "the agent to give up", 30)
        self.assertEqual(1, self.node.agent.popen.returncode, "its unit starts it again")
        self.assertIn("Is the disk read-only",
                      self.node.logged("agent.failed", self.node.agent.log())[-1]["detail"])
        self.serves()
        self.assertEqual(before, stored.read_bytes(), "the old configuration is whole")

        self.disk.turn_writable()
        self.node.start()
        until(lambda: stored.read_bytes() != before, "the new configuration to be stored", 30)
        self.world.wait_settled()
        until(self.works, "a path through it", 30)
        until(lambda: not self.notices(), "the notice to go by itself", 30)


if __name__ == "__main__":
    unittest.main()
