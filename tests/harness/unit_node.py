"""A host of the fabric as the units of packaging/systemd run it: rap-node-agent and rap-fabric as
two users, neither of which is ours, and a thread in place of systemd that starts rap-fabric again.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import threading

from harness.node import Node
from harness.process import BIN, Process, alive, end
from harness.wait import patiently

# Users without an entry in the user database, and a third one who has no business here.
AGENT, FABRIC, STRANGER = 61001, 61002, 61003
RESTART_S = 0.1  # as RestartSec= in rap-fabric.service


def as_user(uid, *groups):
    """What starts a program as this user, in its own group and these."""
    members = ["--groups", ",".join(map(str, groups))] if groups else ["--clear-groups"]
    return ["setpriv", "--reuid", str(uid), "--regid", str(uid), *members, "--"]


def tried(uid, script, *arguments, groups=()):
    """What a Python script prints that this user runs."""
    return subprocess.run([*as_user(uid, *groups), "/usr/bin/python3", "-I", "-c", script,
                           *map(str, arguments)], check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=patiently(30)).stdout


class UnitNode(Node):
    def __init__(self, folder, name, address, *, prefix=()):
        super().__init__(folder, name, address, prefix=prefix)
        self.programs = self.folder / "bin"  # the build may lie where no other user comes
        self.run = self.folder / "run"
        self.own = self.folder / "fabric"
        for path, owner, mode in ((self.programs, 0, 0o755), (self.state, AGENT, 0o700),
                                  (self.run, AGENT, 0o750), (self.own, FABRIC, 0o700)):
            path.mkdir()
            os.chown(path, owner, owner)
            path.chmod(mode)
        for program in ("rap-node-agent", "rap-fabric"):
            try:
                os.link(BIN / program, self.programs / program)
            except OSError:
                shutil.copy(BIN / program, self.programs)
        self.socket = self.run / "agent.sock"
        self.fabric = None
        self._ending = threading.Event()
        self._keeper = None

    def start(self, join_token=None, env=None, extra=()):
        join = []
        if join_token:
            token_file = self.run / "join-token"
            token_file.write_text(join_token)
            os.chown(token_file, AGENT, AGENT)
            token_file.chmod(0o600)
            join = ["--join-token-file", token_file]
        self.agent = Process(
            [self.programs / "rap-node-agent", "--state", self.state, *join,
             "--data-plane-advertise", f"{self.address}:{self.ports['data']}",
             "--fabric-advertise", f"{self.address}:{self.ports['fabric']}",
             "--fabric-socket", self.socket, "--fabric-user", str(FABRIC),
             "--checkin-interval-ms", str(self.checkin_interval_ms), *extra],
            self.folder / "agent.log", prefix=[*self.prefix, *as_user(AGENT)], env=env)
        if self._keeper is None:
            self._keeper = threading.Thread(target=self._keep, daemon=True)
            self._keeper.start()

    def start_fabric(self, socket=None, env=None):
        return Process(
            [self.programs / "rap-fabric", "--state", self.own,
             "--agent-socket", socket or self.socket, "--agent-user", str(AGENT),
             "--data-plane-listen", f"{self.address}:{self.ports['data']}",
             "--fabric-listen", f"{self.address}:{self.ports['fabric']}"],
            self.folder / "fabric.log", prefix=[*self.prefix, *as_user(FABRIC, AGENT)], env=env)

    def _keep(self):
        while not self._ending.is_set():
            self.fabric = self.start_fabric()
            self.fabric.popen.wait()
            self._ending.wait(RESTART_S)

    def fabric_pid(self):
        return self.fabric.pid if self.fabric and alive(self.fabric.pid) else None

    def fabric_log(self):
        with contextlib.suppress(OSError):
            return (self.folder / "fabric.log").read_text(errors="replace")
        return ""

    def stop(self):
        self._ending.set()
        if self.agent:
            self.agent.stop()
        if self._keeper:
            while self._keeper.is_alive():
                if pid := self.fabric_pid():
                    try:
                        end(pid)
                    except AssertionError:
                        end(pid, signal.SIGKILL)
                self._keeper.join(0.1)
