"""The two paths that are compared: client → entry → relay → egress → target, three encrypted hops
between four processes, once by our programs and once by haproxy with mutual TLS."""

import pathlib
import subprocess

from harness.addresses import free_port
from harness.process import Process
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
        mutual = f"ssl crt {self.folder}/node.pem ca-file {self.folder}/ca.crt verify required"
        accepts = mutual if index > 0 else ""
        dials = mutual if index < len(HOPS) - 1 else ""
        here = f"127.0.0.1:{free_port('127.0.0.1')}"
        config = self.folder / f"{HOPS[index]}.cfg"
        config.write_text(f"""global
  ssl-default-bind-options ssl-min-ver TLSv1.3
  ssl-default-server-options ssl-min-ver TLSv1.3
  nbthread 1
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen hop
  bind {here} {accepts}
  server next {following} {dials}
""")
        process = Process(["haproxy", "-db", "-f", config], self.folder / f"{HOPS[index]}.log")
        self.processes[HOPS[index]] = process
        process.wait_for(lambda: _listens(here), f"haproxy to listen on {here}")
        return here

    def close(self):
        for process in self.processes.values():
            process.kill()


def _listens(address):
    host, port = address.split(":")
    wanted = f"{int.from_bytes(bytes(map(int, host.split('.'))), 'little'):08X}:{int(port):04X}"
    return any(line.split()[1] == wanted and line.split()[3] == "0A"
               for line in open("/proc/net/tcp", encoding="ascii").readlines()[1:])
