"""Bad days of a node: its clock is off, it is copied with its state directory, disabled and enabled
again, moved to another address, and away for longer than its certificate lives."""

import shutil
import socket
import unittest

from harness import clock
from harness.addresses import free_port
from harness.case import FabricCase
from harness.node import Node
from harness.process import BIN, Process
from harness.wait import until

NOTICED_WITHIN_S = 60
BACK_WITHIN_S = 30


class NodeBadDays(FabricCase):
    def listed(self, name):
        return next(n for n in self.owner.get("nodes")["items"] if n["name"] == name)

    def notices(self, name):
        return [notice["code"] for notice in self.listed(name)["notices"]]

    def audited(self, action):
        return [e for e in self.owner.get("audit")["items"] if e["action"] == action]

    def restart(self, node, **how):
        """The agent and its fabric anew, as after a reboot."""
        node.stop()
        node.start(**how)
        return node

    def test_a_clock_that_is_seconds_off_is_tolerated_and_shown(self):
        entry = self.world.nodes["entry-1"]
        self.addCleanup(self.world.wait_settled)
        self.addCleanup(self.restart, entry)
        for offset, skew in (("-25s", -25), ("+25s", 25)):
            self.restart(entry, env=clock.off_by(offset))
            until(lambda: abs(self.listed("entry-1").get("clock_skew_s", 0) - skew) <= 2,
                  f"the clock to be shown {offset}", BACK_WITHIN_S)
            self.world.wait_settled()
            # A fabric refuses what was issued before its start, by its own clock.
            until(lambda: self.world.person().run("proxy", "echo", text_in="").returncode == 0,
                  f"a session through a node whose clock is {offset}", NOTICED_WITHIN_S)
            self.assertEqual(["clock_off"], self.notices("entry-1"))
            self.assertTrue(entry.logged("clock.skewed", entry.agent.log()))
            shown = self.world.platform_owner().ok("admin", "nodes", "list")
            self.assertIn("entry-1: Its clock is", shown)
        self.assertEqual(1, self.owner.metrics()['rap_node_notices{code="clock_off"}'])

    def test_a_clock_that_is_minutes_off_is_named_as_the_nodes(self):
        entry = self.world.nodes["entry-1"]
        self.addCleanup(self.world.wait_settled)
        self.addCleanup(self.restart, entry)
        self.restart(entry, env=clock.off_by("-65s"))
        until(lambda: self.notices("entry-1") == ["clock_off"], "the clock to be shown",
              BACK_WITHIN_S)
        self.world.wait_settled()
        said = until(lambda: (done := self.world.person().run("proxy", "echo", text_in=""))
                     .returncode and "token_expired" in done.stderr and done.stderr,
                     "the client to be told whose clock it is", BACK_WITHIN_S)
        self.assertIn("that node's clock is wrong, and not this machine's", said)

    def test_a_copy_of_a_node_is_kept_out_and_said(self):
        world = self.world
        original = world.nodes["egress-1"]
        copy = Node(world.folder, "egress-1b", world.hosts.address("egress-1"))
        shutil.copytree(original.state, copy.state,
                        ignore=shutil.ignore_patterns("*.lock", "*.pid", "*.sock"))
        self.addCleanup(copy.stop)
        # Its certificate names the same hosts; only where it listens is its own.
        command = [BIN / "rap-node-agent", "--state", copy.state,
                   "--data-plane-listen", f"{copy.address}:{free_port(copy.address)}",
                   "--data-plane-advertise", f"{original.address}:{original.ports['data']}",
                   "--fabric-listen", f"{copy.address}:{free_port(copy.address)}",
                   "--fabric-advertise", f"{original.address}:{original.ports['fabric']}",
                   "--fabric-bin", BIN / "rap-fabric", "--checkin-interval-ms", "200"]
        copy.agent = Process(command, copy.folder / "agent.log")
        until(lambda: self.audited("node.copied"), "the copy to be noticed", NOTICED_WITHIN_S)
        self.assertEqual("egress-1", self.audited("node.copied")[0]["target"]["name"])
        self.assertEqual(["copied"], self.notices("egress-1"))
        until(lambda: copy.logged("node.held", copy.agent.log()) and not copy.fabric_pid(),
              "the copy to stop its fabric", BACK_WITHIN_S)
        self.world.wait_settled()
        until(self.works, "a path without the copy", BACK_WITHIN_S)
        for _ in range(5):
            self.serves()
        relay = world.nodes["relay-1"]
        before = len(relay.fabric_log().splitlines())
        self.serves()
        self.assertLess(len(relay.fabric_log().splitlines()) - before, 50, "no flood in the log")
        copy.stop()

    def test_a_listener_that_cannot_be_opened_is_said_until_it_is(self):
        relay = self.world.nodes["relay-1"]
        self.addCleanup(self.world.wait_settled)
        relay.stop()
        with socket.create_server((relay.address, relay.ports["fabric"])):
            relay.start()
            until(lambda: self.notices("relay-1") == ["listener_failed"], "the owner to be told",
                  NOTICED_WITHIN_S)
            shown = self.world.platform_owner().ok("admin", "nodes", "list")
            self.assertIn(f"{relay.address}:{relay.ports['fabric']}: another program has that port",
                          shown)
            self.assertEqual(1, self.owner.metrics()['rap_node_notices{code="listener_failed"}'])
        self.world.wait_settled()
        until(lambda: not self.notices("relay-1"), "the notice to go by itself", BACK_WITHIN_S)
        self.assertEqual("listener_failed",
                         self.audited("node.notice_began")[0]["detail"]["notice"])
        failures = relay.logged("listener.failed")
        self.assertEqual(1, len(failures), "said once, and not every second")

    def test_a_disabled_node_is_enabled_and_recovers_by_itself(self):
        owner = self.world.platform_owner()
        owner.ok("admin", "nodes", "disable", "relay-1")
        until(lambda: not self.world.links(), "the node to be out", BACK_WITHIN_S)
        owner.ok("admin", "nodes", "enable", "relay-1")
        until(self.works, "the node to recover", NOTICED_WITHIN_S)

    def test_a_node_that_moved_says_so_and_comes_back_in_one_step(self):
        relay = self.world.nodes["relay-1"]
        relay.stop()
        until(lambda: not self.world.links(), "the others to say that it is gone", BACK_WITHIN_S)
        relay.ports["fabric"] = free_port(relay.address)
        relay.start()
        until(lambda: not relay.agent.running, "the agent to refuse", BACK_WITHIN_S)
        said = relay.logged("agent.failed", relay.agent.log())[-1]["detail"]
        self.assertIn("rap admin nodes readmit " + relay.node_id, said)

        owner = self.world.platform_owner()
        token = owner.ok("admin", "nodes", "readmit", relay.node_id).strip()
        relay.start(token)
        pending = until(lambda: self.owner.get("enrolments?state=pending")["items"],
                        "the enrolment", BACK_WITHIN_S)
        self.assertEqual(f"{relay.address}:{relay.ports['fabric']}",
                         pending[0]["fabric_advertise"])
        owner.ok("admin", "enrolments", "approve", "relay-1")
        until(lambda: self.listed("relay-1")["fabric_advertise"].endswith(
            str(relay.ports["fabric"])), "the new address", BACK_WITHIN_S)
        until(self.works, "the node to be back", NOTICED_WITHIN_S)
        self.assertEqual(["relay"], self.listed("relay-1")["roles"])

    def test_an_expired_certificate_is_named_and_the_way_back(self):
        egress = self.world.nodes["egress-1"]
        self.addCleanup(self.world.wait_settled)
        self.addCleanup(self.restart, egress)
        self.restart(egress, env=clock.off_by("+100d"))
        until(lambda: not egress.agent.running, "the agent to refuse", BACK_WITHIN_S)
        said = egress.logged("agent.failed", egress.agent.log())[-1]["detail"]
        self.assertIn("The certificate of this node expired on", said)
        self.assertIn("rap admin nodes readmit " + egress.node_id, said)


if __name__ == "__main__":
    unittest.main()
