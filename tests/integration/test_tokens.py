"""Data-plane tokens at a real entry: one good token opens one flow once; nothing else does."""

import json
import time
import unittest
import uuid

from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from harness import frames, tokens
from harness.case import FabricCase
from harness.data_plane import DataPlane
from harness.sealed_flow import ClientKeys


class Tokens(FabricCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = tokens.load_key(cls.world.control.pki / "token.key")
        cls.user = cls.world.user()

    def started(self):
        return self.user.start_session("echo")

    def connect(self, started=None):
        plane = DataPlane(self.user, started or self.started())
        self.addCleanup(plane.close)
        return plane

    def outcome(self, token, started):
        """What is said to a token: None when it opened a flow, else the reason."""
        return self.connect(started).request(token=token)

    @staticmethod
    def token_of(started):
        return started["candidates"][0]["token"]

    def altered(self, started, **changes):
        return tokens.altered(self.token_of(started), self.key, **changes)

    def test_a_good_token_opens_a_flow(self):
        plane = self.connect()
        self.assertIsNone(plane.request())
        self.assertEqual(b"through the fabric", plane.echo(b"through the fabric"))

    def test_a_token_lives_at_most_a_minute(self):
        _, claims = tokens.parts(self.token_of(self.started()))
        self.assertLessEqual(claims["exp"] - claims["iat"], 60)

    def test_a_token_signed_by_us_is_as_good(self):
        """So that the refusals below are for what they say and not for how the test signs."""
        started = self.started()
        self.assertIsNone(self.outcome(self.altered(started), started))

    def test_an_expired_token_is_refused(self):
        started = self.started()
        now = int(time.time())
        old = self.altered(started, began=now - 120, iat=now - 120, exp=now - 60)
        self.assertEqual("token_expired", self.outcome(old, started))

    def test_a_token_with_a_longer_life_than_allowed_is_refused(self):
        started = self.started()
        now = int(time.time())
        self.assertEqual("token_expired",
                         self.outcome(self.altered(started, iat=now, exp=now + 3600), started))

    def test_a_replayed_token_is_refused_on_the_same_and_on_another_connection(self):
        started = self.started()
        plane = self.connect(started)
        self.assertIsNone(plane.request(1))
        self.assertEqual("token_replayed", plane.request(3))
        self.assertEqual("token_replayed", self.outcome(self.token_of(started), started))
        self.assertEqual(b"still here", plane.echo(b"still here"))

    def test_a_token_for_another_resource_is_refused_at_the_egress(self):
        started = self.started()
        other = self.altered(started, res=str(uuid.uuid4()))
        self.assertEqual("wrong_resource", self.outcome(other, started))

    def test_a_token_for_another_cluster_is_refused(self):
        started = self.started()
        other = self.altered(started, cluster=str(uuid.uuid4()))
        self.assertEqual("wrong_cluster", self.outcome(other, started))

    def test_a_token_for_another_entry_is_refused(self):
        started = self.started()
        other = self.altered(started, entry=str(uuid.uuid4()))
        self.assertEqual("wrong_entry", self.outcome(other, started))

    def test_a_token_for_an_unknown_pool_is_refused(self):
        started = self.started()
        other = self.altered(started, pool=str(uuid.uuid4()))
        self.assertIn(self.outcome(other, started), ("no_route", "wrong_resource"))

    def test_algorithm_none_is_refused(self):
        started = self.started()
        header, claims = tokens.parts(self.token_of(started))
        body = tokens.b64(json.dumps(claims).encode())
        for name in ("none", "None", "NONE", ""):
            head = tokens.b64(json.dumps({**header, "alg": name}).encode())
            self.assertEqual("token_invalid", self.outcome(f"{head}.{body}.", started))

    def test_a_swapped_algorithm_is_refused(self):
        started = self.started()
        for name in ("HS256", "ES256", "EdDSA", "RS256", "ES384"):
            if name != tokens.parts(self.token_of(started))[0]["alg"]:
                swapped = self.altered(started, header={"alg": name})
                self.assertEqual("token_invalid", self.outcome(swapped, started), name)

    def test_another_key_is_refused_whatever_it_calls_itself(self):
        started = self.started()
        for key in (ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())):
            forged = tokens.altered(self.token_of(started), key)
            self.assertEqual("token_invalid", self.outcome(forged, started))

    def test_a_class_that_is_not_in_the_token_is_refused(self):
        started = self.started()
        narrow = self.altered(started, classes=["input"])
        plane = self.connect(started)
        self.assertEqual("channel_class_denied",
                         plane.request(1, narrow, traffic_class=frames.FILE_TRANSFER))

    def test_a_token_for_the_key_of_another_client_is_refused_by_the_egress(self):
        plane = self.connect()
        plane.keys = ClientKeys()
        self.assertEqual("token_invalid", plane.request())

    def test_another_token_for_the_egress_than_for_the_entry_is_refused(self):
        started = self.started()
        other = self.altered(started)
        self.assertEqual("token_invalid", self.connect(started).request(sealed_token=other))

    def test_a_token_that_names_no_key_is_refused(self):
        started = self.started()
        header, claims = tokens.parts(self.token_of(started))
        del claims["flow_key"]
        claims["jti"] = str(uuid.uuid4())
        self.assertEqual("token_invalid",
                         self.outcome(tokens.sign(header, claims, self.key), started))

    def test_rubbish_is_refused(self):
        started = self.started()
        for rubbish in (b"x", b"..", b"a.b.c", b"\xff" * 300, b"." * 4000):
            self.assertEqual("token_invalid", self.outcome(rubbish, started))

    def test_a_refused_token_does_not_disturb_others(self):
        plane = self.connect()
        self.assertIsNone(plane.request(1))
        self.assertEqual("token_invalid", plane.request(3, b"a.b.c"))
        self.assertEqual(b"unharmed", plane.echo(b"unharmed"))


if __name__ == "__main__":
    unittest.main()
