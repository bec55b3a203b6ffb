"""An entry whose certificate was revoked is no candidate any more though it serves on and staples
that all is well, the signed deny list of clients names it, and the next one is used instead."""

import subprocess
import unittest

from cryptography.x509 import ocsp

from harness.case import FabricCase
from harness.rap import OK, UNREACHABLE
from harness.wait import patiently, until

SECOND = "entry-2"


class DenyList(FabricCase):
    """A world of its own: certificates of its entries are revoked."""

    def worker(self, name):
        return next(c for c in self.owner.get("certificates")["items"]
                    if c["kind"] == "worker" and c["node_name"] == name and c["status"] == "active")

    def stapled(self, node):
        """What the listener staples, by the eyes of openssl."""
        return subprocess.run(
            ["openssl", "s_client", "-connect", f"{node.address}:{node.ports['data']}", "-status",
             "-CAfile", str(self.world.control.root_ca)], input="", text=True,
             timeout=patiently(30),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False).stdout

    def test_a_revoked_entry_that_serves_and_staples_on_is_no_candidate_and_another_is_used(self):
        self.world.wait_settled()
        first = self.world.nodes["entry-1"]
        rap = self.world.person()
        self.assertEqual(OK, rap.run("proxy", "echo", text_in="").returncode)
        kept = rap.home / "deny-list.json"
        before = kept.read_text()

        self.owner.post(f"certificates/{self.worker('entry-1')['serial']}/revoke")
        refused = rap.run("proxy", "echo", text_in="")
        self.assertEqual(UNREACHABLE, refused.returncode, refused.stderr)
        self.assertIn("No entry is available", refused.stderr)
        # It was not the staple.
        response = ocsp.load_der_ocsp_response(
            (first.state / "identity" / "worker.ocsp").read_bytes())
        self.assertEqual(ocsp.OCSPCertStatus.GOOD, response.certificate_status)
        self.assertIn("Cert Status: good", self.stapled(first))

        second = self.world.add_member(SECOND, ["entry"])
        until(lambda: (second.state / "identity" / "worker.ocsp").exists(),
              "the second entry's certificate", 30)
        until(lambda: rap.run("proxy", "echo", text_in="").returncode == OK,
              "the second entry to serve", 30)
        self.assertNotEqual(before, kept.read_text(), "who knows the first refuses it")

        # A disabled node is no candidate at all: nobody has to refuse it.
        self.owner.post("nodes/entry-1/disable")
        attachment = self.world.user().start_session("echo")
        urls = [candidate["url"] for candidate in attachment["candidates"]]
        self.assertEqual(
            [f"wss://{second.address}:{second.ports['data']}/rap/v1/data-plane"], urls)
        self.assertNotIn("passed over", rap.run("proxy", "echo", text_in="").stderr)


if __name__ == "__main__":
    unittest.main()
