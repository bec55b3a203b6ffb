"""Opens a backup that is sealed to a recipient, written from docs/operations/backup-file.md."""

import base64
import hashlib
import hmac
import json
import pathlib
import struct

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK = 65536
TAG = 16
KEY_PREFIX = "rap-backup-key-"


def _sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def _hkdf(chaining_key, data):
    def mac(key, message):
        return hmac.new(key, message, hashlib.sha256).digest()
    key = mac(chaining_key, data)
    first = mac(key, b"\1")
    return first, mac(key, first + b"\2")


def read_key(path):
    line, = [line for line in pathlib.Path(path).read_text().splitlines()
             if line and not line.startswith("#")]
    raw = base64.urlsafe_b64decode(line.removeprefix(KEY_PREFIX))
    assert _sha256(KEY_PREFIX.encode(), raw[:32])[:4] == raw[32:]
    return X25519PrivateKey.from_private_bytes(raw[:32])


def _open_header(header, message, key):
    """Noise_N_25519_AESGCM_SHA256: the key of the chunks."""
    public = key.public_key().public_bytes(serialization.Encoding.Raw,
                                           serialization.PublicFormat.Raw)
    chaining_key = digest = b"Noise_N_25519_AESGCM_SHA256".ljust(32, b"\0")
    for part in (header, public, message[:32]):
        digest = _sha256(digest, part)
    shared = key.exchange(X25519PublicKey.from_public_bytes(message[:32]))
    chaining_key, first = _hkdf(chaining_key, shared)
    assert AESGCM(first).decrypt(bytes(12), message[32:], digest) == b""
    return _hkdf(chaining_key, b"")[0]


def unseal(data, key):
    assert data[:13] == b"rap-backup\0\1\2", data[:13]
    cipher = AESGCM(_open_header(data[:45], data[45:93], key))
    chunks = [data[at:at + CHUNK + TAG] for at in range(93, len(data), CHUNK + TAG)]
    return b"".join(
        cipher.decrypt(bytes(4) + struct.pack(">Q", number), chunk,
                       b"\1" if number == len(chunks) - 1 else b"\0")
        for number, chunk in enumerate(chunks))


class Content:
    """manifest, {path: (mode, content)} and the dump."""

    def __init__(self, plain):
        self._left = plain
        self.files = {}
        assert self._take(1) == b"\1"
        self.manifest = json.loads(self._take(*struct.unpack(">I", self._take(4))))
        while (kind := self._take(1)) == b"\2":
            path = self._take(*struct.unpack(">H", self._take(2))).decode()
            mode, size = struct.unpack(">HQ", self._take(10))
            self.files[path] = (mode, self._take(size))
        assert kind == b"\3"
        self.dump = b""
        while size := struct.unpack(">I", self._take(4))[0]:
            self.dump += self._take(size)
        assert self._take(1) == b"\0" and self._left == b""

    def _take(self, size):
        assert len(self._left) >= size
        taken, self._left = self._left[:size], self._left[size:]
        return taken


def read_backup(path, key_file):
    return Content(unseal(pathlib.Path(path).read_bytes(), read_key(key_file)))
