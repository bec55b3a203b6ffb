"""Revoking a node, a certificate or a key reaches the control plane at once and every other node
with its next configuration."""

import subprocess
import unittest

from harness.case import FabricCase
from harness.wait import patiently, until

ENFORCED_WITHIN_S = 1


def serial_of(node):
    text = subprocess.run(
        ["openssl", "x509", "-noout", "-serial", "-in", node.state / "identity" / "chain.pem"],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    return text.strip().removeprefix("serial=").lower()


class Revocation(FabricCase):
    def setUp(self):
        self.world.wait_settled()

    def node(self, name):
        return next(n for n in self.owner.get("nodes")["items"] if n["name"] == name)

    def status(self, serial):
        return next(c["status"] for c in self.owner.get("certificates")["items"]
                    if c["serial"] == serial)

    def linked(self, name):
        return any(name in link for link in self.world.links())

    def member(self, name):
        node = self.world.add_member(name, ["egress"])
        until(lambda: self.linked(name), f"{name} to have a channel", 30)
        return node

    def shut_out(self, node):
        return [e for e in node.logged("control.away", node.agent.log())
                if "revoked" in e["detail"]]

    def test_a_revoked_node_is_out_and_its_channels_are_closed(self):
        node = self.member("egress-2")
        serial = serial_of(node)
        self.assertEqual("revoked", self.owner.post("nodes/egress-2/revoke")["state"])
        self.assertEqual("revoked", self.status(serial))
        until(lambda: self.shut_out(node), "the node to be refused by the control plane")
        until(lambda: not self.linked("egress-2"), "its channels to be gone", 20)
        audit = [e["action"] for e in self.owner.get("audit")["items"]]
        self.assertIn("node.revoked", audit)

    def test_its_name_can_be_given_to_a_new_node(self):
        self.member("egress-3")
        self.owner.post("nodes/egress-3/revoke")
        token = self.owner.post("join-tokens", node_name="egress-3")
        self.assertTrue(token["join_token"])

    def test_a_single_certificate_is_revoked(self):
        node = self.member("egress-4")
        serial = serial_of(node)
        self.owner.post(f"certificates/{serial}/revoke", key=True)
        until(lambda: self.shut_out(node), "the node to be refused by the control plane")
        self.assertEqual("approved", self.node("egress-4")["state"])
        until(lambda: not self.linked("egress-4"), "its channels to be gone", 20)

    def test_the_command_line_revokes(self):
        node = self.member("egress-5")
        rap = self.world.platform_owner()
        serial = serial_of(node)
        self.assertIn(serial, rap.ok("admin", "certificates", "list"))
        rap.ok("admin", "certificates", "revoke", serial, "--severity", "drain")
        rap.ok("admin", "nodes", "revoke", "egress-5")
        self.assertRegex(rap.ok("admin", "nodes", "list"), r"egress-5\s+revoked")


class WithoutHaste(FabricCase):
    """The severity drain: what is under way ends by itself, and nothing new begins."""

    def channel_states(self):
        """As its neighbours see them; the control plane does not listen to it any more."""
        return {c["state"] for c in self.world.channels() if c["peer_name"] == "egress-1"}

    def test_what_a_drained_certificate_carries_goes_on_until_it_ends(self):
        self.world.wait_settled()
        stream = self.live_stream()
        serial = serial_of(self.world.nodes["egress-1"])
        self.owner.post(f"certificates/{serial}/revoke", severity="drain")
        until(lambda: "draining" in self.channel_states(), "the channel to drain")
        stream.round_trip(b"while it drains")
        stream.close()
        until(lambda: not self.channel_states() & {"draining", "established"},
              "the channel to end with its last flow", 30)


class InHasteAfterAll(FabricCase):
    """A revocation without haste is raised to one with haste."""

    @staticmethod
    def is_carried(stream):
        stream.socket.settimeout(patiently(ENFORCED_WITHIN_S))
        try:
            stream.round_trip(b"still carried")
        except TimeoutError:
            return False
        return True

    def test_what_a_drained_certificate_carries_is_cut_off_when_it_is_to_close(self):
        """No other egress has the flow: its client waits for this one."""
        self.world.wait_settled()
        stream = self.live_stream()
        serial = serial_of(self.world.nodes["egress-1"])
        self.owner.post(f"certificates/{serial}/revoke", severity="drain")
        until(lambda: "draining" in {c["state"] for c in self.world.channels()},
              "the channel to drain")
        stream.round_trip(b"while it drains")
        self.owner.post(f"certificates/{serial}/revoke", severity="close")
        until(lambda: not self.is_carried(stream), "the flow to rest", ENFORCED_WITHIN_S)


if __name__ == "__main__":
    unittest.main()
