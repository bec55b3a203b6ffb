"""A full disk under a node's state: said clearly, the old files whole, traffic goes on, and the
node catches up by itself when there is room again."""

import os
import pathlib
import unittest

from harness.case import FabricCase
from harness.disk import Disk
from harness.wait import until


@unittest.skipUnless(os.geteuid() == 0, "mounting a small disk needs root")
class DiskFull(FabricCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.node = cls.world.nodes["egress-1"]

    def setUp(self):
        Disk(self, self.node)
        self.addCleanup(self.node.stop)
        self.node.start()
        self.world.wait_settled()

    def notices(self):
        return [notice["code"] for node in self.owner.get("nodes")["items"]
                if node["name"] == "egress-1" for notice in node["notices"]]

    def fill(self):
        filler = pathlib.Path(self.node.state) / "filler"
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(65536))
            except OSError:
                pass
            try:
                while True:
                    file.write(b"x")
            except OSError:
                pass
        return filler

    def test_a_full_disk_is_said_and_survived(self):
        stream = self.live_stream()
        stored = self.node.state / "config" / "node_config.dsse"
        before = stored.read_bytes()

        filler = self.fill()
        self.world.add_resource("new-while-full", "127.0.0.1", 1)
        until(lambda: "No space left on device" in self.node.agent.log(),
              "the agent to say that its disk is full")
        until(lambda: self.notices() == ["disk_failing"], "the owner to be told", 30)
        self.assertEqual(before, stored.read_bytes(), "the old configuration is whole")
        stream.round_trip(b"while the disk is full")
        self.assertTrue(self.node.agent.running)

        filler.unlink()
        until(lambda: stored.read_bytes() != before, "the new configuration to be stored", 30)
        self.world.wait_settled()
        stream.round_trip(b"after there was room again")
        until(lambda: not self.notices(), "the notice to go by itself", 30)


if __name__ == "__main__":
    unittest.main()
