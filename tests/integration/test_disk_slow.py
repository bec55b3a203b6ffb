"""A disk that takes two seconds for whatever is to be safe on it: said to the owner, and it holds
nobody's traffic, for the data plane waits for no disk."""

import time
import unittest

from harness.case import FabricCase
from harness.disk import SlowDisk
from harness.process import BIN
from harness.wait import assert_within, until

SLOW_MS = 2100  # an agent calls a disk slow from two seconds on
ECHO_WITHIN_S = 1.0


class DiskSlow(FabricCase):
    def notices(self):
        return [notice["code"] for node in self.owner.get("nodes")["items"]
                if node["name"] == "egress-1" for notice in node["notices"]]

    def test_a_slow_disk_is_said_and_holds_no_traffic(self):
        node = self.world.nodes["egress-1"]
        disk = SlowDisk(node.folder)
        node.stop()
        node.start(env=disk.environment)
        self.world.wait_settled()
        stream = self.live_stream()
        stored = node.state / "config" / "node_config.dsse"
        before = stored.read_bytes()

        disk.takes(SLOW_MS)
        self.world.add_resource("new-while-slow", "127.0.0.1", 1)

        def echo():
            began = time.monotonic()
            stream.round_trip(b"while the disk is slow")
            return time.monotonic() - began
        while stored.read_bytes() == before:
            assert_within(ECHO_WITHIN_S, BIN / "rap-fabric", echo)
        until(self.works, "new flows while it is slow", 30)
        until(lambda: self.notices() == ["disk_failing"], "the owner to be told", 60)

        disk.takes(0)
        until(lambda: not self.notices(), "the notice to go by itself", 60)
        self.world.wait_settled()
        stream.round_trip(b"after it was quick again")


if __name__ == "__main__":
    unittest.main()
