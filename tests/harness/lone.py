"""Real rap-fabric processes whose node-agent and certificate authority are the test itself: it says
what is in each configuration and each certificate, and hears each observation."""

import base64
import contextlib
import datetime
import ipaddress
import json
import os
import pathlib
import queue
import signal
import socket
import struct
import threading
import time
import urllib.request
import uuid

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from harness import frames, metrics, pki
from harness.addresses import free_port
from harness.node_config import node_config, peer
from harness.process import BIN, Process
from harness.wait import patiently, until

HOUR = datetime.timedelta(hours=1)


class Authority:
    """A root that issues node certificates by the profile of docs/protocol."""

    def __init__(self, name="Lone Root"):
        self.key = pki.new_key()
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = self._builder(self.name, self.key.public_key(), -HOUR, 24 * HOUR)
        builder = builder.add_extension(x509.BasicConstraints(True, 0), critical=True)
        self.certificate = builder.add_extension(
            self._usage(key_cert_sign=True, crl_sign=True), critical=True
        ).sign(self.key, hashes.SHA256())

    @property
    def pem(self):
        return pki.pem(self.certificate)

    @staticmethod
    def _usage(**given):
        names = ("digital_signature", "content_commitment", "key_encipherment",
                 "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
                 "encipher_only", "decipher_only")
        return x509.KeyUsage(**{name: given.get(name, False) for name in names})

    def _builder(self, subject, public_key, start, end):
        now = datetime.datetime.utcnow()
        identifier = x509.SubjectKeyIdentifier.from_public_key
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name)
                .public_key(public_key).serial_number(x509.random_serial_number())
                .not_valid_before(now + start).not_valid_after(now + end)
                .add_extension(identifier(public_key), critical=False)
                .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
                    identifier(self.key.public_key())), critical=False))

    def issue_worker(self, cluster, node, address, *, start=-HOUR, end=HOUR):
        """(certificate, key) with which an entry meets clients."""
        uri = pki.node_uri(cluster, node).replace("/node/", "/worker/")
        return self.issue(cluster, node, start=start, end=end, names=[
            x509.UniformResourceIdentifier(uri),
            x509.IPAddress(ipaddress.ip_address(address))])

    def issue(self, cluster, node, *, start=-HOUR, end=HOUR, names=None):
        """(certificate, key) that prove this node."""
        key = pki.new_key()
        builder = self._builder(x509.Name([]), key.public_key(), start, end)
        names = names or [x509.UniformResourceIdentifier(pki.node_uri(cluster, node))]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=True)
        builder = builder.add_extension(x509.BasicConstraints(False, None), critical=True)
        builder = builder.add_extension(self._usage(digital_signature=True), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage(
            [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        return builder.sign(self.key, hashes.SHA256()), key


def sha256(data):
    digest = hashes.Hash(hashes.SHA256())
    digest.update(data)
    return digest.finalize().hex()


def revocation(certificate=None, *, node="", by_key=False, severity="close"):
    """An entry of a configuration's deny list."""
    entry = {"kind": "node", "node": node, "issuer": "", "serial": "", "key": "",
             "severity": severity}
    if certificate is not None and by_key:
        spki = certificate.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        entry.update(kind="key", key=sha256(spki))
    elif certificate is not None:
        serial = f"{certificate.serial_number:x}"
        entry.update(kind="certificate", issuer=sha256(certificate.issuer.public_bytes()),
                     serial=serial.zfill(len(serial) + len(serial) % 2))
    return entry


class LoneNode:
    """One rap-fabric. Not running until start()."""

    def __init__(self, folder, name, cluster, authority, hosts):
        self.name = name
        self.cluster = cluster
        self.id = str(uuid.uuid4())
        self.folder = pathlib.Path(folder) / name
        self.state = self.folder / "state"
        self.state.mkdir(parents=True)
        self.address = hosts.address(name)
        self._prefix = hosts.prefix(name)
        self.ports = {name: free_port(self.address) for name in ("data", "fabric", "metrics")}
        self.certificate, self.key = authority.issue(cluster, self.id)
        self.worker = authority.issue_worker(cluster, self.id, self.address)
        self.config = node_config(cluster, self.id, name, authority.pem, version=0, issued_at=0,
                                  degraded_classes=["input"])
        self.documents = []  # that its configuration comes with
        self.observed = {}
        self.process = None
        self._connection = None
        self._inbox = queue.Queue()

    @property
    def endpoint(self):
        return f"{self.address}:{self.ports['fabric']}"

    def identity_files(self, certificate=None, key=None):
        """For those who play this node, with another certificate of theirs if need be."""
        files = {"certificate": self.folder / "chain.pem", "key": self.folder / "node.key"}
        files["certificate"].write_text(pki.pem(certificate or self.certificate))
        files["key"].write_text(pki.key_pem(key or self.key))
        return files

    def tell_identity(self):
        def credential(certificate, key):
            return {"chain": pki.pem(certificate), "key": pki.key_pem(key), "staple": ""}
        self.tell(type="identity", node=credential(self.certificate, self.key),
                  worker=[credential(*self.worker)], control=[],
                  seal_key=base64.b64encode(b"k" * 32).decode())

    def peer(self, other, *, dial=False, classes=frames.CLASSES, draining=False, bootstrap=False,
             disabled=False):
        """An entry for `other` in this node's list of neighbours."""
        return peer(other.id, other.config["roles"], classes,
                    endpoints=[other.endpoint] if dial else [], draining=draining,
                    disabled=disabled, bootstrap=bootstrap)

    def start(self, *, control=True):
        """`control`: its agent has heard of the control plane."""
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.state / "agent.sock"))
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()
        self.process = Process(
            [BIN / "rap-fabric", "--state", self.state,
             "--data-plane-listen", f"{self.address}:{self.ports['data']}",
             "--metrics-listen", f"{self.address}:{self.ports['metrics']}",
             "--fabric-listen", self.endpoint], self.folder / "fabric.log", prefix=self._prefix)
        until(lambda: self._connection, f"{self.name} to come to its agent")
        self.tell_identity()
        if control:
            self.tell(type="control", reachable=True)
        # Nobody would be let in without security data.
        self.tell(type="security_state", first=True, last=True, epochs=[], blocklist=[])

    def _serve(self):
        connection, _ = self._listener.accept()
        self._connection = connection
        pending = b""
        while more := connection.recv(65536):
            pending += more
            while len(pending) >= 4:
                (size,) = struct.unpack_from(">I", pending)
                if len(pending) < 4 + size:
                    break
                message = json.loads(pending[4:4 + size])
                pending = pending[4 + size:]
                if message.get("type") == "observations":
                    self.observed = message

    def tell(self, **message):
        text = json.dumps(message).encode()
        self._connection.sendall(struct.pack(">I", len(text)) + text)

    def configure(self, **changes):
        """Changes and sends the configuration, and waits until it is in use."""
        self.config.update(changes, version=self.config["version"] + 1)
        if "issued_at" not in changes:
            self.config["issued_at"] = int(time.time())
        self.tell(type="config", config=self.config, documents=self.documents)
        until(lambda: f'"version":{self.config["version"]}' in self.log("config.applied"),
              lambda: f"configuration {self.config['version']} at {self.name}: {self.log()[-800:]}")

    def renew(self, certificate, key):
        self.certificate, self.key = certificate, key
        self.tell_identity()

    def log(self, event=None):
        lines = self.process.log().splitlines()
        return "\n".join(line for line in lines if event is None or f'"{event}"' in line)

    def transitions(self, peer=None):
        """(to, reason) of every transition of a channel with `peer`, in order."""
        found = []
        for line in self.log("channel.state").splitlines():
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                if peer is None or entry["peer"] == peer.id:
                    found.append((entry["to"], entry["reason"]))
        return found

    def wait_transition(self, to, reason="", peer=None, timeout=15, after=0):
        until(lambda: (to, reason) in self.transitions(peer)[after:],
              lambda: f"{to} ({reason}) at {self.name}: {self.transitions(peer)}", timeout)

    def channels(self, peer):
        return [c for c in self.observed.get("channels", []) if c["peer"] == peer.id]

    def counter(self, name):
        return self.observed.get("counters", {}).get(name, 0)

    def metrics(self):
        url = f"http://{self.address}:{self.ports['metrics']}/metrics"
        with urllib.request.urlopen(url, timeout=patiently(5)) as answer:
            return metrics.parse(answer.read().decode())

    def pause(self):
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def flows(self):
        """On all its channels, as it last said."""
        return sum(c["flows"] for c in self.observed.get("channels", []))

    def stop(self):
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                self.resume()
            self.process.kill()
            self._listener.close()
            if self._connection:
                self._connection.close()
