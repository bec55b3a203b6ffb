"""Foreign OCSP responders behind the agents' fetching and rap's judging: `openssl ocsp` with an
index of our certificates, and python's cryptography for what openssl would not say."""

import http.server
import os
import threading
import unittest

from cryptography import x509
from cryptography.x509 import ocsp

from harness.addresses import free_port
from harness.case import ControlCase
from harness.issuing import DAY, MINUTE, Issuer, chain_in, now
from harness.openssl_ocsp import OpensslResponder, index_line
from harness.rap import OK, UNREACHABLE
from harness.wait import until
from harness.world import World


class Canned:
    """Answers every request with the same bytes."""

    def __init__(self, address, port, body):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(200)
                self.send_header("content-type", "application/ocsp-response")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                """Says nothing."""

        self.server = http.server.ThreadingHTTPServer((address, port), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class ForeignResponder(ControlCase):
    """All certificates name a responder that is not ours."""

    @classmethod
    def setUpClass(cls):
        cls.port = free_port("0.0.0.0")  # openssl ocsp listens on every address
        cls.world = World(control_options=("--ocsp-url", f"http://127.0.0.1:{cls.port}/ocsp/"))
        cls.addClassCleanup(cls.world.close)
        cls.owner = cls.world.owner
        cls.node = cls.world.nodes["entry-1"]
        cls.identity = cls.node.state / "identity"
        cls.issuer = Issuer.of(cls.world.control)
        cls.leaf = chain_in(cls.identity / "worker.pem")[0]
        cls.rap = cls.world.person()

    def setUp(self):
        # Nothing is kept, as after a long while, so what is fetched is what there is.
        self.node.agent.stop()
        (self.identity / "worker.ocsp").unlink(missing_ok=True)
        self.detours_before = len(self.logged("ocsp.detour"))

    def logged(self, event):
        return self.node.logged(event, self.node.agent.log())

    def openssl(self, index, signer=None):
        responder = OpensslResponder(self.world.folder, self.port, self.issuer, signer=signer,
                                     index=index)
        self.addCleanup(responder.stop)

    def canned(self, body):
        server = Canned("127.0.0.1", self.port, body)
        self.addCleanup(server.stop)

    def fetched(self):
        """What the agent has fetched and kept since it started."""
        self.node.start()
        until((self.identity / "worker.ocsp").exists, "a response to be fetched", 20)
        return ocsp.load_der_ocsp_response((self.identity / "worker.ocsp").read_bytes())

    def refused(self, fault):
        """The agent says why it does not take the response, and keeps what the control plane tells
        it on the other way."""
        self.node.start()
        until(lambda: any(fault in entry["detail"] for entry in
                          self.logged("ocsp.detour")[self.detours_before:]),
              lambda: f"'{fault}' in {self.logged('ocsp.detour')[self.detours_before:]}", 20)
        kept = ocsp.load_der_ocsp_response((self.identity / "worker.ocsp").read_bytes())
        self.assertEqual((ocsp.OCSPCertStatus.GOOD, self.leaf.serial_number),
                         (kept.certificate_status, kept.serial_number))
        self.assertGreater(kept.next_update, now())
        signer, = kept.certificates
        self.assertEqual(self.leaf.issuer, signer.issuer)
        self.assertGreater(signer.not_valid_after, now())

    def rap_says(self, wanted, text=""):
        def proxy():
            return self.rap.run("proxy", "echo", text_in="")

        until(lambda: (done := proxy()).returncode == wanted and text in done.stderr,
              lambda: f"'{text}': {proxy().stderr}", 30)

    # --- openssl ocsp ------------------------------------------------------------------------

    def test_what_openssl_calls_good_is_stapled_and_taken(self):
        self.openssl(index_line(self.leaf))
        self.assertEqual(ocsp.OCSPCertStatus.GOOD, self.fetched().certificate_status)
        self.rap_says(OK)

    def test_a_delegate_of_our_issuer_may_sign(self):
        delegate = self.issuer.ocsp_delegate()
        self.openssl(index_line(self.leaf), delegate)
        response = self.fetched()
        self.assertEqual(ocsp.OCSPCertStatus.GOOD, response.certificate_status)
        self.assertEqual([delegate.certificate], response.certificates)
        self.rap_says(OK)

    def test_what_openssl_calls_revoked_is_stapled_and_refused(self):
        self.openssl(index_line(self.leaf, revoked_at=now() - DAY))
        self.assertEqual(ocsp.OCSPCertStatus.REVOKED, self.fetched().certificate_status)
        self.rap_says(UNREACHABLE, "staple is revoked")

    def test_what_openssl_does_not_know_is_not_taken(self):
        self.openssl("")
        self.refused("unknown")

    def test_openssl_as_a_stranger_is_not_taken(self):
        stranger = Issuer.stranger(self.issuer)
        self.openssl(index_line(self.leaf), stranger)
        self.refused("wrong_signer")

    def test_openssl_as_an_expired_delegate_is_not_taken(self):
        self.openssl(index_line(self.leaf), self.issuer.ocsp_delegate(end=now() - MINUTE))
        self.refused("wrong_signer")

    # --- python's cryptography ---------------------------------------------------------------

    def test_an_expired_response_is_not_taken(self):
        self.canned(self.issuer.ocsp_response(self.leaf, this_update=now() - 2 * DAY,
                                              next_update=now() - DAY))
        self.refused("stale")

    def test_a_response_about_another_is_not_taken(self):
        other = chain_in(self.world.nodes["relay-1"].state / "identity" / "chain.pem")[0]
        self.canned(self.issuer.ocsp_response(other))
        self.refused("wrong_certificate")

    def test_a_nonce_that_nobody_asked_for_does_no_harm(self):
        nonce = os.urandom(16)
        self.canned(self.issuer.ocsp_response(self.leaf, nonce=nonce))
        response = self.fetched()
        self.assertEqual(nonce,
                         response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce)
        self.rap_says(OK)


if __name__ == "__main__":
    unittest.main()
