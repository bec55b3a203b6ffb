"""How a host becomes a node: once, with the names it was invited under, after an approval."""

import base64
import hashlib
import json
import os
import unittest

from harness import pki, tokens
from harness.api import ApiError
from harness.case import ControlCase
from harness.enrolment import JoinToken
from harness.wait import patiently, until
from harness.world import World, enrol


class Enrolment(ControlCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.count = 0
        cls.api = cls.world.control.api()

    def join_token(self, **more):
        type(self).count += 1
        return JoinToken(self.owner.post("join-tokens", node_name=f"host-{self.count}",
                                         **more)["join_token"])

    def enrol(self, token, csr=None, **more):
        return self.api.post("enrolments", **token.request(csr, **more))

    def test_a_join_token_pins_the_platform_root(self):
        token = self.join_token()
        root = self.world.control.root_ca.read_text()
        der = base64.b64decode("".join(root.split("-----")[2].split()))
        self.assertEqual(hashlib.sha256(der).hexdigest(), token.said["ca"])

    def test_an_approved_host_gets_its_certificate_with_its_poll_secret_only(self):
        token = self.join_token()
        enrolment = self.enrol(token)
        status = f"enrolments/{enrolment['id']}/status"
        self.assertEqual("pending", self.api.post(status, poll_secret=token.poll_secret)["state"])
        self.owner.post(f"enrolments/{enrolment['id']}/approve")
        answer = self.api.post(status, poll_secret=token.poll_secret)
        self.assertEqual("approved", answer["state"])
        self.assertIn("BEGIN CERTIFICATE", answer["certificate_chain"])
        with self.assertRaises(ApiError) as caught:
            self.api.post(status, poll_secret=tokens.b64(os.urandom(32)))
        self.assertIn(caught.exception.status, (401, 403, 404))

    def test_a_join_token_is_refused_the_second_time(self):
        token = self.join_token()
        self.enrol(token)
        other = pki.request(pki.new_key(), [token.uri], ["127.0.0.1"])
        self.refused(409, "join_token_used", self.enrol, token, other)

    def test_the_same_request_again_is_answered_again(self):
        """The first answer may have been lost on the way."""
        token = self.join_token()
        csr = pki.request(token.key, [token.uri], ["127.0.0.1"])
        self.assertEqual(self.enrol(token, csr)["id"], self.enrol(token, csr)["id"])

    def test_an_expired_join_token_is_refused(self):
        token = self.join_token(ttl_s=1)

        def expired():
            try:
                self.enrol(token, pki.request(pki.new_key(), ["spiffe://rap/x"], []))
            except ApiError as e:
                return e.code == "join_token_expired"
            return False
        until(expired, "the join token to expire", 10)

    def test_an_unknown_secret_is_refused(self):
        token = self.join_token()
        token.said["secret"] = tokens.b64(os.urandom(32))
        with self.assertRaises(ApiError) as caught:
            self.enrol(token)
        self.assertEqual("join_token_invalid", caught.exception.code)

    def test_a_request_whose_names_differ_is_refused_and_the_token_is_not_lost(self):
        token = self.join_token()
        cluster, node = token.said["cluster"], token.said["node"]
        other = "00000000-0000-4000-8000-000000000001"
        wrong = {
            "another node": ([pki.node_uri(cluster, other)], ["127.0.0.1"], None),
            "another cluster": ([pki.node_uri(other, node)], ["127.0.0.1"], None),
            "two identities": ([token.uri, pki.node_uri(cluster, other)], ["127.0.0.1"], None),
            "no identity": ([], ["127.0.0.1"], None),
            "another host": ([token.uri], ["127.0.0.9"], None),
            "one host more": ([token.uri], ["127.0.0.1", "evil.example"], None),
            "a common name": ([token.uri], ["127.0.0.1"], "relay-1"),
        }
        for what, (uris, hosts, common_name) in wrong.items():
            with self.subTest(what):
                csr = pki.request(token.key, uris, hosts, common_name)
                self.refused(422, "csr_names_mismatch", self.enrol, token, csr)
        self.assertIn("id", self.enrol(token))

    def test_a_request_that_is_none_is_refused(self):
        token = self.join_token()
        with self.assertRaises(ApiError) as caught:
            self.enrol(token, "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END-----\n")
        self.assertEqual("csr_malformed", caught.exception.code)

    def test_a_denied_host_learns_so_and_stays_out(self):
        token = self.join_token()
        enrolment = self.enrol(token)
        self.owner.post(f"enrolments/{enrolment['id']}/deny")
        answer = self.api.post(f"enrolments/{enrolment['id']}/status",
                               poll_secret=token.poll_secret)
        self.assertEqual("denied", answer["state"])
        self.assertNotIn("certificate_chain", {k for k, v in answer.items() if v})
        self.refused(409, "enrolment_decided", self.owner.post,
                     f"enrolments/{enrolment['id']}/approve")

    def test_only_the_platform_invites_and_approves(self):
        self.owner.post("users", email="nosy@acme.test", password="a long enough password")
        nosy = self.api.as_user("nosy@acme.test", "a long enough password")
        self.refused(403, "forbidden", nosy.post, "join-tokens", node_name="mine")
        enrolment = self.enrol(self.join_token())
        self.refused(403, "forbidden", nosy.post, f"enrolments/{enrolment['id']}/approve")


class Agent(ControlCase):
    """The same with the real node-agent."""

    def test_an_agent_waits_for_approval_and_its_key_never_leaves(self):
        node = self.world.add_node("waiting")
        enrol(self.owner, node)
        chain = node.state / "identity" / "chain.pem"
        node.agent.wait_for(chain.exists, "the certificate")
        key = node.state / "identity" / "node.key"
        self.assertEqual(0o600, key.stat().st_mode & 0o777)
        self.assertIn("PRIVATE KEY", key.read_text())
        secret = "".join(key.read_text().split("\n")[1:3])
        self.assertNotIn(secret, self.world.control.dump_database())

    def test_an_agent_refuses_a_control_plane_with_another_root(self):
        with World(nodes=False) as other:
            token = JoinToken(self.owner.post("join-tokens", node_name="lured")["join_token"])
            lure = {**token.said, "url": other.control.url}
            node = self.world.add_node("lured")
            node.start("rapjt1." + tokens.b64(json.dumps(lure).encode()))
            node.agent.popen.wait(patiently(20))
            self.assertNotEqual(0, node.agent.popen.returncode)
            self.assertIn("fingerprint", node.agent.log().lower())
            self.assertEqual([], other.owner.get("enrolments")["items"])

    def test_an_agent_without_identity_and_token_says_what_to_do(self):
        node = self.world.add_node("bare")
        node.start()
        node.agent.popen.wait(patiently(10))
        self.assertNotEqual(0, node.agent.popen.returncode)
        self.assertIn("--join-token", node.agent.log())


class RootKey(ControlCase):
    def test_the_server_runs_without_the_root_key(self):
        control = self.world.control
        control.process.stop()
        control.root_key.unlink()
        control.serve()
        node = self.world.add_member("late-1")
        self.assertIn("BEGIN CERTIFICATE", (node.state / "identity" / "chain.pem").read_text())

    def test_the_operator_is_told_to_take_it_offline(self):
        self.assertIn("TAKE THE ROOT KEY OFFLINE", self.world.control.init_output)


if __name__ == "__main__":
    unittest.main()
