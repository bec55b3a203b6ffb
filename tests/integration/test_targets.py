"""Targets that refuse, stay silent or do not exist: the person is told, the fabric goes on."""

import re
import socket
import subprocess
import unittest

from harness import frames
from harness.addresses import free_port
from harness.case import FabricCase
from harness.rap import UNREACHABLE
from harness.wait import patiently, until

KEEPALIVE_WITHIN_S = 45  # load balancers and NAT forget an idle connection after a minute


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
        plane.end()
        self.assertEqual(frames.FLOW_END, plane.next_of(frames.FLOW_END, frames.FLOW_CLOSE,
                                                        frames.RESET)[0])

    def test_an_idle_target_is_kept_alive_by_the_egress(self):
        """As the kernel shows it: the timer of the egress's connection to the target."""
        plane, refusal = self.request_flow("echo")
        self.assertIsNone(refusal)
        self.assertEqual(b"once", plane.echo(b"once"))
        egress = self.world.nodes["egress-1"].fabric_pid()
        left = until(lambda: self.keepalive_of(egress, self.world.echo.port),
                     "a keepalive timer of the egress's connection")
        self.assertLessEqual(left, KEEPALIVE_WITHIN_S)

    @staticmethod
    def keepalive_of(pid, port):
        """The seconds left until the next probe of the process's connection to the port."""
        shown = subprocess.run(["ss", "-Htnop", "state", "established", "dport", "=", f":{port}"],
                               check=True, capture_output=True, text=True, timeout=patiently(10))
        for line in shown.stdout.splitlines():
            timer = re.search(r"timer:\(keepalive,(\d+)(?:\.\d+)?sec", line)
            if timer and f"pid={pid}," in line:
                return int(timer[1])
        return None

    def test_other_flows_go_on_beside_a_refused_one(self):
        plane, refusal = self.request_flow("echo")
        self.assertIsNone(refusal)
        self.request_flow("refusing")
        self.assertEqual(b"unharmed", plane.echo(b"unharmed"))


if __name__ == "__main__":
    unittest.main()
