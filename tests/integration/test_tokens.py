"""Data-plane tokens at a real entry: one good token opens one flow once; nothing else does."""

import json
import time
import unittest
import uuid

from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from harness import frames, tokens
from harness.case import FabricCase
from harness.websocket import DataPlane
from harness.world import ORGANIZATION


class Tokens(FabricCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = tokens.load_key(cls.world.control.pki / "token.key")
        cls.user = cls.world.user()

    def candidate(self, resource="echo"):
        return self.user.post("sessions", resource=resource,
                              organization=ORGANIZATION)["candidates"][0]

    def connect(self, candidate):
        plane = DataPlane(candidate, self.world.control.root_ca)
        self.addCleanup(plane.close)
        return plane

    def outcome(self, token, candidate=None):
        """What the entry says to a token: None when it opened a flow, else the reason."""
        return self.connect(candidate or self.candidate()).request(token=token)

    def altered(self, candidate, **changes):
        return tokens.altered(candidate["token"], self.key, **changes)

    def test_a_good_token_opens_a_flow(self):
        plane = self.connect(self.candidate())
        self.assertIsNone(plane.request())
        self.assertEqual(b"through the fabric", plane.echo(b"through the fabric"))

    def test_a_token_lives_at_most_a_minute(self):
        _, claims = tokens.parts(self.candidate()["token"])
        self.assertLessEqual(claims["exp"] - claims["iat"], 60)

    def test_a_token_signed_by_us_is_as_good(self):
        """So that the refusals below are for what they say and not for how the test signs."""
        candidate = self.candidate()
        self.assertIsNone(self.outcome(self.altered(candidate), candidate))

    def test_an_expired_token_is_refused(self):
        candidate = self.candidate()
        now = int(time.time())
        old = self.altered(candidate, began=now - 120, iat=now - 120, exp=now - 60)
        self.assertEqual("token_expired", self.outcome(old, candidate))

    def test_a_token_with_a_longer_life_than_allowed_is_refused(self):
        candidate = self.candidate()
        now = int(time.time())
        self.assertEqual("token_expired",
                         self.outcome(self.altered(candidate, iat=now, exp=now + 3600), candidate))

    def test_a_replayed_token_is_refused_on_the_same_and_on_another_connection(self):
        candidate = self.candidate()
        plane = self.connect(candidate)
        self.assertIsNone(plane.request(1))
        self.assertEqual("token_replayed", plane.request(3))
        self.assertEqual("token_replayed", self.outcome(candidate["token"], candidate))
        self.assertEqual(b"still here", plane.echo(b"still here"))

    def test_a_token_for_another_resource_is_refused_at_the_egress(self):
        candidate = self.candidate()
        other = self.altered(candidate, res=str(uuid.uuid4()))
        self.assertEqual("wrong_resource", self.outcome(other, candidate))

    def test_a_token_for_another_cluster_is_refused(self):
        candidate = self.candidate()
        other = self.altered(candidate, cluster=str(uuid.uuid4()))
        self.assertEqual("wrong_cluster", self.outcome(other, candidate))

    def test_a_token_for_another_entry_is_refused(self):
        candidate = self.candidate()
        other = self.altered(candidate, entry=str(uuid.uuid4()))
        self.assertEqual("wrong_entry", self.outcome(other, candidate))

    def test_a_token_for_an_unknown_pool_is_refused(self):
        candidate = self.candidate()
        other = self.altered(candidate, pool=str(uuid.uuid4()))
        self.assertIn(self.outcome(other, candidate), ("no_route", "wrong_resource"))

    def test_algorithm_none_is_refused(self):
        candidate = self.candidate()
        header, claims = tokens.parts(candidate["token"])
        body = tokens.b64(json.dumps(claims).encode())
        for name in ("none", "None", "NONE", ""):
            head = tokens.b64(json.dumps({**header, "alg": name}).encode())
            self.assertEqual("token_invalid", self.outcome(f"{head}.{body}.", candidate))

    def test_a_swapped_algorithm_is_refused(self):
        candidate = self.candidate()
        for name in ("HS256", "ES256", "EdDSA", "RS256", "ES384"):
            if name != tokens.parts(candidate["token"])[0]["alg"]:
                swapped = self.altered(candidate, header={"alg": name})
                self.assertEqual("token_invalid", self.outcome(swapped, candidate), name)

    def test_another_key_is_refused_whatever_it_calls_itself(self):
        candidate = self.candidate()
        for key in (ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())):
            forged = tokens.altered(candidate["token"], key)
            self.assertEqual("token_invalid", self.outcome(forged, candidate))

    def test_a_class_that_is_not_in_the_token_is_refused(self):
        candidate = self.candidate()
        narrow = self.altered(candidate, classes=["input"])
        plane = self.connect(candidate)
        self.assertEqual("channel_class_denied",
                         plane.request(1, narrow, traffic_class=frames.FILE_TRANSFER))

    def test_rubbish_is_refused(self):
        candidate = self.candidate()
        for rubbish in (b"x", b"..", b"a.b.c", b"\xff" * 300, b"." * 5000):
            self.assertEqual("token_invalid", self.outcome(rubbish, candidate))

    def test_a_refused_token_does_not_disturb_others(self):
        plane = self.connect(self.candidate())
        self.assertIsNone(plane.request(1))
        self.assertEqual("token_invalid", plane.request(3, b"a.b.c"))
        self.assertEqual(b"unharmed", plane.echo(b"unharmed"))


if __name__ == "__main__":
    unittest.main()
