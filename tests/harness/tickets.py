"""A peer that keeps session tickets and offers them, as OpenSSL does for whoever asks it to
(RFC 8446 §4.2.11, §4.6.1)."""

import socket
import ssl
import struct

from harness.wait import patiently

PRE_SHARED_KEY = 41  # the extension with which a ticket is offered
_RECORD = struct.Struct(">BHH")
_FIXED_PART = 4 + 2 + 32  # of a ClientHello: its header, the version, the random


def client_context(ca_file, certificate=None, key=None):
    context = ssl.create_default_context(cafile=str(ca_file))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    if certificate:
        context.load_cert_chain(certificate, key)
    return context


def generous_context(ca_file, certificate, key):
    """A server that wants a certificate and gives tickets for it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(str(ca_file))
    context.load_cert_chain(certificate, key)
    return context


def extensions_of(hello):
    """The numbers of the extensions in the record of a ClientHello."""
    record, _, size = _RECORD.unpack_from(hello)
    assert record == 22 and hello[_RECORD.size] == 1 and len(hello) >= _RECORD.size + size
    at = _RECORD.size + _FIXED_PART
    at += 1 + hello[at]  # the session's id
    at += 2 + int.from_bytes(hello[at:at + 2], "big")  # the suites
    at += 1 + hello[at]  # the methods of compression
    end = at + 2 + int.from_bytes(hello[at:at + 2], "big")
    at += 2
    found = []
    while at < end:
        number, length = struct.unpack_from(">HH", hello, at)
        found.append(number)
        at += 4 + length
    return found


class MemoryEnd:
    """One end of a connection without a socket."""

    def __init__(self, context, *, server=False, session=None):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=server,
                                    session=session)
        self.shaken = False

    def go_on(self):
        """What it has to say next."""
        try:
            if not self.shaken:
                self.tls.do_handshake()
                self.shaken = True
        except ssl.SSLWantReadError:
            pass
        return self.outgoing.read()


def connect_in_memory(client_side, server_side, session=None):
    """The client's end of a connection that was made and heard of tickets."""
    client = MemoryEnd(client_side, session=session)
    server = MemoryEnd(server_side, server=True)
    while not (client.shaken and server.shaken):
        server.incoming.write(client.go_on())
        client.incoming.write(server.go_on())
    server.tls.write(b"x")
    client.incoming.write(server.outgoing.read())
    assert client.tls.read(1) == b"x"
    return client.tls


class TicketChannel:
    """A connection to a node's port on which a session is offered that was made elsewhere."""

    def __init__(self, node, context, session, timeout=10):
        self.socket = socket.create_connection((node.address, node.ports["fabric"]),
                                               patiently(timeout))
        self.end = MemoryEnd(context, session=session)
        self.offered = []  # extensions in our ClientHello

    def shake_hands(self):
        """Raises when the other side does not want to."""
        while not self.end.shaken:
            said = self.end.go_on()
            self.offered = self.offered or extensions_of(said)
            self.socket.sendall(said)
            if not self.end.shaken:
                self._take()

    def _take(self):
        more = self.socket.recv(65536)
        if not more:
            raise ConnectionError("the other side has ended it")
        self.end.incoming.write(more)

    @property
    def tls(self):
        return self.end.tls

    def send(self, data):
        self.tls.write(data)
        self.socket.sendall(self.end.outgoing.read())

    def receive(self):
        """Some bytes of what the other side says."""
        while True:
            try:
                return self.tls.read(65536)
            except ssl.SSLWantReadError:
                self._take()

    def close(self):
        self.socket.close()
