"""Draining: nothing new is placed on a node; what it carries goes on until it ends or the deadline
passes."""

import unittest

from harness.api import ApiError
from harness.case import FabricCase
from harness.rap import Forward
from harness.stream import Stream
from harness.wait import until


class Drain(FabricCase):
    def setUp(self):
        self.world.wait_settled()
        self.addCleanup(self.take_part_again)

    def take_part_again(self):
        for name in self.world.nodes:
            self.owner.post(f"nodes/{name}/undrain")
        self.world.wait_settled()

    def node(self, name):
        return next(n for n in self.owner.get("nodes")["items"] if n["name"] == name)

    def stream(self):
        forward = Forward(self.world.person(), "echo")
        self.addCleanup(forward.close)
        stream = Stream(forward.address)
        self.addCleanup(stream.close)
        stream.round_trip(b"before")
        return stream, forward

    def new_session(self):
        return self.world.user().start_session("echo")

    def test_what_a_draining_egress_carries_goes_on_and_nothing_new_comes(self):
        stream, forward = self.stream()
        self.owner.post("nodes/egress-1/drain")
        until(lambda: self.world.configured(), "every node to know of the drain")
        stream.round_trip(b"while it drains")
        self.refused(503, "egress_pool_empty", self.new_session)
        self.assertTrue(self.node("egress-1")["draining"])
        stream.close()
        forward.close()
        until(lambda: self.node("egress-1")["drained"], "the egress to be drained", 20)
        self.owner.post("nodes/egress-1/undrain")
        self.assertFalse(self.node("egress-1")["draining"])
        self.new_session()

    def test_no_new_session_enters_at_a_draining_entry(self):
        self.owner.post("nodes/entry-1/drain")
        self.refused(503, "no_entry_node", self.new_session)
        self.owner.post("nodes/entry-1/undrain")
        self.new_session()

    def test_the_deadline_ends_what_is_left(self):
        stream, _ = self.stream()
        self.owner.post("nodes/egress-1/drain", deadline_s=3)
        until(lambda: self.is_dead(stream), "the flow to end when the deadline passes", 20)

    @staticmethod
    def is_dead(stream):
        try:
            stream.round_trip(b"still there?")
        except (AssertionError, OSError):
            return True
        return False

    def test_a_node_that_does_not_take_part_cannot_drain(self):
        self.owner.post("join-tokens", node_name="guest")
        with self.assertRaises(ApiError) as caught:
            self.owner.post("nodes/guest/drain")
        self.assertEqual("node_not_approved", caught.exception.code)

    def test_the_command_line_drains_and_shows_it(self):
        rap = self.world.platform_owner()
        rap.ok("admin", "nodes", "drain", "relay-1", "--deadline", "10m")
        self.assertRegex(rap.ok("admin", "nodes", "list"), r"relay-1\s+drain(ing|ed)")
        rap.ok("admin", "nodes", "undrain", "relay-1")
        self.assertRegex(rap.ok("admin", "nodes", "list"), r"relay-1\s+approved")


if __name__ == "__main__":
    unittest.main()
