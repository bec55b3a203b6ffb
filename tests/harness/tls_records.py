"""A TLS 1.3 client (RFC 8446) that sends records no library would: empty ones, a byte in each, key
updates without end. Python's ssl makes the handshake; the records after it are sealed here."""

import re
import socket
import ssl
import struct
import tempfile

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from harness.wait import patiently

HANDSHAKE, APPLICATION_DATA = 22, 23  # §5.1
KEY_UPDATE = b"\x18\0\0\1\1"  # §4.6.3: the peer is asked to update too
SUITES = {"TLS_AES_128_GCM_SHA256": (16, hashes.SHA256()),
          "TLS_AES_256_GCM_SHA384": (32, hashes.SHA384())}
IV_BYTES = 12
TAG_BYTES = 16


def stranger_context():
    """Believes whoever answers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Records:
    def __init__(self, address, *, source=None, certificate=None, key=None, timeout=10):
        context = stranger_context()
        if certificate:
            context.load_cert_chain(certificate, key)
        raw = socket.socket()
        raw.settimeout(patiently(timeout))
        try:
            if source:
                raw.bind((source, 0))
            raw.connect(address)
            with tempfile.NamedTemporaryFile("r") as log:
                context.keylog_filename = log.name
                wrapped = context.wrap_socket(raw)
                secret = re.search(r"CLIENT_TRAFFIC_SECRET_0 \w+ (\w+)", log.read())[1]
        except BaseException:
            raw.close()
            raise
        self._key_bytes, self._hash = SUITES[wrapped.cipher()[0]]
        self.socket = socket.socket(fileno=wrapped.detach())
        self.socket.settimeout(patiently(timeout))
        self._use(bytes.fromhex(secret))

    def _use(self, secret):
        self._secret = secret
        self._aead = AESGCM(self._expand("key", self._key_bytes))
        self._iv = int.from_bytes(self._expand("iv", IV_BYTES), "big")
        self._sequence = 0

    def _expand(self, label, length):
        """HKDF-Expand-Label (§7.1), without a context."""
        label = b"tls13 " + label.encode()
        info = struct.pack(">H", length) + bytes([len(label)]) + label + b"\0"
        return HKDFExpand(self._hash, length, info).derive(self._secret)

    def _sealed(self, kind, content):
        inner = content + bytes([kind])
        header = struct.pack(">BHH", APPLICATION_DATA, 0x0303, len(inner) + TAG_BYTES)
        nonce = (self._iv ^ self._sequence).to_bytes(IV_BYTES, "big")
        self._sequence += 1
        return header + self._aead.encrypt(nonce, inner, header)

    def data(self, content):
        """A record with this in it."""
        return self._sealed(APPLICATION_DATA, content)

    def key_update(self):
        record = self._sealed(HANDSHAKE, KEY_UPDATE)
        self._use(self._expand("traffic upd", self._hash.digest_size))
        return record

    def send(self, records):
        self.socket.sendall(records)

    def is_ended(self):
        """Whether the peer ends the connection, whatever it says before that."""
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionError:
            return True
        except TimeoutError:
            return False
        return True

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
