"""Agent and data plane as different users, as the units run them: what meets strangers has the keys
of its node in memory alone, and can neither read nor write what the agent keeps."""

import os
import signal
import socket
import subprocess
import unittest

from harness.case import SERVES_WITHIN_S, FabricCase
from harness.process import Process
from harness.unit_node import AGENT, FABRIC, STRANGER, UnitNode, as_user, tried
from harness.wait import patiently, until

# Prints of each file and folder whether it can be read and whether it can be written.
OPEN_EACH = """
import os, sys
for path in sys.argv[1:]:
    def can(flags):
        try:
            os.close(os.open(path, flags | os.O_NONBLOCK))
            return True
        except OSError:
            return False
    if os.path.isdir(path):
        writes = os.access(path, os.W_OK)
    else:
        writes = can(os.O_WRONLY)
    print(path, can(os.O_RDONLY), writes)
"""
# Prints what became of each way to put something in a folder or to take a file away.
PLANT = """
import os, socket, sys
folder, victim = sys.argv[1:]
def tries(what, act):
    try:
        act()
        print(what)
    except OSError:
        pass
new = os.path.join(folder, "planted")
tries("make a file", lambda: os.open(new, os.O_WRONLY | os.O_CREAT))
tries("make a link", lambda: os.symlink("/etc/passwd", new + "-link"))
tries("bind a socket", lambda: socket.socket(socket.AF_UNIX).bind(new + "-socket"))
tries("rename", lambda: os.rename(victim, new + "-renamed"))
tries("remove", lambda: os.unlink(victim))
"""
# Connects, says something, and prints what it hears until it is cut.
SPEAK = """
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.settimeout(30)
try:
    s.sendall(b"\\0\\0\\0\\2{}")
    print(s.recv(65536))
except ConnectionError:
    print(b"")
"""
# Listens, and prints what the first that comes says before it goes.
LISTEN = """
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
s.listen()
print("listening", flush=True)
connection, _ = s.accept()
heard = b""
try:
    while more := connection.recv(65536):
        heard += more
except ConnectionError:
    pass
print("heard", heard, flush=True)
"""


