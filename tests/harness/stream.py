"""A TCP connection that is checked byte for byte."""

import contextlib
import socket

from harness.wait import patiently


class Stream:
    def __init__(self, address, timeout=20, *, opened=None):
        self.socket = opened or socket.create_connection(address, patiently(timeout))

    @classmethod
    def over(cls, opened):
        """On a connection that is there already."""
        return cls(None, opened=opened)

    def round_trip(self, data):
        """Sends to an echo and requires the same bytes back."""
        self.socket.sendall(data)
        back = b""
        while len(back) < len(data):
            more = self.socket.recv(len(data) - len(back))
            assert more, f"the stream ended after {back!r}"
            back += more
        assert back == data, f"sent {data!r}, got {back!r}"

    def ended(self):
        """Waits until the other side ends; whether it did."""
        with contextlib.suppress(ConnectionError):
            while self.socket.recv(65536):
                pass
        return True

    def close(self):
        self.socket.close()
