"""The revocation list beside foreign readers: OpenSSL and GnuTLS verify it and go by it."""

import pathlib
import subprocess
import unittest
import urllib.error
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from harness.case import FabricCase
from harness.wait import patiently

END = b"-----END CERTIFICATE-----"


def run(*arguments):
    done = subprocess.run([str(a) for a in arguments], text=True, timeout=patiently(30),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout


class Crl(FabricCase):
    """A world of its own: its relay loses a certificate and its key."""

    def setUp(self):
        self.world.wait_settled()
        self.root = self.world.control.root_ca
        self.url = "http://{}:{}/crl".format(self.world.control.address,
                                             self.world.control.ports["ocsp"])

    def certificates(self, node):
        text = pathlib.Path(self.world.nodes[node].state / "identity" / "chain.pem").read_bytes()
        return [x509.load_pem_x509_certificate(part + END) for part in text.split(END)[:-1]]

    def file_of(self, name, certificate):
        path = self.world.folder / f"{name}.pem"
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return path

    def fetch(self, url=None, tag=None):
        request = urllib.request.Request(url or self.url)
        if tag:
            request.add_header("If-None-Match", tag)
        with urllib.request.urlopen(request, timeout=patiently(10)) as answer:
            self.assertEqual("application/pkix-crl", answer.headers["content-type"])
            return answer.read(), answer.headers["etag"]

    def read(self, der):
        """The list as files, and as OpenSSL shows it once it has verified the signature."""
        path = self.world.folder / "crl.der"
        path.write_bytes(der)
        pem = self.world.folder / "crl.pem"
        pem.write_bytes(x509.load_der_x509_crl(der).public_bytes(serialization.Encoding.PEM))
        issuer = self.file_of("issuer", self.certificates("entry-1")[1])
        code, said = run("openssl", "crl", "-inform", "DER", "-in", path, "-verify", "-CAfile",
                         issuer, "-noout", "-text")
        self.assertEqual(0, code, said)
        self.assertIn("verify OK", said)
        code, gnutls = run("certtool", "--verify-crl", "--load-ca-certificate", issuer, "--infile",
                           pem)
        self.assertEqual(0, code, gnutls)
        self.assertIn("output: Verified", gnutls)
        return pem, issuer, said

    def openssl_verify(self, node, crl, issuer):
        leaf = self.file_of(node, self.certificates(node)[0])
        return run("openssl", "verify", "-crl_check", "-CAfile", self.root, "-untrusted", issuer,
                   "-CRLfile", crl, leaf)

    def test_foreign_readers_verify_the_list_and_refuse_what_is_on_it(self):
        der, tag = self.fetch()
        crl, issuer, shown = self.read(der)
        self.assertIn("No Revoked Certificates", shown)
        self.assertIn("X509v3 Authority Key Identifier", shown)
        number = x509.load_der_x509_crl(der).extensions.get_extension_for_class(x509.CRLNumber)
        self.assertEqual(0, self.openssl_verify("relay-1", crl, issuer)[0])
        with self.assertRaises(urllib.error.HTTPError) as unchanged:
            self.fetch(tag=tag)
        self.assertEqual(304, unchanged.exception.code)

        # The URL in the certificate is the one to ask.
        leaf = self.certificates("relay-1")[0]
        points = leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        named = points[0].full_name[0].value
        self.assertTrue(named.startswith(self.url + "/"), named)

        serial = format(leaf.serial_number, "x")
        self.owner.post(f"certificates/{serial}/revoke", key=True)
        der, _ = self.fetch(named)
        crl, issuer, shown = self.read(der)
        self.assertIn("Key Compromise", shown)
        later = x509.load_der_x509_crl(der)
        self.assertEqual([leaf.serial_number], [entry.serial_number for entry in later])
        self.assertGreater(
            later.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number,
            number.value.crl_number)
        code, said = self.openssl_verify("relay-1", crl, issuer)
        self.assertNotEqual(0, code)
        self.assertIn("certificate revoked", said)
        self.assertEqual(0, self.openssl_verify("entry-1", crl, issuer)[0])
        self.assertEqual(der, self.fetch(named)[0])


if __name__ == "__main__":
    unittest.main()
