"""The event channel: a change reaches every node at once, though they ask once a minute."""

import unittest

from harness.case import FabricCase
from harness.events import EventStream
from harness.wait import until

SELDOM_MS = 60_000
AT_ONCE_S = 2.0


def ask_seldom(node):
    """The agent anew, and from then on only hints are quick."""
    node.agent.stop()
    node.checkin_interval_ms = SELDOM_MS
    node.start()


def opened(node):
    return len(node.logged("events.open", node.agent.log()))


class EventChannel(FabricCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for node in cls.world.nodes.values():
            ask_seldom(node)
        cls.wait_for_streams(cls.world.nodes.values(), {})

    @classmethod
    def wait_for_streams(cls, nodes, before):
        for node in nodes:
            until(lambda n=node: opened(n) > before.get(n.name, 0),
                  f"the event channel of {node.name}", 20)

    def setUp(self):
        until(self.all_configured, "the nodes to have settled", 15)

    def all_configured(self):
        nodes = [n for n in self.owner.get("nodes")["items"] if n["state"] == "approved"]
        return all(n["config_version"] == n["wanted_config_version"] for n in nodes)

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

    def test_hints_say_what_to_pull_and_nothing_more(self):
        entry = self.world.nodes["entry-1"]
        entry.agent.stop()  # or it would take the stream back
        self.addCleanup(ask_seldom, entry)
        stream = EventStream(self.world.control, entry)
        self.addCleanup(stream.close)
        self.assertEqual(200, stream.status)
        self.assertIn(b"text/event-stream", stream.head)
        self.world.add_resource("hinted", "127.0.0.1", 9, grant=False)
        self.assertTrue(stream.wait_for(b"event: config.pending\ndata: \n\n"), stream.received)
        self.assertNotIn(b"hinted", stream.received)

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
        session = user.post("sessions", resource="ended")["session"]["id"]
        user.delete(f"sessions/{session}")
        until(lambda: self.commands(egress) > before, "the command", AT_ONCE_S)

    def test_streams_come_back_after_the_control_plane_was_away(self):
        nodes = [n for n in self.world.nodes.values() if n.name.endswith("-1")]
        before = {n.name: opened(n) for n in nodes}
        self.world.control.process.stop()
        self.world.control.serve()
        type(self).owner = self.world.owner = self.world.control.owner()
        self.wait_for_streams(nodes, before)
        until(self.all_configured, "the nodes to have settled", 15)
        self.assert_a_change_is_applied_at_once("after-restart")

    def test_a_revoked_node_loses_its_stream_and_gets_no_other(self):
        node = self.world.add_member("egress-2", ["egress"])
        ask_seldom(node)
        self.wait_for_streams([node], {node.name: opened(node)})
        self.owner.post("nodes/egress-2/revoke")
        until(lambda: node.logged("events.away", node.agent.log()), "its stream to end", AT_ONCE_S)
        stream = EventStream(self.world.control, node)
        self.addCleanup(stream.close)
        self.assertEqual(403, stream.status)
        self.assertTrue(stream.wait_for(b"certificate_revoked"), stream.received)


if __name__ == "__main__":
    unittest.main()
