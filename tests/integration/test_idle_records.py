"""Records and frames that carry nothing are nearly free for whoever sends them: every listener
counts them, ends the connection at too many, and says for which."""

import struct
import unittest

from harness.case import FabricCase
from harness.node import MeteredNode
from harness.siege import UPGRADE, first_words
from harness.tls_records import Records
from harness.wait import until

MANY = 2000
KEY_UPDATES = 33  # one more than a connection may send
EMPTY_IN_A_ROW = 33
# Words that what follows belongs to, so that it is the records alone that end the connection.
HEAD = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: "
LONG = 16000
MESSAGE = b"\x82\xfe" + struct.pack(">H", LONG) + bytes(4)  # RFC 6455, §5.2: binary and masked
DATA = b"\x14\0" + struct.pack(">HI", LONG, 1)  # docs/protocol/frames.md


def key_updates(peer):
    return b"".join(peer.key_update() for _ in range(KEY_UPDATES))


def empty(peer):
    return b"".join(peer.data(b"") for _ in range(EMPTY_IN_A_ROW))


def empty_with_a_byte_between(peer):
    """As OpenSSL counts those in a row."""
    some = [b""] * (EMPTY_IN_A_ROW - 1) + [b"x"]
    return b"".join(peer.data(one) for one in some * (MANY // len(some)))


def a_byte_each(peer):
    return b"".join(peer.data(b"x") for _ in range(MANY))


FLOODS = {"handshake_message": [key_updates], "empty": [empty],
          "thin": [empty_with_a_byte_between, a_byte_each]}


class IdleRecords(FabricCase):
    MAKE_NODE = MeteredNode

    def node_identity(self, name):
        folder = self.world.nodes[name].state / "identity"
        return {"certificate": folder / "chain.pem", "key": folder / "node.key"}

    def assert_floods_end(self, address, name, counted, *, words, **identity):
        """Whoever floods the listener is ended, for each kind, and it is counted as `name`."""
        for records, floods in FLOODS.items():
            sample = f'{name},records="{records}"}}'
            for flood in floods:
                with self.subTest(flood=flood.__name__), Records(address, **identity) as peer:
                    before = counted()[sample]
                    peer.send(peer.data(words))
                    try:
                        peer.send(flood(peer))
                    except OSError:
                        pass  # it was ended before all was sent
                    self.assertTrue(peer.is_ended())
                    until(lambda: counted()[sample] > before, f"{sample} to be counted")

    def test_the_api_ends_whoever_floods_it(self):
        control = self.world.control
        self.assert_floods_end((control.address, control.ports["api"]),
                               'rap_control_connections_flooded_total{listener="api"',
                               self.owner.metrics, words=HEAD)
        self.assertEqual(200, control.api().raw("GET", "/healthz")[0])

    def test_the_listener_for_nodes_of_the_control_plane_ends_a_member_that_floods_it(self):
        control = self.world.control
        self.assert_floods_end((control.address, control.ports["node"]),
                               'rap_control_connections_flooded_total{listener="node"',
                               self.owner.metrics, words=HEAD, **self.node_identity("entry-1"))

    def test_the_entry_ends_whoever_floods_it_before_and_after_the_upgrade(self):
        entry = self.world.nodes["entry-1"]
        for words in (HEAD, first_words(UPGRADE) + MESSAGE):
            with self.subTest(words=words):
                self.assert_floods_end((entry.address, entry.ports["data"]),
                                       'rap_fabric_connections_flooded_total{listener="clients"',
                                       entry.metrics, words=words)

    def test_a_node_ends_another_that_floods_it(self):
        relay = self.world.nodes["relay-1"]
        self.assert_floods_end((relay.address, relay.ports["fabric"]),
                               'rap_fabric_connections_flooded_total{listener="nodes"',
                               relay.metrics, words=DATA, **self.node_identity("entry-1"))
        self.world.wait_settled()


if __name__ == "__main__":
    unittest.main()
