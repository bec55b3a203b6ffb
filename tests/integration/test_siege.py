"""Strangers take every place that a listener gives them; the honest are served meanwhile."""

import contextlib
import socket
import unittest
import urllib.request

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from harness import siege
from harness.case import FabricCase
from harness.data_plane import DataPlane
from harness.issuing import chain_in
from harness.siege import HALF_BODY, PLAIN, SLOW_HEAD, TLS, UPGRADE
from harness.wait import patiently, until
from harness.world import USER_EMAIL

MIB = 1024 * 1024
# More than the share of one address: a quarter of 4,096 and of 6,000 places.
MORE_THAN_A_SHARE, MORE_THAN_A_SHARE_OF_OCSP = 1100, 1600
PLACES_OF_ENTRY = 64
HONEST = 20
JUNK = 200


class Siege(FabricCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.control = cls.world.control
        cls.api = (cls.control.address, cls.control.ports["api"])
        cls.owner.put("configs/server_runtime_settings", value={"max_clients": PLACES_OF_ENTRY})
        until(cls.world.configured, "the entry to take its limits")

    def counted(self, name, **labels):
        wanted = ",".join(f'{key}="{value}"' for key, value in labels.items())
        return self.owner.metrics()[f"rap_control_{name}{{{wanted}}}"]

    def attach_and_echo(self, user):
        with DataPlane.start(user) as plane:
            self.assertIsNone(plane.request())
            self.assertEqual(b"honest", plane.echo(b"honest"))

    def status_of_entry(self):
        address = (self.control.address, self.control.ports["ocsp"])
        leaf, issuer = chain_in(self.world.nodes["entry-1"].state / "identity" / "worker.pem")
        body = (ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, hashes.SHA1()).build()
                .public_bytes(serialization.Encoding.DER))
        request = urllib.request.Request("http://{}:{}/ocsp/".format(*address), data=body)
        with urllib.request.urlopen(request, timeout=patiently(10)) as answer:
            return ocsp.load_der_ocsp_response(answer.read()).certificate_status

    def test_people_sign_in_while_the_places_of_the_api_are_besieged(self):
        with siege.siege(TLS, self.api, MORE_THAN_A_SHARE):
            for _ in range(HONEST):
                self.assertEqual(USER_EMAIL, self.world.user().get("me")["email"])

    def test_somebody_behind_the_same_address_is_served_too(self):
        with siege.siege(TLS, self.api, MORE_THAN_A_SHARE, source=self.control.address):
            for _ in range(HONEST):
                self.assertEqual(200, self.control.api().raw("GET", "/healthz")[0])

    def test_slow_heads_keep_nobody_out(self):
        with siege.siege(SLOW_HEAD, self.api, MORE_THAN_A_SHARE):
            for _ in range(HONEST):
                self.assertEqual(200, self.control.api().raw("GET", "/healthz")[0])

    def test_half_read_bodies_cost_a_bounded_memory(self):
        with siege.siege(HALF_BODY, self.api, MORE_THAN_A_SHARE):
            self.world.user()
            self.assertLessEqual(self.counted("held_bytes", listener="api"), 8 * MIB + MIB)
            self.assertGreater(self.counted("held_bytes_made_way_total", listener="api"), 0)

    def test_the_status_of_certificates_is_told_while_its_places_are_besieged(self):
        address = (self.control.address, self.control.ports["ocsp"])
        with siege.siege(PLAIN, address, MORE_THAN_A_SHARE_OF_OCSP):
            for _ in range(HONEST):
                self.assertEqual(ocsp.OCSPCertStatus.GOOD, self.status_of_entry())

    def test_people_attach_and_stay_while_the_places_of_the_entry_are_besieged(self):
        entry = self.world.nodes["entry-1"]
        user = self.world.user()
        with DataPlane.start(user) as before:
            self.assertIsNone(before.request())
            with siege.siege(UPGRADE, (entry.address, entry.ports["data"]), 4 * PLACES_OF_ENTRY):
                for _ in range(HONEST):
                    self.attach_and_echo(user)
                self.assertEqual(b"as before", before.echo(b"as before"))

    def test_all_are_served_while_all_listeners_are_besieged_at_once(self):
        ocsp_at = (self.control.address, self.control.ports["ocsp"])
        entry = self.world.nodes["entry-1"]
        user = self.world.user()
        with contextlib.ExitStack() as sieges:
            for kind, address, count in (
                    (TLS, self.api, MORE_THAN_A_SHARE),
                    (PLAIN, ocsp_at, MORE_THAN_A_SHARE_OF_OCSP),
                    (UPGRADE, (entry.address, entry.ports["data"]), 4 * PLACES_OF_ENTRY)):
                sieges.enter_context(siege.siege(kind, address, count))
            for _ in range(HONEST):
                self.assertEqual(USER_EMAIL, self.world.user().get("me")["email"])
                self.assertEqual(ocsp.OCSPCertStatus.GOOD, self.status_of_entry())
                self.attach_and_echo(user)

    def test_what_strangers_cause_is_counted_and_fills_no_log(self):
        entry = self.world.nodes["entry-1"]
        for address in (self.api, (entry.address, entry.ports["data"])):
            for _ in range(JUNK):
                with contextlib.suppress(OSError), \
                        socket.create_connection(address, patiently(10)) as stranger:
                    stranger.sendall(b"GET / HTTP/1.0\r\n\r\n")
                    stranger.recv(100)
        self.assertGreaterEqual(self.counted("handshakes_failed_total", listener="api"), JUNK)
        self.assertIn(len(self.control.log_events("http.tls_refused")), range(1, 10))
        failed = entry.fabric_log().count('"handshake.failed","listener":"data_plane"')
        self.assertIn(failed, range(1, 10))


if __name__ == "__main__":
    unittest.main()
