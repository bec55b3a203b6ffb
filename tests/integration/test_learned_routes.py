"""Relays that tell each other of routes: a flow crosses three of them though no configuration names
a next hop, and when one of them dies the next flow goes another way.

    entry -- first -- second -- third ---- egress -- target
                            `-- fourth --'
"""

import base64
import shutil
import time
import types
import unittest
import uuid

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, x25519

from harness import folder, sanitizers, tokens
from harness.addresses import OneHost
from harness.data_plane import DataPlane
from harness.lone import Authority, LoneNode
from harness.sealed_flow import ClientKeys
from harness.targets import Echo
from harness.wait import patiently, until

ROLES = {"entry": "entry", "egress": "egress"}
CHAIN = (("entry", "first"), ("first", "second"), ("second", "third"), ("second", "fourth"),
         ("egress", "third"), ("egress", "fourth"))  # the first of each dials


SEAL_KEY = x25519.X25519PrivateKey.from_private_bytes(b"k" * 32).public_key().public_bytes(
    serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def public_pem(key):
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


class LearnedRoutes(unittest.TestCase):
    def setUp(self):
        self.folder = folder.make()
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.addCleanup(sanitizers.assert_silent, self.folder)
        self.cluster = str(uuid.uuid4())
        self.authority = Authority()
        self.ca = self.folder / "root.pem"
        self.ca.write_text(self.authority.pem)
        self.token_key = ed25519.Ed25519PrivateKey.generate()
        self.keys = ClientKeys()
        self.organization, self.resource, self.pool = (str(uuid.uuid4()) for _ in range(3))
        hosts = OneHost()
        self.echo = Echo(hosts.address("target"))
        self.addCleanup(self.echo.close)
        names = ("entry", "first", "second", "third", "fourth", "egress")
        self.nodes = {name: LoneNode(self.folder, name, self.cluster, self.authority, hosts)
                      for name in names}
        for name, node in self.nodes.items():
            node.config["roles"] = [ROLES.get(name, "relay")]
            node.start()
            self.addCleanup(node.stop)
            node.tell(type="clock", ahead_s=0)  # tokens are taken at once

    def configure(self, *, origins=True):
        egress = self.nodes["egress"]
        keys = [{"kid": "t1", "public_key_pem": public_pem(self.token_key)}]
        special = {
            "entry": {"token_keys": keys, "pools": [{"id": self.pool, "members": [
                {"node": egress.id, "seal_key": base64.b64encode(SEAL_KEY).decode()}]}]},
            "egress": {"token_keys": keys, "resources": [
                {"id": self.resource, "organization": self.organization, "pool": self.pool,
                 "protocol": "tcp", "host": self.echo.address, "port": self.echo.port}]}}
        egress.documents = [{
            "cluster": self.cluster, "type": "egress_target_ranges", "layer": "cluster",
            "organization": "", "resource": "", "version": 1,
            "value": {"allow": [self.echo.address]}}]
        named = [{"node": egress.id, "public_keys_pem": [public_pem(egress.key)]}]
        for name, node in self.nodes.items():
            peers = [node.peer(self.nodes[b if name == a else a], dial=name == a)
                     for a, b in CHAIN if name in (a, b)]
            node.configure(peers=peers, origins=named if origins else [],
                           **special.get(name, {}))
        for a, b in CHAIN:
            self.nodes[a].wait_transition("established", peer=self.nodes[b])

    def token(self):
        now = int(time.time())
        some = {name: str(uuid.uuid4()) for name in ("jti", "sid", "att", "sub", "dev")}
        return tokens.sign(
            {"alg": "EdDSA", "typ": "rap-dp+jwt", "kid": "t1"},
            {**some, "cluster": self.cluster, "epoch": 0, "org": self.organization,
             "res": self.resource, "pool": self.pool, "entry": self.nodes["entry"].id,
             "classes": ["input"], "began": now, "iat": now, "exp": now + 30,
             "flow_key": self.keys.public["flow_key"]}, self.token_key)

    def client(self):
        entry = self.nodes["entry"]
        flow_key = base64.urlsafe_b64encode(SEAL_KEY).decode().rstrip("=")
        started = {
            "candidates": [{"url": f"wss://{entry.address}:{entry.ports['data']}",
                            "token": self.token()}],
            "resume": {"egresses": [{"node": self.nodes["egress"].id, "flow_key": flow_key}]}}
        plane = DataPlane(types.SimpleNamespace(keys=self.keys, ca_file=self.ca), started)
        self.addCleanup(plane.close)
        return plane

    def opened(self):
        """A client with a flow that echoes; it is tried until there is a way."""
        said = []

        def attempt():
            plane = self.client()
            said.append(plane.request())
            return plane if said[-1] is None else None
        until(lambda: self.nodes["entry"].log("listener.open"), "the entry's listeners")
        plane = until(attempt, lambda: f"a flow: {said[-3:]}")
        self.assertEqual(b"crosses three relays", plane.echo(b"crosses three relays"))
        return plane

    def test_a_flow_crosses_relays_that_no_configuration_names(self):
        self.configure()
        self.opened()
        for name, node in self.nodes.items():
            self.assertEqual([], node.config["routes"], name)

    def test_without_origins_there_is_no_route(self):
        self.configure(origins=False)
        until(lambda: self.nodes["entry"].log("listener.open"), "the entry's listeners")
        said = []
        until(lambda: said.append(self.client().request()) or said[-1] == "no_route", lambda: said)

    def test_the_next_flow_goes_another_way_when_a_relay_dies(self):
        self.configure()
        plane = self.opened()
        pair = [self.nodes["third"], self.nodes["fourth"]]
        carrier = until(lambda: next((n for n in pair if n.flows()), None), "the relay of the flow")
        carrier.process.kill()
        killed = time.monotonic()
        self.assertEqual("peer_lost", plane.over())
        self.opened()
        self.assertLess(time.monotonic() - killed, patiently(5))
        other = pair[1 - pair.index(carrier)]
        until(other.flows, "the flow on the other relay")


if __name__ == "__main__":
    unittest.main()
