r"""A session across three nodes on a network where nothing else leads to the target.

   client ------ entry-1 ------ relay-1 ------ egress-1 ------ target
      \             \              |              /         sshd, echo
       '-------------'--------- control ---------'

Each name is a network namespace with one address of its own; a line is a cable, and nobody forwards
packets. So the client reaches the entry and the control plane only, and only the egress reaches the
target. What crosses the cables is captured.
"""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import unittest

from harness import namespaces
from harness.process import BIN, BUILD, Process
from harness.rap import Forward
from harness.ssh import SshHost, scp
from harness.stream import Stream
from harness.wait import patiently, until
from harness.world import World

HOSTS = ("client", "control", "entry-1", "relay-1", "egress-1", "target")
MIB = 1024 * 1024


class Capture:
    """Everything that crosses one cable, seen from `host` towards `neighbour`."""

    def __init__(self, folder, hosts, host, neighbour):
        self.file = folder / f"{host}-{neighbour}.pcap"
        self.process = Process(
            ["tcpdump", "-i", neighbour, "-s", "0", "-U", "--immediate-mode", "-Z", "root",
             "-w", self.file], folder / f"{host}-{neighbour}.tcpdump.log",
            prefix=hosts.prefix(host))
        self.process.wait_for(lambda: "listening on" in self.process.log(), "tcpdump")

    def bytes(self):
        self.process.stop()
        return self.file.read_bytes()

    def packets_of(self, address):
        return subprocess.run(["tcpdump", "-n", "-r", self.file, "host", address], check=True,
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


class ThreeHops(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hosts = namespaces.Namespaces(*HOSTS)
        cls.addClassCleanup(cls.hosts.close)
        for one, other in (("client", "entry-1"), ("entry-1", "relay-1"), ("relay-1", "egress-1"),
                           ("egress-1", "target"), ("client", "control"), ("entry-1", "control"),
                           ("relay-1", "control"), ("egress-1", "control")):
            cls.hosts.cable(one, other)
        cls.world = World(hosts=cls.hosts)
        cls.addClassCleanup(cls.world.close)
        target = cls.hosts.prefix("target")
        cls.address = cls.hosts.address("target")
        host = SshHost(cls.world, cls.address, prefix=target)
        cls.addClassCleanup(host.close)
        cls.sshd = host.sshd
        cls.plain = Process([BUILD / "bench" / "load", "serve", cls.address, "0"],
                            cls.world.folder / "plain.log", prefix=target)
        cls.addClassCleanup(cls.plain.stop)
        port = json.loads(until(cls.plain.log, "the plain target"))["port"]
        host.offer("office-ssh")
        cls.world.add_resource("office-plain", cls.address, port)
        cls.world.wait_settled()
        cls.person = host.person()

    def test_only_the_egress_reaches_the_target(self):
        with self.assertRaises(OSError):
            socket.create_connection((self.address, self.sshd.port), timeout=patiently(3))
        probe = ("import socket,sys; "
                 f"socket.create_connection((sys.argv[1], int(sys.argv[2])), {patiently(3)})")
        reached = [name for name in HOSTS if subprocess.run(
            [*self.hosts.prefix(name), "/usr/bin/python3", "-c", probe, self.address,
             str(self.sshd.port)], check=False, stderr=subprocess.DEVNULL).returncode == 0]
        self.assertEqual(["egress-1", "target"], reached)

    def test_an_ssh_session_works(self):
        done = self.person.run("ssh", "office-ssh", "--", "echo $SSH_CONNECTION; exit 3")
        self.assertEqual(3, done.returncode, done.stderr)
        self.assertEqual(self.hosts.address("egress-1"), done.stdout.split()[0],
                         "the target sees the egress and nobody behind it")

    def test_a_file_arrives_whole_in_both_directions(self):
        folder = self.world.folder
        original, there, back = (folder / name for name in ("original", "there", "back"))
        original.write_bytes(os.urandom(32 * MIB))
        to = f"{self.sshd.user}@office-ssh"
        scp(self.person, self.sshd, "office-ssh", original, f"{to}:{there}")
        scp(self.person, self.sshd, "office-ssh", f"{to}:{there}", back)
        digest = lambda path: hashlib.sha256(path.read_bytes()).hexdigest()
        self.assertEqual({digest(original)}, {digest(there), digest(back)})

    def test_sshuttle_leads_to_a_network_that_only_the_resource_reaches(self):
        if not shutil.which("sshuttle"):
            self.skipTest("sshuttle is not installed")
        plain = (self.address, json.loads(self.plain.log())["port"])
        # The rule lets it go as a default route would: the firewall's turn comes after the choice
        # of one.
        away = ["ip", "route", "add", f"{self.address}/32", "via", self.hosts.address("entry-1"),
                "onlink", "dev", "entry-1"]
        self.hosts.run("client", *away)
        self.addCleanup(self.hosts.run, "client", *["del" if w == "add" else w for w in away])
        shuttle = Process(
            ["sshuttle", "--method", "nat", "--disable-ipv6", "-e", "rap ssh",
             "-r", f"{self.sshd.user}@office-ssh", f"{self.address}/32"],
            self.world.folder / "sshuttle.log",
            env={**self.person.environment, **namespaces.as_root(self.world.folder),
                 "PATH": f"{BIN.resolve()}:{os.environ['PATH']}"})
        self.addCleanup(shuttle.stop)
        shuttle.wait_for(lambda: "Connected to server" in shuttle.log(), "sshuttle to connect")
        stream = Stream(plain)
        self.addCleanup(stream.close)
        stream.socket.sendall(b"e")  # the echo of bench/load.cpp
        stream.round_trip(os.urandom(MIB))
        stream.close()
        shuttle.stop()
        with self.assertRaises(OSError):
            socket.create_connection(plain, timeout=patiently(1))

    def test_a_capture_of_every_hop_shows_no_plaintext_and_no_target(self):
        folder = self.world.folder
        hops = [Capture(folder, self.hosts, *cable) for cable in (
            ("entry-1", "client"), ("relay-1", "entry-1"), ("relay-1", "egress-1"),
            ("control", "entry-1"), ("control", "relay-1"), ("control", "client"))]
        behind = Capture(folder, self.hosts, "egress-1", "target")
        self.addCleanup(behind.process.stop)
        marker = b"PLAINTEXT-" + os.urandom(8).hex().encode()
        with Forward(self.person, "office-plain") as forward:
            stream = Stream(forward.address)
            self.addCleanup(stream.close)
            stream.socket.sendall(b"e")  # the echo of bench/load.cpp
            for _ in range(50):
                stream.round_trip(marker * 20)
        seen = until(lambda: marker in behind.file.read_bytes(), "the capture behind the egress")
        self.assertTrue(seen, "a capture does show plaintext where there is some")

        secrets = {"the payload": marker, "the target's address": self.address.encode(),
                   "the resource's name": b"office-plain", "a token": b"eyJhbGci",
                   "a node's name": b"egress-1"}
        for hop in hops:
            captured = hop.bytes()
            self.assertGreater(len(captured), 24, f"{hop.file.name} captured something")
            for what, secret in secrets.items():
                self.assertNotIn(secret, captured, f"{hop.file.name} shows {what}")
            self.assertEqual("", hop.packets_of(self.address), "no packet names the target")
        for hop in hops[:3]:
            self.assertGreater(len(hop.file.read_bytes()), 50 * 20 * len(marker),
                               f"the traffic went over {hop.file.name}")


if __name__ == "__main__":
    if not namespaces.enter():
        ThreeHops = unittest.skip("network namespaces need root or user namespaces")(ThreeHops)
    unittest.main()
