"""One real rap-fabric with a node-agent that is us: it gets the configuration we write."""

import json
import pathlib
import socket
import struct
import subprocess
import threading
import uuid

from harness import frames
from harness.addresses import free_port
from harness.node_config import node_config, peer
from harness.process import BIN, BUILD, Process

HANDSHAKES = BUILD / "bench" / "handshakes"
CLASSES = ("telemetry", "storage_fetch")  # heartbeats every 15 s: an idle channel stays idle
CLASS_BITS = sum(1 << frames.CLASSES.index(name) for name in CLASSES)


def members(folder, count):
    """A cluster with `count` nodes below `folder`; returns its id."""
    cluster = str(uuid.uuid4())
    subprocess.run([HANDSHAKES, "members", folder, cluster, str(count)], check=True)
    return cluster


class LoneFabric:
    """A relay, member 0 of `folder`, whose neighbours are the other members and dial it."""

    def __init__(self, folder, count):
        self.folder = pathlib.Path(folder)
        self.cluster = members(self.folder, count + 1)
        self.count = count
        self.ids = [(self.folder / str(i) / "id").read_text() for i in range(count + 1)]
        for i in range(1, count + 1):
            (self.folder / str(i) / "greeting").write_bytes(self.hello(i, uuid.uuid4().bytes))
        self.address = ("127.0.0.1", free_port("127.0.0.1"))
        (self.folder / "state").mkdir()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.folder / "state" / "agent.sock"))
        self.listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()
        self.process = Process(
            [BIN / "rap-fabric", "--state", self.folder / "state",
             "--data-plane-listen", f"127.0.0.1:{free_port('127.0.0.1')}",
             "--fabric-listen", f"{self.address[0]}:{self.address[1]}"],
            self.folder / "fabric.log")
        self.process.wait_for(lambda: "listener.open" in self.process.log(), "the node listener")

    def _identity(self):
        own = self.folder / "0"
        return {"type": "identity", "worker": [], "control": [], "seal_key": "d" * 42 + "A=",
                "node": {"key": (own / "node.key").read_text(),
                         "chain": (own / "chain.pem").read_text(), "staple": ""}}

    def _config(self):
        return node_config(self.cluster, self.ids[0], "relay-1",
                           (self.folder / "root.pem").read_text(),
                           peers=[peer(node, ["entry"], CLASSES) for node in self.ids[1:]])

    def _serve(self):
        connection, _ = self.listener.accept()
        for message in (self._identity(), {"type": "control", "reachable": True},
                        {"type": "config", "config": self._config(), "documents": []}):
            text = json.dumps(message).encode()
            connection.sendall(struct.pack(">I", len(text)) + text)
        while connection.recv(65536):
            pass

    def hello(self, member, channel, lane=frames.INTERACTIVE):
        ids = (uuid.UUID(self.cluster).bytes, uuid.UUID(self.ids[member]).bytes)
        return frames.frame(frames.HELLO, traffic_class=0, payload=frames.hello(
            *ids, channel=channel, lane=lane, classes=CLASS_BITS))

    def close(self):
        self.process.kill()
        self.listener.close()
