"""A host of the fabric: rap-node-agent and the rap-fabric it supervises."""

import contextlib
import json
import os
import pathlib
import signal
import urllib.request

from harness import metrics
from harness.addresses import free_port
from harness.process import BIN, Process, alive, end, given
from harness.wait import patiently, until


class Node:
    def __init__(self, folder, name, address, *, prefix=()):
        self.name = name
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir()
        self.state = self.folder / "state"
        self.address = address
        self.prefix = list(prefix)
        self.ports = {"data": free_port(address), "fabric": free_port(address)}
        self.agent = None
        self.checkin_interval_ms = 200

    def start(self, join_token=None, env=None, extra=()):
        join = []
        if join_token:
            token_file = self.folder / "join-token"
            token_file.write_text(join_token)
            token_file.chmod(0o600)
            join = ["--join-token-file", token_file]
        self.agent = Process(
            [BIN / "rap-node-agent", "--state", self.state, *join,
             "--data-plane-listen", f"{self.address}:{self.ports['data']}",
             "--data-plane-advertise", f"{self.address}:{self.ports['data']}",
             "--fabric-listen", f"{self.address}:{self.ports['fabric']}",
             "--fabric-advertise", f"{self.address}:{self.ports['fabric']}",
             "--fabric-bin", BIN / "rap-fabric",
             "--checkin-interval-ms", str(self.checkin_interval_ms), *extra],
            self.folder / "agent.log", prefix=self.prefix, env=env)

    @property
    def node_id(self):
        return json.loads((self.state / "identity" / "enrolment.json").read_text())["node_id"]

    def fabric_memory(self):
        """What rap-fabric holds in memory now, in bytes."""
        resident_pages = pathlib.Path(f"/proc/{self.fabric_pid()}/statm").read_text().split()[1]
        return int(resident_pages) * os.sysconf("SC_PAGE_SIZE")

    def fabric_pid(self):
        with contextlib.suppress(OSError, ValueError):
            pid = int((self.state / "fabric.pid").read_text())
            return pid if alive(pid) else None
        return None

    def wait_fabric(self, but_not=None, timeout=10):
        return until(lambda: (pid := self.fabric_pid()) != but_not and pid,
                     lambda: f"rap-fabric of {self.name}; the agent's log ends:\n"
                             f"{self.agent.log_tail()}", timeout)

    def fabric_log(self):
        with contextlib.suppress(OSError):
            return (self.state / "fabric.log").read_text(errors="replace")
        return ""

    def logged(self, event, log=None):
        """The log lines of one event, as objects."""
        found = []
        for line in (self.fabric_log() if log is None else log).splitlines():
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                if isinstance(entry, dict) and entry.get("event") == event:
                    found.append(entry)
        return found

    def stop(self):
        if self.agent:
            self.agent.stop()
        # The pid file does not say: the agent may have started it a moment ago.
        for pid in given(self.state):
            try:
                end(pid)
            except AssertionError:
                end(pid, signal.SIGKILL)


class MeteredNode(Node):
    """One whose rap-fabric says what it counts."""

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.ports["metrics"] = free_port(self.address)

    def start(self, join_token=None, env=None, extra=()):
        super().start(join_token, env, (*extra, "--metrics-listen",
                                        f"{self.address}:{self.ports['metrics']}"))

    def metrics(self):
        url = f"http://{self.address}:{self.ports['metrics']}/metrics"
        with urllib.request.urlopen(url, timeout=patiently(5)) as answer:
            return metrics.parse(answer.read().decode())


class MeasuredNode(Node):
    """One whose agent says what it counts."""

    def start(self, join_token=None, env=None, extra=()):
        self.ports.setdefault("agent_metrics", free_port(self.address))
        super().start(join_token, env, (
            "--agent-metrics-listen", f"{self.address}:{self.ports['agent_metrics']}", *extra))

    def metric(self, sample):
        """Its value; None while nobody answers, or there is none."""
        url = f"http://{self.address}:{self.ports['agent_metrics']}/metrics"
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(url, timeout=patiently(10)) as answer:
                return metrics.parse(answer.read().decode()).get("rap_agent_" + sample)
        return None
