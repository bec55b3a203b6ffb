"""A hostile node: dials a fabric's node port with any certificate and speaks frames."""

import contextlib
import socket
import ssl

from harness import frames
from harness.wait import patiently


class Channel:
    def __init__(self, node, ca_file, certificate=None, key=None, timeout=10):
        context = ssl.create_default_context(cafile=str(ca_file))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False
        if certificate:
            context.load_cert_chain(certificate, key)
        raw = socket.create_connection((node.address, node.ports["fabric"]), patiently(timeout))
        try:
            self.socket = context.wrap_socket(raw)
        except BaseException:
            raw.close()
            raise
        self._pending = b""

    def send(self, data):
        self.socket.sendall(data)

    def receive(self):
        """The next frame, or None when the peer has ended the connection."""
        while True:
            found, rest = frames.split(self._pending)
            if found:
                kind, traffic_class, label, payload = found[0]
                self._pending = self._pending[frames.HEADER.size + len(payload):]
                return kind, traffic_class, label, payload
            self._pending = rest
            try:
                more = self.socket.recv(65536)
            except (ssl.SSLError, ConnectionError):
                return None
            if not more:
                return None
            self._pending += more

    def received_until_closed(self):
        """Every frame the peer sends before it closes."""
        found = []
        while frame := self.receive():
            found.append(frame)
        return found

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.close()
