"""A device's key and its proofs, written from docs/protocol/device-proofs.md."""

import base64
import hashlib
import json
import pathlib
import threading
import time
import uuid

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID


def unpadded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def digest(text):
    data = text.encode() if isinstance(text, str) else text
    return unpadded(hashlib.sha256(data).digest()) if data else ""


def cluster_of(ca_file):
    """The cluster that a root certificate names."""
    root = x509.load_pem_x509_certificate(pathlib.Path(ca_file).read_bytes())
    return root.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value.split()[-1]


class Device:
    def __init__(self):
        self.key = Ed25519PrivateKey.generate()
        self.public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        value = bytearray(hashlib.sha256(b"rap device key\n" + self.public).digest()[:16])
        value[6] = value[6] & 0x0f | 0x80
        value[8] = value[8] & 0x3f | 0x80
        self.id = str(uuid.UUID(bytes=bytes(value)))
        self.nonce = ""  # the server's last one
        self._clusters = {}
        self._lock = threading.Lock()

    def cluster(self, ca_file):
        with self._lock:
            if ca_file not in self._clusters:
                self._clusters[ca_file] = cluster_of(ca_file)
            return self._clusters[ca_file]

    def prove(self, ca_file, method, path, body, headers):
        """The headers with a proof of this request."""
        bearer = headers.get("Authorization", "").removeprefix("Bearer ")
        return {**headers,
                "Device-Proof": self.proof(self.cluster(ca_file), method, path, bearer, body or "")}

    def proof(self, cluster, method, path, bearer, body, **changes):
        header = {"alg": "EdDSA", "kid": self.id, "typ": "rap-device+jwt"}
        claims = {"key": unpadded(self.public), "aud": cluster, "htm": method,
                  "htu": digest(path), "ath": digest(bearer), "body": digest(body),
                  "jti": str(uuid.uuid4()), "iat": int(time.time()), "nonce": self.nonce, **changes}
        signed = ".".join(unpadded(json.dumps(part).encode()) for part in (header, claims))
        return f"{signed}.{unpadded(self.key.sign(signed.encode()))}"

    def asked_again(self, status, content):
        """Whether the answer asks for another proof; its nonce is taken for the next ones."""
        if status != 401 or b"device_proof_stale" not in content:
            return False
        self.nonce = json.loads(content)["nonce"]
        return True
