"""The OCSP channel: the responder beside foreign clients, staples of entries and nodes, and what is
left when the responder is not."""

import base64
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import threading
import unittest
import urllib.error
import urllib.parse
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from harness.case import FabricCase
from harness.rap import OK, UNREACHABLE
from harness.wait import patiently, until
from harness.world import ROLES

MUST_STAPLE = x509.TLSFeature([x509.TLSFeatureType.status_request])
MAX_STAPLE_AGE_S = 1800


def run(*arguments, text_in=None, check=True):
    done = subprocess.run([str(a) for a in arguments], text=True, input=text_in,
                          timeout=patiently(30),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if check:
        assert done.returncode == 0, f"{arguments}\n{done.stdout}"
    return done.stdout


def chain_in(file):
    end = b"-----END CERTIFICATE-----"
    parts = pathlib.Path(file).read_bytes().split(end)[:-1]
    return [x509.load_pem_x509_certificate(part + end) for part in parts]


class Ocsp(FabricCase):
    def setUp(self):
        self.world.wait_settled()
        self.folder = self.world.folder

    @property
    def server(self):
        return self.world.control.address, self.world.control.ports["ocsp"]

    @property
    def url(self):
        return "http://{}:{}/ocsp/".format(*self.server)

    def files(self, node="entry-1", name="worker.pem"):
        """The certificate and its issuer, as files of their own."""
        chain = chain_in(self.world.nodes[node].state / "identity" / name)
        paths = []
        for part, certificate in zip(("leaf", "issuer"), chain):
            path = self.folder / f"{node}-{name}-{part}.pem"
            path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
            paths.append(path)
        return paths

    def request(self, leaf, issuer, algorithm=None):
        builder = ocsp.OCSPRequestBuilder().add_certificate(
            leaf, issuer, algorithm or hashes.SHA256())
        return builder.build().public_bytes(serialization.Encoding.DER)

    def post(self, body, path="/ocsp/"):
        request = urllib.request.Request(self.url.removesuffix("/ocsp/") + path, data=body)
        with urllib.request.urlopen(request, timeout=patiently(10)) as answer:
            return ocsp.load_der_ocsp_response(answer.read())

    def staple(self, node="entry-1", port="data"):
        """What is stapled at a listener, as openssl s_client shows it."""
        world_node = self.world.nodes[node]
        return run("openssl", "s_client", "-connect",
                   f"{world_node.address}:{world_node.ports[port]}", "-status", "-CAfile",
                   self.world.control.root_ca, text_in="", check=False)

    def seen(self):
        return [n for n in self.owner.get("nodes")["items"] if n["name"] in ROLES]

    def entry_serves(self):
        rap = self.world.person("probe")
        return rap.run("proxy", "echo", text_in="")

    # --- foreign peers -----------------------------------------------------------------------

    def test_openssl_takes_the_responders_word(self):
        for name in ("worker.pem", "chain.pem"):
            leaf, issuer = self.files(name=name)
            for digest in ("-sha1", "-sha256"):
                said = run("openssl", "ocsp", digest, "-issuer", issuer, "-cert", leaf, "-url",
                           self.url, "-CAfile", self.world.control.root_ca, "-partial_chain")
                self.assertIn("Response verify OK", said)
                self.assertIn(f"{leaf}: good", said)
                self.assertNotIn("WARNING", said, "the nonce came back")

    def test_gnutls_takes_the_responders_word(self):
        leaf, issuer = self.files()
        said = run("ocsptool", "--ask=" + self.url, "--load-issuer", issuer, "--load-cert", leaf,
                   "--load-trust", issuer, "--nonce")
        self.assertIn("Certificate Status: good", said)
        self.assertIn("Success.", said)

    def test_gnutls_takes_what_is_stapled(self):
        leaf, issuer = self.files()
        staple = self.world.nodes["entry-1"].state / "identity" / "worker.ocsp"
        said = run("ocsptool", "--verify-response", "--load-response", staple, "--load-issuer",
                   issuer, "--load-signer", issuer, check=False)
        shown = run("ocsptool", "--response-info", "--load-response", staple)
        self.assertIn("good", shown.lower(), said)

    def test_a_request_may_come_by_get(self):
        chain = chain_in(self.world.nodes["entry-1"].state / "identity" / "worker.pem")
        path = urllib.parse.quote(base64.b64encode(self.request(*chain[:2])).decode(), safe="")
        with urllib.request.urlopen(self.url + path, timeout=patiently(10)) as answer:
            response = ocsp.load_der_ocsp_response(answer.read())
        self.assertEqual(ocsp.OCSPCertStatus.GOOD, response.certificate_status)

    def test_an_answer_by_get_may_be_kept_and_its_head_be_asked_for(self):
        chain = chain_in(self.world.nodes["entry-1"].state / "identity" / "worker.pem")
        path = urllib.parse.quote(base64.b64encode(self.request(*chain[:2])).decode(), safe="")
        seen = {}
        for method in ("GET", "HEAD"):
            asked = urllib.request.Request(self.url + path, method=method)
            with urllib.request.urlopen(asked, timeout=patiently(10)) as answer:
                self.assertRegex(answer.headers["Cache-Control"], r"\bmax-age=\d+\b")
                self.assertNotIn("no-store", answer.headers["Cache-Control"])
                seen[method] = (answer.status, answer.headers["Content-Length"],
                                answer.headers["Content-Type"], bool(answer.read()))
        self.assertEqual(seen["GET"], (*seen["HEAD"][:3], True))
        self.assertFalse(seen["HEAD"][3])

    def test_what_is_no_request_of_ours_gets_an_unsigned_error(self):
        status = ocsp.OCSPResponseStatus
        self.assertEqual(status.MALFORMED_REQUEST, self.post(b"nonsense").response_status)
        _, issuer = chain_in(self.world.nodes["entry-1"].state / "identity" / "worker.pem")[:2]
        (root,) = chain_in(self.world.control.root_ca)
        self.assertEqual(status.UNAUTHORIZED,
                         self.post(self.request(issuer, root)).response_status)

    def test_what_was_never_issued_is_unknown(self):
        leaf, issuer = self.files()
        said = run("openssl", "ocsp", "-issuer", issuer, "-serial", "0x1234", "-url", self.url,
                   "-CAfile", self.world.control.root_ca, "-partial_chain")
        self.assertIn("0x1234: unknown", said)

    def test_the_signer_is_a_delegate_of_the_issuer_and_signs_for_half_an_hour(self):
        chain = chain_in(self.world.nodes["entry-1"].state / "identity" / "worker.pem")
        response = self.post(self.request(*chain[:2]))
        (signer,) = response.certificates
        self.assertEqual(chain[1].subject, signer.issuer)
        usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        self.assertEqual([x509.oid.ExtendedKeyUsageOID.OCSP_SIGNING], list(usage))
        signer.extensions.get_extension_for_class(x509.OCSPNoCheck)
        life = response.next_update - response.this_update
        self.assertEqual(MAX_STAPLE_AGE_S, life.total_seconds())

    # --- certificates and staples ------------------------------------------------------------

    def test_an_entry_meets_clients_with_a_certificate_of_a_worker(self):
        node = self.world.nodes["entry-1"]
        leaf = chain_in(node.state / "identity" / "worker.pem")[0]
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        uris = names.get_values_for_type(x509.UniformResourceIdentifier)
        self.assertEqual([f"spiffe://rap/cluster/{self.world.cluster}/worker/{node.node_id}"], uris)
        self.assertEqual([node.address],
                         [str(ip) for ip in names.get_values_for_type(x509.IPAddress)])
        usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        self.assertEqual([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH], list(usage))
        self.assertEqual(MUST_STAPLE,
                         leaf.extensions.get_extension_for_class(x509.TLSFeature).value)
        days = (leaf.not_valid_after - leaf.not_valid_before).days
        self.assertIn(days, range(30, 91))
        context = ssl.create_default_context(cafile=str(self.world.control.root_ca))
        with socket.create_connection((node.address, node.ports["data"]),
                                      timeout=patiently(10)) as raw, \
                context.wrap_socket(raw, server_hostname=node.address) as tls:
            self.assertEqual(leaf.public_bytes(serialization.Encoding.DER),
                             tls.getpeercert(binary_form=True))
        kinds = [c["kind"] for c in self.owner.get("certificates")["items"]
                 if c.get("node") == node.node_id]
        self.assertEqual({"node", "worker"}, set(kinds))
        for other in ("relay-1", "egress-1"):
            self.assertFalse((self.world.nodes[other].state / "identity" / "worker.pem").exists())

    def test_entry_and_relay_staple_and_say_good(self):
        for node, port in (("entry-1", "data"), ("relay-1", "fabric")):
            shown = self.staple(node, port)
            self.assertIn("OCSP Response Status: successful", shown)
            self.assertIn("Cert Status: good", shown)

    def test_restarts_staple_what_was_kept_while_the_control_plane_is_away(self):
        node = self.world.nodes["entry-1"]
        control = self.world.control.process.pid
        os.kill(control, signal.SIGSTOP)
        self.addCleanup(os.kill, control, signal.SIGCONT)
        node.agent.stop()
        old = node.fabric_pid()
        subprocess.run(["kill", "-KILL", str(old)], check=True)
        until(lambda: node.fabric_pid() is None, "the fabric to be gone")
        node.start()
        node.wait_fabric(but_not=old)
        until(lambda: "Cert Status: good" in self.staple(), "the kept staple to be shown", 20)

    # --- what is left without a responder ----------------------------------------------------

    def test_everything_else_goes_on_while_the_responder_is_flooded(self):
        stop = threading.Event()
        stalled = [socket.create_connection(self.server, timeout=patiently(10)) for _ in range(200)]
        for connection in stalled:
            self.addCleanup(connection.close)
            connection.sendall(b"POST /ocsp/ HTTP/1.1\r\nContent-Length: 4000\r\n\r\n")
        chain = chain_in(self.world.nodes["entry-1"].state / "identity" / "worker.pem")
        body = self.request(*chain[:2])
        answered = []

        def flood():
            while not stop.is_set():
                try:
                    answered.append(self.post(body).response_status)
                except OSError:
                    pass

        threads = [threading.Thread(target=flood) for _ in range(8)]
        for thread in threads:
            thread.start()
        try:
            before = self.seen()
            self.assertEqual(OK, self.entry_serves().returncode)
            self.owner.put("nodes/relay-1/roles", roles=["relay"])
            until(lambda: all(
                new["last_seen_at"] > old["last_seen_at"] for new, old in
                zip(self.seen(), before)), "check-ins to go on")
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertTrue(answered)

    def test_a_body_over_the_bound_is_refused(self):
        with self.assertRaises(urllib.error.HTTPError) as caught:
            self.post(b"x" * 4097)
        self.assertEqual(413, caught.exception.code)


class Revoked(FabricCase):
    """A world of its own: its entry loses its certificates."""

    def test_a_kept_answer_ends_with_the_revocation(self):
        spare = self.world.add_member("spare")
        chain = chain_in(spare.state / "identity" / "chain.pem")
        body = (ocsp.OCSPRequestBuilder().add_certificate(*chain[:2], hashes.SHA256()).build()
                .public_bytes(serialization.Encoding.DER))
        url = "http://{}:{}/ocsp/".format(self.world.control.address,
                                          self.world.control.ports["ocsp"])

        def status():
            with urllib.request.urlopen(urllib.request.Request(url, data=body),
                                        timeout=patiently(10)) as answer:
                return ocsp.load_der_ocsp_response(answer.read()).certificate_status

        def from_memory():
            return self.owner.metrics()["rap_control_ocsp_answers_from_memory_total"]

        before = from_memory()
        until(lambda: status() == ocsp.OCSPCertStatus.GOOD and from_memory() > before,
              "an answer from memory")
        self.owner.post(f"certificates/{chain[0].serial_number:x}/revoke")
        until(lambda: status() == ocsp.OCSPCertStatus.REVOKED, "the revocation to be told")
        for _ in range(20):
            self.assertEqual(ocsp.OCSPCertStatus.REVOKED, status())

    def test_a_revoked_worker_still_staples_is_no_candidate_and_recovers(self):
        node = self.world.nodes["entry-1"]
        identity = node.state / "identity"
        rap = self.world.person()
        self.assertEqual(OK, rap.run("proxy", "echo", text_in="").returncode)
        leaf = chain_in(identity / "worker.pem")[0]
        serial = next(c["serial"] for c in self.owner.get("certificates")["items"]
                      if c["kind"] == "worker")
        self.owner.post(f"certificates/{serial}/revoke")
        # A fetch is due within the quarter of an hour, and at once when the agent starts.
        node.agent.stop()
        (identity / "worker.ocsp").unlink()
        node.start()
        until(lambda: (identity / "worker.ocsp").exists(), "the status to be fetched")
        kept = ocsp.load_der_ocsp_response((identity / "worker.ocsp").read_bytes())
        self.assertEqual(ocsp.OCSPCertStatus.REVOKED, kept.certificate_status)
        # No client is sent to it any more.
        refused = rap.run("proxy", "echo", text_in="")
        self.assertEqual(UNREACHABLE, refused.returncode, refused.stderr)
        self.assertIn("No entry is available", refused.stderr)
        # The node itself takes part as before, and made an entry anew it has a new certificate.
        self.world.wait_settled()
        self.owner.put("nodes/entry-1/roles", roles=["relay"])
        until(self.world.configured, "the node to hear of it")
        self.owner.put("nodes/entry-1/roles", roles=["entry"])
        until(lambda: chain_in(identity / "worker.pem")[0] != leaf, "a new certificate")
        until(lambda: rap.run("proxy", "echo", text_in="").returncode == OK,
              lambda: f"the entry to serve: {rap.run('proxy', 'echo', text_in='').stderr}", 30)


if __name__ == "__main__":
    unittest.main()