@unittest.skipIf(os.geteuid() != 0, "needs root to become other users")
class TwoUsers(FabricCase):
    MAKE_NODE = UnitNode

    def setUp(self):
        self.world.wait_settled()
        self.entry = self.world.nodes["entry-1"]

    def taken_up(self, node):
        return len(node.logged("fabric.taken_up", node.agent.log()))

    def test_each_program_is_its_own_user_without_rights(self):
        for node in self.world.nodes.values():
            for pid, uid in ((node.agent.pid, AGENT), (node.fabric_pid(), FABRIC)):
                with open(f"/proc/{pid}/status", encoding="ascii") as file:
                    status = file.read()
                self.assertIn("Uid:" + f"\t{uid}" * 4 + "\n", status)
                self.assertIn("CapEff:\t0000000000000000\n", status)
                self.assertIn("NoNewPrivs:\t1\n", status)
        self.live_stream()

    def test_an_agent_that_is_killed_does_not_disturb_traffic(self):
        stream = self.live_stream()
        for name, node in self.world.nodes.items():
            with self.subTest(name):
                fabric, before = node.fabric_pid(), self.taken_up(node)
                node.agent.kill()
                stream.round_trip(f"while the agent of {name} is dead".encode())
                node.start()
                until(lambda node=node, before=before: self.taken_up(node) > before,
                      f"the new agent of {name} to take up the fabric")
                self.assertEqual(fabric, node.fabric_pid())
                stream.round_trip(f"after the agent of {name} came back".encode())
        self.world.wait_settled()

    def test_a_fabric_that_is_killed_is_taken_up_when_it_is_started_again(self):
        for name, node in self.world.nodes.items():
            with self.subTest(name):
                old, before = node.fabric_pid(), self.taken_up(node)
                os.kill(old, signal.SIGKILL)
                node.wait_fabric(but_not=old)
                until(lambda node=node, before=before: self.taken_up(node) > before,
                      f"the agent of {name} to take up the next")
        until(self.works, "a path through the new ones", SERVES_WITHIN_S)

    def test_the_fabric_can_read_and_write_nothing_that_its_agent_keeps(self):
        for name, node in self.world.nodes.items():
            paths = [node.state, *sorted(node.state.rglob("*"))]
            names = {path.name for path in paths}
            self.assertLessEqual({"node.key", "seal.key", "chain.pem", "enrolment.json",
                                  "node_config.dsse", "link.json", "security.db"}, names)
            with self.subTest(name):
                may = tried(FABRIC, OPEN_EACH, *paths, groups=[AGENT]).splitlines()
                self.assertEqual([f"{path} False False" for path in paths], may)
                # The same question has another answer for the agent.
                may = tried(AGENT, OPEN_EACH, *paths).splitlines()
                self.assertEqual([f"{path} True True" for path in paths], may)

    def test_the_fabric_can_plant_nothing_where_its_agent_is(self):
        node = self.entry
        for folder, victim in ((node.state, node.state / "config" / "link.json"),
                               (node.state / "config", node.state / "config" / "link.json"),
                               (node.run, node.socket)):
            with self.subTest(folder):
                self.assertEqual("", tried(FABRIC, PLANT, folder, victim, groups=[AGENT]))
                self.assertTrue(victim.exists())

    def test_no_key_is_on_a_disk_that_the_fabric_can_read(self):
        kept = [path for path in self.entry.own.rglob("*") if path.is_file()]
        self.assertTrue(kept)  # its lock at least
        for path in kept:
            self.assertNotIn(b"PRIVATE KEY", path.read_bytes())
            self.assertNotIn((self.entry.state / "identity" / "seal.key").read_bytes().strip(),
                             path.read_bytes())

    def test_who_is_not_the_fabric_hears_nothing_of_the_agent(self):
        node = self.entry
        refused = lambda: len(node.logged("message_socket.refused", node.agent.log()))
        # Whoever is of its group comes through the folder; one user comes past the agent. Root is
        # not.
        for uid in (STRANGER, AGENT, 0):
            with self.subTest(uid):
                before = refused()
                self.assertEqual("b''\n", tried(uid, SPEAK, node.socket, groups=[AGENT]))
                if uid == STRANGER:
                    self.assertGreater(refused(), before)
        with self.assertRaises(subprocess.CalledProcessError):
            tried(STRANGER, SPEAK, node.socket)
        self.live_stream()  # and the fabric was not pushed aside

    def test_the_fabric_leaves_a_socket_that_somebody_else_planted(self):
        planted = self.world.folder / "planted"
        planted.mkdir()
        planted.chmod(0o777)
        listener = Process(["/usr/bin/python3", "-I", "-c", LISTEN, planted / "s"],
                           self.world.folder / "planted.log", prefix=as_user(STRANGER))
        self.addCleanup(listener.stop)
        listener.wait_for(lambda: "listening" in listener.log(), "the stranger to listen")
        node = UnitNode(self.world.folder, "lured", "127.0.0.1")
        fabric = node.start_fabric(planted / "s")
        self.addCleanup(fabric.stop)
        fabric.wait_for(lambda: "message_socket.refused" in fabric.log(), "the fabric to see it")
        until(lambda: "heard b''" in listener.log(), "the stranger to have heard nothing")

    def test_the_data_plane_tells_systemd_every_second_that_it_is_alive(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind("")  # a free abstract name
            manager.settimeout(patiently(10))
            node = UnitNode(self.world.folder, "watched", "127.0.0.1")
            fabric = node.start_fabric(env={
                "NOTIFY_SOCKET": manager.getsockname().decode().replace("\0", "@")})
            self.addCleanup(fabric.stop)
            for _ in range(2):
                self.assertEqual(b"WATCHDOG=1", manager.recv(100))

    def test_an_agent_opens_no_socket_where_others_can_put_theirs(self):
        node = UnitNode(self.world.folder, "open", "127.0.0.1")
        node.run.chmod(0o770)
        node.start("rapjt1.none")
        self.addCleanup(node.stop)
        self.assertEqual(1, node.agent.popen.wait(patiently(20)))
        self.assertIn("can be written to by others", node.agent.log())

    def test_a_fabric_that_is_asked_to_end_ends_and_another_comes(self):
        """As when the node is readmitted, or the agent's is a copy of another node's directory."""
        node = self.world.nodes["relay-1"]
        old = node.fabric_pid()
        text = b'{"type":"end"}'
        # We are the agent for a moment.
        node.agent.kill()
        script = ("import os, socket, sys; os.umask(0o117); path = sys.argv[1]; os.unlink(path); "
                  "s = socket.socket(socket.AF_UNIX); s.bind(path); s.listen(); "
                  "c, _ = s.accept(); c.sendall(bytes.fromhex(sys.argv[2])); c.recv(65536)")
        tried(AGENT, script, node.socket, (len(text).to_bytes(4, "big") + text).hex())
        node.wait_fabric(but_not=old)
        node.start()
        until(self.works, "a path through the next", SERVES_WITHIN_S)


if __name__ == "__main__":
    unittest.main()
