"""An entry that shows a certificate of a public authority: here one of the test's own, which the
machine of the person trusts by SSL_CERT_FILE."""

import unittest

from harness.case import FabricCase
from harness.issuing import Issuer, key_in, key_pem, pem
from harness.process import Process
from harness.rap import OK, UNREACHABLE
from harness.wait import until


class PublicCertificate(FabricCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.wait_settled()
        cls.entry = cls.world.nodes["entry-1"]
        cls.authority = Issuer.stranger(Issuer.of(cls.world.control))
        cls.bundle = cls.world.folder / "bundle.crt"
        cls.bundle.write_bytes(pem(cls.authority.certificate))
        cls.rap = cls.world.person()
        cls.certificate = cls.entry.folder / "public.crt"
        cls.key = cls.entry.folder / "public.key"
        cls.write(cls.issue())
        cls.start_agent()

    @classmethod
    def issue(cls, key=None):
        """(certificate, key) for the entry's address, as an authority gives one."""
        return cls.authority.worker("https://entry.example", cls.entry.address, must_staple=False,
                                    key=key)

    @classmethod
    def write(cls, identity, mode=0o600):
        certificate, key = identity
        cls.certificate.write_bytes(pem(certificate))
        cls.key.write_bytes(key_pem(key))
        cls.key.chmod(mode)

    @classmethod
    def start_agent(cls):
        cls.entry.agent.stop()
        cls.entry.start(extra=["--data-plane-certificate", cls.certificate,
                               "--data-plane-key", cls.key])
        until(lambda: cls.trust_mode() == "public_ca", "the entry's candidate to be public")

    @classmethod
    def trust_mode(cls):
        user = cls.world.user()
        started = user.start_session("echo")
        user.delete(f"sessions/{started['session']['id']}")
        return started["candidates"][0]["tls_trust_mode"]

    def proxied(self, bundle):
        self.rap.extra_environment = {"SSL_CERT_FILE": str(bundle)}
        return self.rap.run("proxy", "echo", text_in="hello")

    def test_people_enter_by_the_bundle_of_their_machine_and_not_without(self):
        done = self.proxied(self.bundle)
        self.assertEqual((OK, "hello"), (done.returncode, done.stdout), done.stderr)
        other = self.world.folder / "other.crt"
        other.write_bytes(self.world.control.root_ca.read_bytes())
        for bundle in (other, self.world.folder / "none.crt"):
            done = self.proxied(bundle)
            self.assertEqual(UNREACHABLE, done.returncode, done.stderr)
            self.assertIn("(unknown_ca)", done.stderr)

    def test_another_key_for_the_same_name_is_refused(self):
        self.entry.stop()
        certificate, key = self.issue()
        folder = self.world.folder
        (folder / "leaf.pem").write_bytes(pem(certificate))
        (folder / "leaf.key").write_bytes(key_pem(key))
        address = f"{self.entry.address}:{self.entry.ports['data']}"
        server = Process(["openssl", "s_server", "-accept", address, "-tls1_3", "-cert",
                          folder / "leaf.pem", "-key", folder / "leaf.key", "-www"],
                         folder / "s_server.log")
        try:
            said = until(lambda: (err := self.proxied(self.bundle).stderr)
                         and "(unreachable)" not in err and err, "openssl to answer")
        finally:
            server.stop()
            self.start_agent()
        self.assertIn("(certificate_invalid)", said)
        self.assertIn("not its node's", said)

    def test_a_renewed_certificate_is_shown_without_dropping_anybody(self):
        self.rap.extra_environment = {"SSL_CERT_FILE": str(self.bundle)}
        stream = self.live_stream(self.rap)
        self.certificate.write_bytes(pem(self.issue(key_in(self.key))[0]))
        until(lambda: len(self.entry.logged("public_certificate.shown",
                                            self.entry.agent.log())) >= 2,
              "the agent to take up the renewed one", 30)
        self.assertEqual(OK, self.proxied(self.bundle).returncode)
        stream.round_trip(b"still here")


if __name__ == "__main__":
    unittest.main()
