"""The event channel: a change reaches every node at once, though they ask once a minute."""

import unittest

from harness.case import FabricCase
from harness.events import EventStream
from harness.wait import until

SELDOM_MS = 60_000
AT_ONCE_S = 20  # far from the minute without a hint; bench/revocation.py measures how quick it is


def opened(node):
    return len(node.logged("events.open", node.agent.log()))


def ask_seldom(node):
    """The agent anew, with its stream, and from then on only hints are quick."""
    node.agent.stop()
    before = opened(node)
    node.checkin_interval_ms = SELDOM_MS
    node.start()
    until(lambda: opened(node) > before, f"the event channel of {node.name}", 20)


class EventChannel(FabricCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for node in cls.world.nodes.values():
            ask_seldom(node)

    def setUp(self):
        until(self.all_configured, "the nodes to have settled", 15)

    def all_configured(self):
        return all(n["config_version"] == n["wanted_config_version"]
                   for n in self.owner.get("nodes")["items"] if n["state"] == "approved")

    @staticmethod
    def commands(node):
        return len(node.logged("command.received", node.agent.log()))

    def assert_a_change_is_applied_at_once(self, name):
        self.world.add_resource(name, "127.0.0.1", 9, grant=False)
        until(self.all_configured, lambda: f"every node to apply it: {self.owner.get('nodes')}",
              AT_ONCE_S)

    def test_a_change_is_applied_by_every_node_at_once(self):
        for i in range(3):
            self.assert_a_change_is_applied_at_once(f"new-{i}")

    def test_what_its_listeners_count_is_a_metric(self):
        before = self.owner.metrics()
        self.assertGreaterEqual(before["rap_control_event_streams"], 3)
        self.assertEqual(
            0, before['rap_control_requests_waiting{listener="node",executor="node.acks"}'])
        entry = self.world.nodes["entry-1"]
        entry.agent.stop()
        self.addCleanup(ask_seldom, entry)
        streams = "rap_control_event_streams_opened_total"
        for _ in range(2):
            self.addCleanup(EventStream(self.world.control, entry).close)
        after = self.owner.metrics()
        self.assertEqual(2, after[streams] - before[streams])
        replaced = "rap_control_event_streams_replaced_total"
        self.assertEqual(1, after[replaced] - before[replaced])
        proven = 'rap_control_handshakes_completed_total{listener="node"}'
        self.assertGreaterEqual(after[proven] - before[proven], 2)

    def test_an_increment_comes_with_the_hint_and_says_what_the_node_may_know(self):
        entry = self.world.nodes["entry-1"]
        entry.agent.stop()  # or it would take the stream back
        self.addCleanup(ask_seldom, entry)
        stream = EventStream(self.world.control, entry)
        self.addCleanup(stream.close)
        self.assertEqual(200, stream.status)
        self.assertIn(b"text/event-stream", stream.head)
        self.world.add_resource("hinted", "127.0.0.1", 9, grant=False)
        self.assertTrue(stream.wait_for(b"event: config.pending\ndata: {"), stream.received)
        self.assertTrue(stream.wait_for(b"}\n\n"), stream.received)
        self.assertIn(b'"increment"', stream.received)
        self.assertNotIn(b"hinted", stream.received, "an entry knows no resources")

    def test_a_second_stream_takes_the_place_of_the_first(self):
        entry = self.world.nodes["entry-1"]
        before = opened(entry)
        stream = EventStream(self.world.control, entry)
        self.addCleanup(stream.close)
        until(lambda: opened(entry) > before, "the agent to have its stream back", 15)
        stream.read_to_end()
        self.assert_a_change_is_applied_at_once("after-eviction")

    def test_nobody_gets_the_stream_of_another_node(self):
        entry, relay = self.world.nodes["entry-1"], self.world.nodes["relay-1"]
        stolen = type("Thief", (), {"state": entry.state, "node_id": relay.node_id})
        stream = EventStream(self.world.control, stolen)
        self.addCleanup(stream.close)
        self.assertEqual(403, stream.status)

    def test_a_command_arrives_at_once(self):
        self.world.add_resource("ended", "127.0.0.1", 9)
        egress = self.world.nodes["egress-1"]
        until(self.all_configured, "the nodes to know of it")
        user = self.world.user()
        before = self.commands(egress)
        session = user.start_session("ended")["session"]["id"]
        user.delete(f"sessions/{session}")
        until(lambda: self.commands(egress) > before, "the command", AT_ONCE_S)

    def test_streams_come_back_after_the_control_plane_was_away(self):
        nodes = [n for n in self.world.nodes.values() if n.name.endswith("-1")]
        before = {n.name: opened(n) for n in nodes}
        self.world.control.process.stop()
        self.world.control.serve()
        type(self).owner = self.world.owner = self.world.control.owner()
        for node in nodes:
            until(lambda n=node: opened(n) > before[n.name], f"the stream of {node.name}", 20)
        until(self.all_configured, "the nodes to have settled", 15)
        self.assert_a_change_is_applied_at_once("after-restart")

    def channel_reasons(self, node):
        """Why the relay left a state of its channels with the node, in order."""
        relay = self.world.nodes["relay-1"]
        return [(e["to"], e["reason"]) for e in relay.logged("channel.state")
                if e["peer"] == node.node_id]

    def test_a_revoked_node_is_out_at_once(self):
        node = self.world.add_member("egress-2", ["egress"])
        ask_seldom(node)
        until(lambda: ("established", "") in self.channel_reasons(node), "its channel", 30)
        self.owner.post("nodes/egress-2/revoke")
        until(lambda: "certificate_revoked" in [why for _, why in self.channel_reasons(node)],
              lambda: f"its channel to end: {self.channel_reasons(node)}", AT_ONCE_S)
        until(lambda: node.logged("events.away", node.agent.log()), "its stream to end", AT_ONCE_S)
        stream = EventStream(self.world.control, node)
        self.addCleanup(stream.close)
        self.assertEqual(403, stream.status)
        self.assertTrue(stream.wait_for(b"certificate_revoked"), stream.received)


if __name__ == "__main__":
    unittest.main()
