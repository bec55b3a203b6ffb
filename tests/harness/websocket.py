"""A WebSocket client (RFC 6455) that can also misbehave."""

import base64
import hashlib
import os
import select
import socket
import ssl
import struct

from harness.wait import patiently

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PATH = "/rap/v1/data-plane"
SUBPROTOCOL = "rap.v1"
BINARY, CLOSE, PING, PONG = 2, 8, 9, 10


class Refused(Exception):
    """The server did not switch protocols."""

    def __init__(self, status, head):
        super().__init__(head)
        self.status = status


class Closed(Exception):
    """The server closed; code is None when it just went away."""

    def __init__(self, code=None):
        super().__init__(f"closed with {code}")
        self.code = code


def tls_connect(host, port, ca_file, certificate=None, key=None, timeout=10):
    context = ssl.create_default_context(cafile=str(ca_file))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if certificate:
        context.load_cert_chain(certificate, key)
    raw = socket.create_connection((host, port), timeout=patiently(timeout))
    try:
        return context.wrap_socket(raw, server_hostname=host)
    except BaseException:
        raw.close()
        raise


class WebSocket:
    def __init__(self, host, port, ca_file, *, path=PATH, headers=None, version="HTTP/1.1",
                 timeout=10):
        self.socket = tls_connect(host, port, ca_file, timeout=timeout)
        key = base64.b64encode(os.urandom(16))
        wanted = {"Host": f"{host}:{port}", "Upgrade": "websocket", "Connection": "Upgrade",
                  "Sec-WebSocket-Key": key.decode(), "Sec-WebSocket-Version": "13",
                  "Sec-WebSocket-Protocol": SUBPROTOCOL, **(headers or {})}
        # A header that is a list has a line for each of its values; one that is None has none.
        each = ((k, v if isinstance(v, list) else [v]) for k, v in wanted.items() if v is not None)
        lines = [f"GET {path} {version}", *(f"{k}: {v}" for k, vs in each for v in vs)]
        self.socket.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
        head = b""
        while b"\r\n\r\n" not in head:
            head += self._read(1)
        status = int(head.split()[1])
        if status != 101:
            self.close()
            raise Refused(status, head.decode(errors="replace"))
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        assert accept in head, "the server did not prove that it read our key"

    def _read(self, count):
        data = b""
        while len(data) < count:
            try:
                more = self.socket.recv(count - len(data))
            except ssl.SSLEOFError:
                more = b""
            except ConnectionError:
                more = b""
            if not more:
                raise Closed()
            data += more
        return data

    def send_raw(self, data):
        try:
            self.socket.sendall(data)
        except (ssl.SSLEOFError, ConnectionError) as e:
            raise Closed() from e

    def send(self, payload, opcode=BINARY, fin=True, masked=True):
        length = len(payload)
        first = bytes([(0x80 if fin else 0) | opcode])
        bit = 0x80 if masked else 0
        if length < 126:
            head = first + bytes([bit | length])
        elif length < 1 << 16:
            head = first + bytes([bit | 126]) + struct.pack(">H", length)
        else:
            head = first + bytes([bit | 127]) + struct.pack(">Q", length)
        if masked:
            mask = os.urandom(4)
            head += mask
            wide = (mask * (length // 4 + 1))[:length]
            payload = (int.from_bytes(payload, "big") ^ int.from_bytes(wide, "big")).to_bytes(
                length, "big")
        self.send_raw(head + payload)

    def wait(self, seconds):
        """Whether something came."""
        return self.socket.pending() > 0 or bool(select.select([self.socket], [], [], seconds)[0])

    def receive(self):
        """The next binary message; answers pings, raises Closed on a close."""
        while True:
            first, second = self._read(2)
            length = second & 0x7F
            if length == 126:
                length = struct.unpack(">H", self._read(2))[0]
            elif length == 127:
                length = struct.unpack(">Q", self._read(8))[0]
            assert not second & 0x80, "a server must not mask"
            payload = self._read(length)
            opcode = first & 0x0F
            if opcode == PING:
                self.send(payload, PONG)
            elif opcode == CLOSE:
                raise Closed(struct.unpack(">H", payload[:2])[0] if len(payload) > 1 else None)
            elif opcode == BINARY:
                return payload

    def close(self):
        self.socket.close()
