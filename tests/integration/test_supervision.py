"""The node-agent and rap-fabric are separate programs: neither's failure spreads."""

import json
import os
import signal
import stat
import time
import unittest

from harness.case import SERVES_WITHIN_S, FabricCase
from harness.process import BIN
from harness.wait import assert_within, until

BACK_WITHIN_S = 1.0


class Supervision(FabricCase):
    def setUp(self):
        self.world.wait_settled()

    def assert_is_back_within_a_second(self, node):
        def killed():
            old = node.fabric_pid()
            os.kill(old, signal.SIGKILL)
            began = time.monotonic()
            node.wait_fabric(but_not=old)
            return time.monotonic() - began
        assert_within(BACK_WITHIN_S, BIN / "rap-fabric", killed)

    def test_killing_an_agent_does_not_disturb_traffic(self):
        stream = self.live_stream()
        for name, node in self.world.nodes.items():
            with self.subTest(name):
                fabric = node.fabric_pid()
                node.agent.kill()
                stream.round_trip(f"while the agent of {name} is dead".encode())
                node.start()
                until(lambda node=node: node.logged("fabric.adopted", node.agent.log()),
                      f"the new agent of {name} to adopt the running fabric")
                self.assertEqual(fabric, node.fabric_pid())
                stream.round_trip(f"after the agent of {name} came back".encode())
        self.world.wait_settled()

    def test_stopping_an_agent_in_order_leaves_the_fabric_running(self):
        stream = self.live_stream()
        node = self.world.nodes["relay-1"]
        fabric = node.fabric_pid()
        node.agent.stop()
        stream.round_trip(b"without an agent")
        node.start()
        until(lambda: node.logged("fabric.adopted", node.agent.log()), "the fabric to be adopted")
        self.assertEqual(fabric, node.fabric_pid())

    def test_a_killed_fabric_is_back_within_a_second(self):
        for name, node in self.world.nodes.items():
            with self.subTest(name):
                self.assert_is_back_within_a_second(node)
        # What the nodes report may still be of the old channels: ask the path itself.
        until(self.works, "a path through the new ones", SERVES_WITHIN_S)

    def test_a_fabric_killed_under_a_restarted_agent_is_back_within_a_second(self):
        """Then the fabric is not the agent's child; it must notice all the same."""
        node = self.world.nodes["entry-1"]
        adoptions = len(node.logged("fabric.adopted", node.agent.log()))
        node.agent.kill()
        node.start()
        until(lambda: len(node.logged("fabric.adopted", node.agent.log())) > adoptions,
              "the fabric to be adopted")
        self.assert_is_back_within_a_second(node)
        self.world.wait_settled()

    def test_a_node_starts_from_its_stored_configuration_while_control_is_away(self):
        node = self.world.nodes["egress-1"]
        degraded = lambda: [e for e in node.logged("channel.state") if e["to"] == "degraded"]
        before = len(degraded())
        os.kill(self.world.control.process.pid, signal.SIGSTOP)
        try:
            node.agent.kill()
            old = node.fabric_pid()
            os.kill(old, signal.SIGKILL)
            node.start()
            node.wait_fabric(but_not=old)
            until(lambda: len(degraded()) > before, "a channel without control")
        finally:
            os.kill(self.world.control.process.pid, signal.SIGCONT)
        self.world.wait_settled()

    def test_a_node_remembers_where_it_reached_its_peers(self):
        entry, relay = self.world.nodes["entry-1"], self.world.nodes["relay-1"]
        file = entry.state / "cache" / "peers.json"
        until(lambda: file.exists() and json.loads(file.read_text())["peers"],
              "the entry to remember its relay")
        [peer] = json.loads(file.read_text())["peers"]
        self.assertEqual(relay.node_id, peer["node"])
        self.assertEqual(0o600, stat.S_IMODE(file.stat().st_mode))
        self.fabric_starts_again(entry, "peer_cache.loaded")
        file.write_text("cut short")
        self.fabric_starts_again(entry, "peer_cache.dropped")  # and goes on without

    def test_a_hangup_and_a_log_that_was_taken_away_end_no_traffic(self):
        stream = self.live_stream()
        nodes = self.world.nodes
        for node in nodes.values():
            os.rename(node.state / "fabric.log", node.state / "taken.log")
            os.kill(node.fabric_pid(), signal.SIGHUP)
            os.kill(node.agent.pid, signal.SIGHUP)
        os.kill(self.world.control.process.pid, signal.SIGHUP)
        stream.round_trip(b"after the hangup")
        self.live_stream()  # the control plane too goes on
        os.kill(nodes["relay-1"].fabric_pid(), signal.SIGKILL)
        for name in ("entry-1", "egress-1"):
            until(lambda name=name: nodes[name].logged("channel.state"),
                  f"{name} to begin a new log and tell of its neighbour's end")
        self.world.wait_settled()

    def test_no_daemon_can_gain_privileges(self):
        pids = [self.world.control.process.pid]
        for node in self.world.nodes.values():
            pids += [node.agent.pid, node.fabric_pid()]
        for pid in pids:
            with open(f"/proc/{pid}/status", encoding="ascii") as status:
                self.assertIn("NoNewPrivs:\t1\n", status.read())

    def test_no_daemon_leaves_its_keys_in_a_core_file(self):
        pids = [self.world.control.process.pid]
        for node in self.world.nodes.values():
            pids += [node.agent.pid, node.fabric_pid()]
        for pid in pids:
            with open(f"/proc/{pid}/limits", encoding="ascii") as limits:
                self.assertRegex(limits.read(), r"Max core file size +1 +1 +bytes")

    def fabric_starts_again(self, node, event):
        """While the control plane is away, and says `event`."""
        reached = lambda: [e for e in node.logged("channel.state") if e["to"] == "established"]
        said, before = len(node.logged(event)), len(reached())
        os.kill(self.world.control.process.pid, signal.SIGSTOP)
        try:
            os.kill(node.fabric_pid(), signal.SIGKILL)
            until(lambda: len(node.logged(event)) > said and len(reached()) > before,
                  lambda: node.fabric_log()[-2000:])
        finally:
            os.kill(self.world.control.process.pid, signal.SIGCONT)


if __name__ == "__main__":
    unittest.main()
