"""A connection through a SOCKS 5 proxy (RFC 1928), as a dynamic forward of ssh is one."""

import contextlib
import socket
import struct

from harness.wait import patiently, until


def _opened(port):
    with contextlib.suppress(OSError):
        return socket.create_connection(("127.0.0.1", port), patiently(20))


def connect(port, address):
    """Through the proxy at `port` of this host, once it listens, to an IPv4 address."""
    opened = until(lambda: _opened(port), f"a proxy to listen at {port}")
    host, to = address
    opened.sendall(b"\5\1\0" + b"\5\1\0\1" + socket.inet_aton(host) + struct.pack(">H", to))
    answer = b""
    while len(answer) < 12:
        more = opened.recv(12 - len(answer))
        assert more, answer
        answer += more
    assert answer[:4] == b"\5\0\5\0", answer
    return opened
