"""What `rap` takes from the TLS server at an entry's address: certificates and staples that openssl
serves there in the worker's place. Each wrong one is refused by its own name (PK-9, PK-10)."""

import os
import socket
import unittest

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from harness.case import FabricCase
from harness.issuing import DAY, MINUTE, Issuer, chain_in, key_in, key_pem, now, pem
from harness.process import Process
from harness.rap import OK, UNREACHABLE


class WorkerTrust(FabricCase):
    """The entry is taken down once, and a server of openssl stands in its place."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.wait_settled()
        cls.entry = cls.world.nodes["entry-1"]
        cls.issuer = Issuer.of(cls.world.control)
        cls.identity = cls.entry.state / "identity"
        cls.genuine = chain_in(cls.identity / "worker.pem")[0], key_in(cls.identity / "worker.key")
        cls.spiffe_id = f"spiffe://rap/cluster/{cls.world.cluster}/worker/{cls.entry.node_id}"
        cls.rap = cls.world.person()
        assert cls.rap.run("proxy", "echo", text_in="").returncode == OK
        cls.entry.stop()

    def meet(self, identity, staple, issuer=None):
        """What rap says of an entry with this (certificate, key) and staple."""
        certificate, key = identity
        folder = self.world.folder
        (folder / "leaf.pem").write_bytes(pem(certificate))
        (folder / "leaf.key").write_bytes(key_pem(key))
        (folder / "issuer.pem").write_bytes(pem((issuer or self.issuer).certificate))
        (folder / "staple.der").write_bytes(staple or b"")
        address = f"{self.entry.address}:{self.entry.ports['data']}"
        status = ["-status_file", folder / "staple.der"] if staple else []
        server = Process(["openssl", "s_server", "-accept", address, "-tls1_3", "-cert",
                          folder / "leaf.pem", "-key", folder / "leaf.key", "-cert_chain",
                          folder / "issuer.pem", "-www", *status], folder / "s_server.log")
        try:
            server.wait_for(self.listening, "openssl to listen")
            done = self.rap.run("proxy", "echo", text_in="")
        finally:
            server.stop()
        self.assertEqual(UNREACHABLE, done.returncode, done.stderr)
        return done.stderr

    def listening(self):
        try:
            socket.create_connection((self.entry.address, self.entry.ports["data"]), 1).close()
            return True
        except OSError:
            return False

    def refused_staple(self, staple, fault, cause="status_not_good"):
        said = self.meet(self.genuine, staple)
        self.assertIn(f"({cause})", said)
        self.assertIn(f"staple is {fault}", said)

    def good(self, leaf=None, **more):
        return self.issuer.ocsp_response(leaf or self.genuine[0], **more)

    def test_a_good_staple_gets_as_far_as_the_missing_protocol(self):
        for staple in (self.good(), self.good(signer=self.issuer.ocsp_delegate()),
                       self.good(nonce=os.urandom(16))):
            said = self.meet(self.genuine, staple)
            self.assertNotIn("certificate refused", said)
            self.assertIn("(unreachable)", said)

    def test_must_staple_without_a_staple_is_refused(self):
        self.refused_staple(None, "missing")

    def test_a_stale_staple_is_refused(self):
        self.refused_staple(self.good(this_update=now() - 31 * MINUTE, next_update=now() + DAY),
                            "stale")
        self.refused_staple(self.good(this_update=now() - 20 * MINUTE,
                                      next_update=now() - 10 * MINUTE), "stale")
        self.refused_staple(self.good(this_update=now() + 10 * MINUTE), "not_yet_valid")

    def test_a_replayed_staple_is_refused(self):
        relay = chain_in(self.world.nodes["relay-1"].state / "identity" / "chain.pem")[0]
        self.refused_staple(self.good(relay), "wrong_certificate")

    def test_a_staple_of_the_wrong_signer_is_refused(self):
        stranger = Issuer.stranger(self.issuer)
        for signer in (stranger, stranger.ocsp_delegate(), Issuer(*self.genuine),
                       self.issuer.ocsp_delegate(end=now() - MINUTE)):
            self.refused_staple(self.good(signer=signer), "wrong_signer")

    def test_a_staple_that_says_revoked_unknown_or_nothing_is_refused(self):
        self.refused_staple(self.good(status=ocsp.OCSPCertStatus.REVOKED), "revoked",
                            "certificate_revoked")
        self.refused_staple(self.good(status=ocsp.OCSPCertStatus.UNKNOWN), "unknown")
        error = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER)
        self.refused_staple(error.public_bytes(Encoding.DER), "malformed")

    # --- certificates ------------------------------------------------------------------------

    def refused_certificate(self, cause, *, issuer=None, address=None, spiffe_id=None, **validity):
        issuer = issuer or self.issuer
        identity = issuer.worker(spiffe_id or self.spiffe_id, address or self.entry.address,
                                 **validity)
        said = self.meet(identity, issuer.ocsp_response(identity[0]), issuer)
        self.assertIn(f"({cause})", said)

    def test_a_worker_certificate_for_another_address_is_refused(self):
        self.refused_certificate("hostname_mismatch", address="192.0.2.77")

    def test_an_expired_worker_certificate_is_refused(self):
        self.refused_certificate("certificate_expired", start=now() - 31 * DAY,
                                 end=now() - MINUTE)

    def test_a_worker_certificate_of_an_unknown_authority_is_refused(self):
        self.refused_certificate("unknown_ca", issuer=Issuer.stranger(self.issuer))

    def test_a_certificate_of_a_node_or_of_another_cluster_is_no_workers(self):
        self.refused_certificate("certificate_invalid",
                                 spiffe_id=self.spiffe_id.replace("/worker/", "/node/"))
        self.refused_certificate("certificate_invalid", spiffe_id=self.spiffe_id.replace(
            self.world.cluster, "00000000-0000-4000-8000-000000000001"))


if __name__ == "__main__":
    unittest.main()
