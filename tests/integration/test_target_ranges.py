"""What an egress opens: the addresses that a name leads to are judged when they are known."""

import os
import pathlib
import tempfile
import unittest

from harness.api import ApiError
from harness.case import FabricCase
from harness.node import MeasuredNode
from harness.rap import DENIED
from harness.wait import until


class TargetRanges(FabricCase):
    MAKE_NODE = MeasuredNode

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.hosts_file = pathlib.Path(folder.name) / "hosts"
        cls.hosts_file.touch()
        os.environ["CARES_HOSTS"] = str(cls.hosts_file)
        cls.addClassCleanup(os.environ.pop, "CARES_HOSTS")
        super().setUpClass()
        echo = cls.world.echo
        cls.hosts_file.write_text(
            f"169.254.169.254 meta.test\n::ffff:169.254.169.254 mapped.test\nfe80::1 link.test\n"
            f"{echo.address} echo.test\n{cls.world.nodes['egress-1'].address} own.test\n"
            f"::1 six.test\n169.254.169.254 mixed.test\n{echo.address} mixed.test\n")
        for name in ("meta", "mapped", "link", "echo", "six", "mixed"):
            cls.world.add_resource(f"{name}-name", f"{name}.test", echo.port)
        for port in ("data", "fabric", "agent_metrics"):
            cls.world.add_resource(f"own-{port.replace('_', '-')}", "own.test",
                                   cls.world.nodes["egress-1"].ports[port])
        cls.world.add_resource("control", "own.test", cls.world.control.ports["api"])
        cls.world.wait_settled()
        cls.user = cls.world.user()

    def test_a_name_that_leads_to_what_is_denied_is_not_opened(self):
        for name in ("meta-name", "mapped-name", "link-name", "six-name"):
            self.assertEqual("target_denied", self.request_flow(name)[1], name)

    def test_a_name_that_leads_to_what_is_allowed_is_opened(self):
        for name in ("echo-name", "mixed-name"):
            plane, refusal = self.request_flow(name)
            self.assertIsNone(refusal, name)
            self.assertEqual(b"through", plane.echo(b"through"))

    def test_the_nodes_own_listeners_and_the_control_planes_are_never_targets(self):
        for name in ("own-data", "own-fabric", "own-agent-metrics", "control"):
            self.assertEqual("target_denied", self.request_flow(name)[1], name)

    def test_the_person_is_told_what_to_do_and_the_owner_who_it_was(self):
        done = self.world.person().run("proxy", "meta-name")
        self.assertEqual(DENIED, done.returncode, done.stderr)
        self.assertIn("target_denied", done.stderr)
        self.assertIn("egress_target_ranges", done.stderr)
        log = self.world.nodes["egress-1"].fabric_log
        until(lambda: "target.denied" in log() and "169.254.169.254" in log(), "the log's line")

    def test_an_address_that_is_denied_is_refused_when_it_is_written_down(self):
        for host in ("169.254.169.254", "::1", "0xA9FEA9FE", "::ffff:169.254.169.254", "127.1"):
            with self.assertRaises(ApiError) as refused:
                self.world.add_resource("literal", host, 80, grant=False)
            self.assertIn("'host'", str(refused.exception), host)

    def test_a_range_that_is_denied_from_now_on_ends_what_is_open(self):
        plane, refusal = self.request_flow("echo")
        self.assertIsNone(refusal)
        owner, before = self.world.owner, {"allow": ["127.0.0.0/8", self.world.echo.address]}
        self.addCleanup(owner.put, "configs/egress_target_ranges", value=before)
        owner.put("configs/egress_target_ranges", value={})
        self.assertEqual("target_denied", plane.over())
        until(lambda: self.request_flow("echo")[1] == "target_denied", "the denial")


if __name__ == "__main__":
    unittest.main()
