"""Nothing is resumed between nodes, so that every connection proves its certificate anew: a hostile
peer with OpenSSL has a ticket and offers it over real TLS to a real rap-fabric, and hands tickets
out to one that dials it."""

import socket
import ssl
import unittest

from harness import namespaces, tickets
from harness.lone import revocation
from harness.pair import Pair, set_up_hosts
from harness.wait import patiently


def setUpModule():
    set_up_hosts()


class Resumption(Pair):
    def setUp(self):
        super().setUp()
        self.ca = self.folder / "root.pem"
        self.ca.write_text(self.authority.pem)

    def generous(self):
        """A server with the listener's own certificate that gives tickets."""
        return tickets.generous_context(self.ca, **self.listener.identity_files())

    def client(self, node=None):
        return tickets.client_context(self.ca, **(node.identity_files() if node else {}))

    def channel(self, context):
        """A connection to the listener, about to offer a ticket that was made with `context`."""
        session = tickets.connect_in_memory(context, self.generous()).session
        self.assertTrue(session.has_ticket)
        channel = tickets.TicketChannel(self.listener, context, session)
        self.addCleanup(channel.close)
        return channel

    def assert_refused(self, channel):
        """It offers its ticket, and hears nothing of a node."""
        try:
            channel.shake_hands()
            channel.send(self.hello())
            said = channel.receive()
        except (ssl.SSLError, ConnectionError):
            said = b""
        self.assertIn(tickets.PRE_SHARED_KEY, channel.offered)
        self.assertFalse(channel.tls.session_reused)
        self.assertEqual(b"", said)
        self.assertNotIn("established", [to for to, _ in self.listener.transitions()])

    def test_the_same_ticket_resumes_where_resumption_exists(self):
        context, server = self.client(self.dialler), self.generous()
        session = tickets.connect_in_memory(context, server).session
        self.assertTrue(tickets.connect_in_memory(context, server, session).session_reused)

    def test_an_offered_ticket_resumes_nothing_and_certificates_are_shown(self):
        self.only_listener()
        channel = self.channel(self.client(self.dialler))
        channel.shake_hands()
        self.assertIn(tickets.PRE_SHARED_KEY, channel.offered)
        self.assertFalse(channel.tls.session_reused)
        self.assertIsNotNone(channel.tls.getpeercert(binary_form=True))
        # It is the certificate that proves who is there: the channel is the dialler's.
        channel.send(self.hello())
        self.listener.wait_transition("established", peer=self.dialler)
        self.assertTrue(channel.receive())
        self.assertFalse(channel.tls.session.has_ticket, "there is none to come again with")

    def test_a_ticket_stands_for_no_certificate(self):
        self.only_listener()
        self.assert_refused(self.channel(self.client()))
        self.wait_refused_handshake("tls_handshake_failed")
        self.assertIn("did not return a certificate", self.listener.log("handshake.failed"))

    def test_a_ticket_from_before_it_was_revoked_helps_nobody(self):
        self.only_listener()
        channel = self.channel(self.client(self.dialler))
        self.listener.configure(revocations=[revocation(self.dialler.certificate)])
        self.assert_refused(channel)
        self.listener.wait_transition("failed", "certificate_revoked")

    def test_a_node_that_dials_keeps_no_ticket(self):
        trap = self.node("hostile")  # whom we play
        server = tickets.generous_context(self.ca, **trap.identity_files())
        with socket.create_server((trap.address, trap.ports["fabric"])) as listening:
            listening.settimeout(patiently(40))
            self.dialler.start()
            self.dialler.configure(peers=[self.dialler.peer(trap, dial=True)])
            for attempt in range(3):
                raw, _ = listening.accept()
                with raw:
                    raw.settimeout(patiently(10))
                    hello = raw.recv(16384, socket.MSG_PEEK)
                    self.assertNotIn(tickets.PRE_SHARED_KEY, tickets.extensions_of(hello),
                                     f"attempt {attempt}")
                    with server.wrap_socket(raw, server_side=True) as tls:
                        self.assertTrue(tls.recv(1), "its hello")
                        self.assertFalse(tls.session_reused)
                        self.assertIsNotNone(tls.getpeercert(binary_form=True))
                        tls.sendall(b"\0")  # after the tickets


if __name__ == "__main__":
    namespaces.enter()
    unittest.main()
