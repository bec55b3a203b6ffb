"""The control plane's listener for nodes: mutual TLS, and the certificate says who asks."""

import base64
import http.client
import json
import ssl
import unittest

from harness import pki
from harness.case import FabricCase
from harness.wait import patiently
from harness.world import World


class NodeListener(FabricCase):
    def post(self, path, body, certificate=None, key=None):
        """(status, problem) over a connection with this client certificate."""
        context = ssl.create_default_context(cafile=str(self.world.control.root_ca))
        if certificate:
            context.load_cert_chain(certificate, key)
        connection = http.client.HTTPSConnection(
            self.world.address, self.world.control.ports["node"], context=context,
            timeout=patiently(10))
        try:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        finally:
            connection.close()

    def pull(self, node, **identity):
        return self.post(f"/cp/v2/nodes/{node}/configs/pull", {"have": 0}, **identity)

    def identity_of(self, node):
        folder = node.state / "identity"
        return {"certificate": folder / "chain.pem", "key": folder / "node.key"}

    def made(self, authority, *uris):
        certificate, key = authority.issue(uris)
        folder = self.world.folder
        (folder / "made.crt").write_text(certificate)
        (folder / "made.key").write_text(key)
        return {"certificate": folder / "made.crt", "key": folder / "made.key"}

    def assert_no_connection(self, node_id, **identity):
        with self.assertRaises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
            self.pull(node_id, **identity)

    def test_a_node_pulls_its_own_configuration(self):
        entry = self.world.nodes["entry-1"]
        status, answer = self.pull(entry.node_id, **self.identity_of(entry))
        self.assertEqual(200, status, answer)
        self.assertEqual("node_config", answer["configs"][0]["type"])

    def test_a_node_cannot_ask_for_another(self):
        entry, egress = self.world.nodes["entry-1"], self.world.nodes["egress-1"]
        status, problem = self.pull(egress.node_id, **self.identity_of(entry))
        self.assertEqual((403, "wrong_node"), (status, problem["code"]))

    def test_nobody_without_a_certificate_is_heard(self):
        self.assert_no_connection(self.world.nodes["entry-1"].node_id)

    def test_a_certificate_of_another_authority_is_refused_even_with_the_right_names(self):
        entry = self.world.nodes["entry-1"]
        forged = self.made(pki.Authority(), pki.node_uri(self.world.cluster, entry.node_id))
        self.assert_no_connection(entry.node_id, **forged)

    def test_a_node_of_another_cluster_is_refused(self):
        with World(nodes=False) as other:
            stranger = other.add_member("entry-1")
            self.assert_no_connection(stranger.node_id, **self.identity_of(stranger))

    def test_a_node_that_is_not_approved_has_no_certificate_to_come_with(self):
        waiting = self.world.add_node("waiting")
        waiting.start(self.owner.post("join-tokens", node_name="waiting")["join_token"])
        waiting.agent.wait_for(
            lambda: [e for e in self.owner.get("enrolments?state=pending")["items"]
                     if e["node_name"] == "waiting"], "the enrolment")
        self.assertFalse((waiting.state / "identity" / "chain.pem").exists())
        self.assertIsNone(waiting.fabric_pid())

    def test_a_disabled_node_is_refused(self):
        leaver = self.world.add_member("leaver")
        self.assertEqual(200, self.pull(leaver.node_id, **self.identity_of(leaver))[0])
        self.owner.post("nodes/leaver/disable")
        status, problem = self.pull(leaver.node_id, **self.identity_of(leaver))
        self.assertEqual(403, status)
        self.assertIn(problem["code"], ("node_disabled", "certificate_revoked"))

    def test_each_node_is_told_only_what_its_role_needs(self):
        told = {name: (node.state / "config" / "node_config.dsse").read_text()
                for name, node in self.world.nodes.items() if name in ("entry-1", "relay-1",
                                                                       "egress-1")}
        config = {name: json.loads(unwrap(envelope)) for name, envelope in told.items()}
        self.assertEqual([], config["relay-1"].get("token_keys", []))
        self.assertEqual([], config["relay-1"].get("resources", []))
        self.assertEqual([], config["relay-1"].get("pools", []))
        self.assertEqual([], config["entry-1"].get("resources", []))
        self.assertEqual([], config["egress-1"].get("pools", []))
        self.assertTrue(config["egress-1"]["resources"])


def unwrap(envelope):
    return base64.b64decode(json.loads(envelope)["payload"])


if __name__ == "__main__":
    unittest.main()
