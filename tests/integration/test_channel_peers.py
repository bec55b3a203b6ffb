"""Who may be a neighbour of a node. A valid certificate is necessary and never sufficient."""

import ssl
import unittest
import uuid

from harness import frames, pki
from harness.case import FabricCase
from harness.channel import Channel
from harness.world import World


class ChannelPeers(FabricCase):
    """Everything here dials the relay, which waits for its peers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.relay = cls.world.nodes["relay-1"]

    def tearDown(self):
        self.world.wait_settled()

    def dial(self, **identity):
        channel = Channel(self.relay, self.world.control.root_ca, **identity)
        self.addCleanup(channel.close)
        return channel

    def identity_of(self, node):
        folder = node.state / "identity"
        return {"certificate": folder / "chain.pem", "key": folder / "node.key"}

    def written(self, certificate, key):
        folder = self.world.folder
        (folder / "peer.crt").write_text(certificate)
        (folder / "peer.key").write_text(key)
        return {"certificate": folder / "peer.crt", "key": folder / "peer.key"}

    def hello(self, node, **more):
        ids = (uuid.UUID(self.world.cluster).bytes, uuid.UUID(node.node_id).bytes)
        return frames.frame(frames.HELLO, 0, frames.hello(*ids, **more), 0)

    def assert_no_hello(self, **identity):
        """The relay says nothing of itself to this peer."""
        try:
            channel = self.dial(**identity)
            channel.send(b"\0")
            said = channel.received_until_closed()
        except (ssl.SSLError, ConnectionError):
            said = []
        self.assertEqual([], said)

    def test_a_peer_without_a_certificate_is_refused(self):
        self.assert_no_hello()

    def test_a_certificate_of_another_authority_is_refused(self):
        entry = self.world.nodes["entry-1"]
        forged = pki.Authority().issue([pki.node_uri(self.world.cluster, entry.node_id)])
        self.assert_no_hello(**self.written(*forged))

    def test_a_genuine_certificate_behind_a_forged_leaf_proves_nothing(self):
        """The chain carries a true member's certificate; the key proves another leaf."""
        entry = self.world.nodes["entry-1"]
        leaf, key = pki.Authority().issue([pki.node_uri(self.world.cluster, entry.node_id)])
        genuine = (entry.state / "identity" / "chain.pem").read_text()
        self.assert_no_hello(**self.written(leaf + genuine, key))

    def test_a_node_of_another_cluster_is_refused(self):
        with World(nodes=False) as other:
            stranger = other.add_member("entry-1")
            self.assert_no_hello(**self.identity_of(stranger))

    def test_a_member_that_is_no_neighbour_is_refused(self):
        stranger = self.world.add_member("idle-1")
        channel = self.dial(**self.identity_of(stranger))
        channel.send(self.hello(stranger))
        self.assertNotIn(frames.HEARTBEAT, [kind for kind, *_ in channel.received_until_closed()])

    def test_a_hello_under_another_name_ends_the_channel(self):
        entry, egress = self.world.nodes["entry-1"], self.world.nodes["egress-1"]
        channel = self.dial(**self.identity_of(entry))
        channel.send(self.hello(egress))
        self.assertNotIn(frames.HEARTBEAT, [kind for kind, *_ in channel.received_until_closed()])

    def test_traffic_before_hello_ends_the_channel(self):
        channel = self.dial(**self.identity_of(self.world.nodes["entry-1"]))
        channel.send(frames.frame(frames.FLOW_ATTACH, 1, frames.flow_attach()))
        self.assertNotIn(frames.FLOW_ACCEPT, [kind for kind, *_ in channel.received_until_closed()])

    def test_an_unknown_frame_type_ends_the_channel(self):
        channel = self.dial(**self.identity_of(self.world.nodes["entry-1"]))
        channel.send(frames.frame(0x99, 0, b"?", 0))
        channel.received_until_closed()

    def test_an_oversized_frame_ends_the_channel(self):
        channel = self.dial(**self.identity_of(self.world.nodes["entry-1"]))
        channel.send(frames.frame(frames.HELLO, 0, b"x", 0, length=0xFFFF))
        channel.received_until_closed()


if __name__ == "__main__":
    unittest.main()
