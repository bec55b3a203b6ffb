"""Hosts as network namespaces, joined by cables: nothing is reachable but over a cable."""

import contextlib
import os
import subprocess
import sys

from harness.process import end
from harness.wait import until

_MARK = "RAP_LAB_NAMESPACE"


def enter():
    """Goes on in a network namespace of our own: as root, or in a user namespace where we keep our
    user id (PostgreSQL refuses to run as root) and have the rights of root over the network. False
    when this machine allows neither."""
    if os.environ.get(_MARK):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return True
    options = ["--net", "--mount"]
    if os.geteuid() != 0:
        options += ["--user", "--map-current-user", "--keep-caps"]
    if subprocess.run(["unshare", *options, "true"], check=False, stderr=subprocess.DEVNULL,
                      stdout=subprocess.DEVNULL).returncode:
        return False
    os.environ[_MARK] = "1"
    sys.stdout.flush()
    os.execvp("unshare", ["unshare", *options, sys.executable, "-B", *sys.argv])


def entered():
    return bool(os.environ.get(_MARK))


def as_root(folder):
    """The environment of a Python program that asks whether it is root: in a user namespace we have
    root's rights and not its number."""
    if os.geteuid() == 0:
        return {}
    (folder / "sitecustomize.py").write_text("import os\nos.getuid = os.geteuid = lambda: 0\n")
    return {"PYTHONPATH": str(folder)}


class Namespaces:
    """`names` are hosts; the first is where this process lives. Each has its
    own address 10.77.0.N, reachable from the hosts it shares a cable with."""

    def __init__(self, *names):
        self.names = names
        self._holders = {}
        self._cables = 0
        with contextlib.ExitStack() as undo:
            undo.callback(self.close)
            for name in names[1:]:
                self._holders[name] = subprocess.Popen(
                    ["unshare", "--net", "sleep", "infinity"], stdin=subprocess.DEVNULL)
            for name in names[1:]:
                until(lambda name=name: self._inode(self._pid(name)) != self._inode(os.getpid()),
                      f"the namespace of {name}")
            for name in names:
                self.run(name, "ip", "link", "set", "lo", "up")
                self.run(name, "ip", "addr", "add", f"{self.address(name)}/32", "dev", "lo")
            undo.pop_all()

    @staticmethod
    def _inode(pid):
        return os.stat(f"/proc/{pid}/ns/net").st_ino

    def _pid(self, name):
        return self._holders[name].pid if name in self._holders else os.getpid()

    def address(self, name):
        return f"10.77.0.{self.names.index(name) + 1}"

    def prefix(self, name):
        """What to put before a command to run it on that host."""
        if name not in self._holders:
            return ()
        return ("nsenter", f"--net=/proc/{self._pid(name)}/ns/net", "--")

    def run(self, name, *command):
        subprocess.run([*self.prefix(name), *command], check=True)

    def cable(self, one, other):
        """Joins two hosts and tells each the way to the other."""
        self._cables += 1
        network = f"10.77.{self._cables}"
        subprocess.run(
            ["ip", "link", "add", other, "netns", str(self._pid(one)), "type", "veth",
             "peer", "name", one, "netns", str(self._pid(other))], check=True)
        for here, there, mine, theirs in ((one, other, 1, 2), (other, one, 2, 1)):
            self.run(here, "ip", "addr", "add", f"{network}.{mine}/30", "dev", there)
            self.run(here, "ip", "link", "set", there, "up")
            self.run(here, "ip", "route", "add", f"{self.address(there)}/32", "via",
                     f"{network}.{theirs}", "src", self.address(here))

    def close(self):
        for holder in self._holders.values():
            end(holder.pid)
            holder.wait()
        self._holders.clear()
