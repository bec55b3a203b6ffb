"""The two paths that are compared: client → entry → relay → egress → target, three encrypted hops
between four processes, once by our programs and once by haproxy with mutual TLS."""

import pathlib
import subprocess

import haproxy
from harness.rap import Forward
from harness.world import ORGANIZATION, World

HOPS = ("client", "entry", "relay", "egress")


class Ours:
    """`rap forward` and three rap-fabric."""

    def __init__(self, target):
        self.world = World()
        self.world.add_resource("bench", *target)
        self.world.wait_settled()
        person = self.world.person()
        self.forward = Forward(person, "bench", "--organization", ORGANIZATION)
        self.address = self.forward.address
        fabrics = {node.name.removesuffix("-1"): node.fabric_pid()
                   for node in self.world.nodes.values()}
        self.pids = {"client": self.forward.popen.pid, **fabrics}

    def close(self):
        self.forward.close()
        self.world.close()


class Haproxy:
    def __init__(self, folder, target):
        self.folder = pathlib.Path(folder)
        self._pki()
        self.processes = {}
        following = f"{target[0]}:{target[1]}"
        for index in reversed(range(len(HOPS))):
            following = self._hop(index, following)
        host, port = following.split(":")
        self.address = (host, int(port))
        self.pids = {name: process.pid for name, process in self.processes.items()}

    def _pki(self):
        subprocess.run(
            ["bash", "-euc", """
             openssl ecparam -name prime256v1 -genkey -noout -out ca.key
             openssl req -x509 -new -key ca.key -sha256 -days 2 -subj /CN=bench -out ca.crt
             openssl ecparam -name prime256v1 -genkey -noout -out node.key
             openssl req -new -key node.key -subj /CN=node -out node.csr
             echo subjectAltName=IP:127.0.0.1 >ext
             openssl x509 -req -in node.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 \
               -sha256 -extfile ext -out node.crt
             cat node.crt node.key >node.pem"""],
            cwd=self.folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _hop(self, index, following):
        """One haproxy that leads to `following`; returns its own address."""
        mutual = haproxy.mutual(self.folder / "node.pem", self.folder / "ca.crt")
        name = HOPS[index]
        self.processes[name], here = haproxy.start(
            self.folder, name, following, accepts=mutual if index > 0 else "",
            dials=mutual if index < len(HOPS) - 1 else "")
        return here

    def close(self):
        for process in self.processes.values():
            process.kill()
