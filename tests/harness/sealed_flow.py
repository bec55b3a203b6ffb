"""A client's end of a sealed flow, written from docs/protocol/flows.md and the Noise
framework, and not from the code: a second opinion. It asks for no second path."""

import base64
import hashlib
import hmac
import struct
import uuid

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from harness import frames

NAME = b"Noise_IK_25519_AESGCM_SHA256"
PROLOGUE = b"rap-flow-v2"
OPENS = 1
WINDOW = 4 * 1024 * 1024  # what the egress may have on the way
CREDIT_STEP = 64 * 1024
_POSITION = struct.Struct(">QQB")


def raw(public_key):
    return public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class ClientKeys:
    """The two keys of one client."""

    def __init__(self):
        self.flow = X25519PrivateKey.generate()
        self.proof = Ed25519PrivateKey.generate()

    @property
    def public(self):
        """As the control plane is told them."""
        return {"flow_key": _b64(raw(self.flow.public_key())),
                "proof_key": _b64(raw(self.proof.public_key()))}


class Egress:
    """One of those that an attachment names."""

    def __init__(self, told):
        self.id = uuid.UUID(told["node"]).bytes
        self.key = X25519PublicKey.from_public_bytes(
            base64.urlsafe_b64decode(told["flow_key"] + "="))


class Records:
    """What is sealed one way; the nonce is the number of the record."""

    def __init__(self, key):
        self._cipher = AESGCM(key)
        self._number = 0

    def _nonce(self):
        self._number += 1
        return bytes(4) + struct.pack(">Q", self._number - 1)

    def seal(self, plain, associated):
        return self._cipher.encrypt(self._nonce(), plain, associated)

    def open(self, sealed, associated):
        return self._cipher.decrypt(self._nonce(), sealed, associated)


class Handshake:
    """Noise IK, of the side that begins."""

    def __init__(self, own, responder):
        self._own, self._responder = own, responder
        self._ephemeral = X25519PrivateKey.generate()
        self._hash = self._chain = NAME.ljust(32, b"\0")
        self._records = None
        self._mix_hash(PROLOGUE)
        self._mix_hash(raw(responder))

    def _mix_hash(self, data):
        self._hash = hashlib.sha256(self._hash + data).digest()

    def _two_keys(self, secret):
        master = hmac.digest(self._chain, secret, "sha256")
        first = hmac.digest(master, b"\1", "sha256")
        return first, hmac.digest(master, first + b"\2", "sha256")

    def _mix_key(self, secret):
        self._chain, key = self._two_keys(secret)
        self._records = Records(key)

    def _encrypt(self, plain):
        sealed = self._records.seal(plain, self._hash)
        self._mix_hash(sealed)
        return sealed

    def first(self, payload):
        ephemeral = raw(self._ephemeral.public_key())
        self._mix_hash(ephemeral)
        self._mix_key(self._ephemeral.exchange(self._responder))
        own = self._encrypt(raw(self._own.public_key()))
        self._mix_key(self._own.exchange(self._responder))
        return ephemeral + own + self._encrypt(payload)

    def second(self, message):
        """(what it carries, records to seal, records to open)"""
        ephemeral, sealed = message[:32], message[32:]
        self._mix_hash(ephemeral)
        self._mix_key(self._ephemeral.exchange(X25519PublicKey.from_public_bytes(ephemeral)))
        self._mix_key(self._own.exchange(X25519PublicKey.from_public_bytes(ephemeral)))
        payload = self._records.open(sealed, self._hash)
        sends, receives = self._two_keys(b"")
        return payload, Records(sends), Records(receives)


class SealedFlow:
    """What goes to the egress under one label, as whole frames, and what comes from there."""

    def __init__(self, keys, egress, label=1, traffic_class=frames.INPUT):
        self.label, self.traffic_class = label, traffic_class
        self._egress = egress
        self._handshake = Handshake(keys.flow, egress.key)
        self._sends = self._receives = None
        self._sent = self._received = 0
        self._finished = False
        self._uncredited = 0
        self.flow_id = None

    def _frame(self, kind, payload):
        return frames.frame(kind, self.label, payload, self.traffic_class)

    def request(self, token, sealed_token=None):
        """Asks the entry with `token`; the egress reads another one if there is one for it."""
        first = self._handshake.first(bytes([OPENS, self.traffic_class]) + (sealed_token or token))
        return self._frame(frames.FLOW_REQUEST, frames.flow_request(
            self._egress.id, token, first))

    def accept(self, message):
        payload, self._sends, self._receives = self._handshake.second(message)
        self.flow_id = payload[:16]
        received, _, finished = _POSITION.unpack(payload[16:])
        assert (received, finished) == (0, 0), "a new flow has had nothing"

    def _seal(self, kind, plain, *position):
        associated = bytes([kind]) + b"".join(struct.pack(">Q", each) for each in position)
        return self._frame(kind, self._sends.seal(plain, associated))

    def data(self, plain):
        self._sent += len(plain)
        return self._seal(frames.DATA, plain, self._sent - len(plain))

    def end(self):
        """No more data from us."""
        return self._seal(frames.FLOW_END, b"", self._sent)

    def acknowledge(self):
        """What arrived, for the egress, and what the hops between are owed."""
        position = _POSITION.pack(self._received, self._received + WINDOW, self._finished)
        said = self._seal(frames.FLOW_ACK, position)
        if self._uncredited >= CREDIT_STEP:
            said += frames.credit(self.label, self._uncredited, self.traffic_class)
            self._uncredited = 0
        return said

    def close(self, why=0):
        return self._seal(frames.FLOW_CLOSE, bytes([why]))

    def open(self, kind, payload):
        """What a record of the egress says."""
        placed = kind in (frames.DATA, frames.FLOW_END)
        plain = self._receives.open(
            payload, bytes([kind]) + (struct.pack(">Q", self._received) if placed else b""))
        self._uncredited += len(plain)
        if kind == frames.DATA:
            self._received += len(plain)
        elif kind == frames.FLOW_END:
            self._finished = True
        return plain
