"""What an agent says of itself: to Prometheus, and to the control plane with each check-in."""

import unittest

from harness.case import ControlCase
from harness.node import MeasuredNode
from harness.wait import until


class AgentMetrics(ControlCase):
    MAKE_NODE = MeasuredNode

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.node = cls.world.add_member("relay-1", ["relay"])

    def test_an_agent_tells_how_it_stands_with_control_plane_and_fabric(self):
        node = self.node
        until(lambda: node.metric("event_stream_up") == 1
              and node.metric("fabric_connected") == 1, "both to be there")
        self.assertEqual(1, node.metric("fabric_starts_total"))
        until(lambda: node.metric('calls_total{call="check_in",outcome="ok"}'), "a check-in")
        until(lambda: node.metric('certificate_expires_timestamp_seconds{certificate="node"}'),
              "the certificate's end")
        failed = 'calls_total{call="check_in",outcome="failed"}'
        before = node.metric(failed)
        self.world.control.process.stop()
        until(lambda: node.metric(failed) > before and node.metric("event_stream_up") == 0,
              "the loss of the control plane")
        last = node.metric("last_check_in_timestamp_seconds")
        self.assertGreater(last, 0)
        self.world.control.serve()
        until(lambda: node.metric("last_check_in_timestamp_seconds") > last, "the next check-in")

    def test_a_check_in_tells_what_both_programs_use(self):
        def said():
            told = self.owner.get("nodes")["items"][0]["metrics"]
            return told if "fabric" in told.get("resources", {}) and "rates" in told else None
        told = until(said, "figures of both")
        for program in ("agent", "fabric"):
            self.assertGreater(told["resources"][program]["resident_bytes"], 1 << 20)
        self.assertGreater(told["rates"]["calls_per_s"], 0)
        self.assertEqual({"entry": 0, "relay": 0, "egress": 0}, told["rates"]["flows_per_s"])
        self.assertEqual({"channels": 0, "clients": 0, "sessions": 0, "flows": 0},
                         told["connections"])


if __name__ == "__main__":
    unittest.main()
