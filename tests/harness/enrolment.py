"""Enrolling by hand, as a node-agent does."""

import base64
import hashlib
import json
import os

from harness import pki, tokens


class JoinToken:
    """What a host knows before it is a member, and the request it makes with that."""

    def __init__(self, text, name=""):
        self.text, self.name = text, name
        self.said = json.loads(tokens.unb64(text.removeprefix("rapjt1.")))
        self.node = self.said["node"]
        self.key = pki.new_key()
        self.poll_secret = tokens.b64(os.urandom(32))
        self.enrolment = self.request()

    @property
    def uri(self):
        return pki.node_uri(self.said["cluster"], self.node)

    def request(self, csr=None, host="127.0.0.1", **more):
        return {"node_id": self.node, "secret": self.said["secret"],
                "csr": csr or pki.request(self.key, [self.uri], [host]),
                "poll_secret_hash": hashlib.sha256(self.poll_secret.encode()).hexdigest(),
                "seal_key": base64.b64encode(os.urandom(32)).decode(),
                "data_plane_advertise": f"{host}:4443", "fabric_advertise": f"{host}:4444",
                "metadata": {"hostname": "h", "os": "Debian", "software_version": "0"}, **more}

    def another_enrolment(self):
        """With the same token, by somebody else."""
        return self.request(csr=pki.request(pki.new_key(), [self.uri], ["127.0.0.1"]))
