"""Targets that refuse, stay silent or do not exist: the person is told, the fabric goes on."""

import socket
import unittest

from harness import frames
from harness.addresses import free_port
from harness.case import FabricCase
from harness.rap import UNREACHABLE


class Targets(FabricCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.add_resource("refusing", cls.world.address, free_port(cls.world.address))
        cls.world.add_resource("nameless", "no-such-host.invalid", 22)
        # A listener with a full backlog: connection attempts get no answer.
        cls.full = socket.create_server((cls.world.address, 0), backlog=0)
        cls.addClassCleanup(cls.full.close)
        cls.waiting = [socket.socket() for _ in range(4)]
        for each in cls.waiting:
            cls.addClassCleanup(each.close)
            each.setblocking(False)
            each.connect_ex(cls.full.getsockname())
        cls.world.add_resource("silent", *cls.full.getsockname())
        cls.world.wait_settled()
        cls.user = cls.world.user()

    def test_a_target_that_refuses_is_named_as_such(self):
        self.assertEqual("target_refused", self.request_flow("refusing")[1])

    def test_a_name_that_does_not_resolve_is_unreachable(self):
        self.assertEqual("target_unreachable", self.request_flow("nameless")[1])

    def test_a_target_that_does_not_answer_times_out(self):
        self.assertIn(self.request_flow("silent")[1], ("target_timeout", "setup_timeout"))

    def test_the_command_line_says_so_and_exits_with_unreachable(self):
        done = self.world.person().run("proxy", "refusing")
        self.assertEqual(UNREACHABLE, done.returncode, done.stderr)
        self.assertIn("refused", done.stderr)

    def test_a_target_that_ends_ends_the_flow_in_order(self):
        plane, refusal = self.request_flow("echo")
        self.assertIsNone(refusal)
        self.assertEqual(b"last words", plane.echo(b"last words"))
        plane.send(frames.frame(frames.FIN, 1))
        self.assertEqual(frames.FIN, plane.next_of(frames.FIN, frames.RESET)[0])

    def test_other_flows_go_on_beside_a_refused_one(self):
        plane, refusal = self.request_flow("echo")
        self.assertIsNone(refusal)
        self.request_flow("refusing")
        self.assertEqual(b"unharmed", plane.echo(b"unharmed"))


if __name__ == "__main__":
    unittest.main()
