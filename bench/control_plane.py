"""Measures one rap-control with many nodes. Writes build/bench-control-plane.json.

NODES nodes, each with its own certificate, keep a stream of events to one rap-control that is held
to one core, check in every 15 s and pull deltas every 5 s; PostgreSQL and the nodes have the whole
machine, so with two cores they are as much of what is measured as rap-control is. What a node
verifies it does on a host of its own: here one program does it for all, after it has read what came
for each, and the time it took is added; what an answer makes a node do comes behind that.

  open       time until every node had its stream, all starting at once (handshakes included)
  steady     latency of the calls of a quiet minute, and the core's share that they take
  change     an administrator changes roles: from before the API call until each node has the new
             configuration (applied), and until its acknowledgement was answered (acked)
  revoke     likewise, a node is revoked: until every other node acts on it
  memory     of rap-control, per node
  cpu        what a node costs at each change, until all have acknowledged it: processor time of
             rap-control, of PostgreSQL and of the nodes themselves; a busy machine, which makes
             all times longer, leaves it nearly as it is

usage: control_plane.py [--nodes 5000] [--changes 5] [--steady 60] [--quick]
"""

import argparse
import collections
import contextlib
import json
import os
import pathlib
import queue
import statistics
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import spread  # noqa: E402
from cpu import used  # noqa: E402
from harness.control import DATABASE  # noqa: E402
from harness.process import BUILD, alive  # noqa: E402
from harness.wait import patiently, until  # noqa: E402
from harness.world import World  # noqa: E402

NODES = BUILD / "bench" / "nodes"
CHECKIN_S, DELTA_S = 15, 5


def threads_of(pid):
    return [int(t) for t in os.listdir(f"/proc/{pid}/task")]


def resident_bytes(pid):
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * 4096


class Fleet:
    """The nodes, and what they say."""

    def __init__(self, world, folder, count):
        control = world.control
        pki = control.pki
        identities, sql = folder / "nodes.json", folder / "nodes.sql"
        subprocess.run([NODES, "make", world.cluster, pki / "intermediate.crt",
                        pki / "intermediate.key", str(count), identities, sql], check=True)
        sql.chmod(0o644)
        done = control.sql("psql", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", DATABASE,
                           "--file", sql)
        assert done.returncode == 0, done.stderr
        self.ids = [node["id"] for node in json.loads(identities.read_text())]
        self.popen = subprocess.Popen(  # pylint: disable=consider-using-with
            [NODES, "run", control.address, str(control.ports["node"]), control.root_ca,
             world.cluster, identities, str(CHECKIN_S), str(DELTA_S),
             pki / "config.key"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.opened, self.reports = queue.Queue(), queue.Queue()
        self._times = {what: collections.defaultdict(list) for what in ("apply", "ack")}
        self._lock = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.popen.stdout:
            what, _, rest = line.strip().partition(" ")
            if what == "open":
                self.opened.put(float(rest.split()[1]))
            elif what == "report":
                self.reports.put(json.loads(rest))
            elif what in self._times:
                version, at = map(int, rest.split())
                with self._lock:
                    self._times[what][version].append(at / 1e9)

    def report(self):
        self.popen.stdin.write("report\n")
        self.popen.stdin.flush()
        return self.reports.get(timeout=patiently(60))

    def times_from(self, what, version):
        with self._lock:
            return [at for v, times in self._times[what].items() if v >= version for at in times]

    def close(self):
        self.popen.stdin.close()
        self.popen.wait(timeout=patiently(30))


def wanted_version(owner):
    return max(n["wanted_config_version"] for n in owner.get("nodes")["items"][:1])


def spread_of(owner, fleet, expected, act, cost):
    """{what: times} from before act(), which is one transaction, until each of `expected` nodes had
    applied what it led to, and until that was acknowledged. What it led to is known as newer than
    what was wanted before: to list nodes in between would be work of its own."""
    version = wanted_version(owner) + 1
    with cost:
        began = time.monotonic()
        act()
        while (acked := len(fleet.times_from("ack", version))) < expected:
            assert time.monotonic() - began < patiently(300), f"only {acked} of {expected} nodes"
            time.sleep(0.1)
    return {what: sorted(at - began for at in fleet.times_from(what, version))[:expected]
            for what in ("apply", "ack")}


class Costs:
    """Processor time a node, of whatever is done in between."""

    def __init__(self, control, fleet):
        self._pids = {"rap-control": [control.process.pid], "nodes": [fleet.popen.pid],
                      "postgres": control.postgres_pids()}
        self.us = collections.defaultdict(list)

    @contextlib.contextmanager
    def of(self, name, nodes):
        before = self._seconds()
        yield
        for program, seconds in self._seconds().items():
            self.us[f"{name}, {program}"].append(1e6 * (seconds - before[program]) / nodes)

    def _seconds(self):
        return {program: sum(used(pid) for pid in pids if alive(pid))
                for program, pids in self._pids.items()}

    def medians(self):
        return {name: round(statistics.median(us), 1) for name, us in self.us.items()}


def collect(times, name, found):
    for what, values in found.items():
        times[f"{name}, {'applied' if what == 'apply' else 'acked'}"] += values


def measure(count, changes, steady_s, settle_s):
    result = {"nodes": count, "cores_of_rap_control": 1, "checkin_s": CHECKIN_S, "delta_s": DELTA_S}
    with World(nodes=False) as world:
        control, owner = world.control, world.owner
        pid = control.process.pid
        empty = resident_bytes(pid)
        fleet = Fleet(world, world.folder, count)
        for thread in threads_of(pid):
            os.sched_setaffinity(thread, {0})
        try:
            result["open_s"] = fleet.opened.get(timeout=patiently(600))
            print(f"{count} streams open after {result['open_s']:.1f} s", flush=True)
            version = wanted_version(owner)
            until(lambda: len(fleet.times_from("ack", version)) >= count,
                  "every node to have its first configuration", 600)
            print("every node has its first configuration", flush=True)
            time.sleep(settle_s)
            fleet.report()
            busy, began = used(pid), time.monotonic()
            time.sleep(steady_s)
            passed = time.monotonic() - began
            report = fleet.report()
            result["steady"] = {**report, "calls_per_s": round(report["calls"] / passed),
                                "core_share": round((used(pid) - busy) / passed, 3)}
            print(f"steady: {result['steady']}", flush=True)
            result["memory_per_node_kib"] = round((resident_bytes(pid) - empty) / count / 1024, 1)
            times, costs = collections.defaultdict(list), Costs(control, fleet)
            for number in range(changes):
                roles = ["egress", "relay"] if number % 2 == 0 else ["egress"]
                target = fleet.ids[0]
                collect(times, "change", spread_of(
                    owner, fleet, count, lambda roles=roles, target=target: owner.put(
                        f"nodes/{target}/roles", roles=roles), costs.of("change", count)))
            revoked = 0
            for target in fleet.ids[1:1 + changes]:
                revoked += 1
                collect(times, "revoke", spread_of(
                    owner, fleet, count - revoked,
                    lambda target=target: owner.post(f"nodes/{target}/revoke"),
                    costs.of("revoke", count)))
            result["cpu_us_per_node"] = costs.medians()
            rows = [spread.row(name, values) for name, values in times.items()]
            result["after"] = fleet.report()
        finally:
            fleet.close()
    result["rows"] = rows
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--nodes", type=int, default=5000)
    parser.add_argument("--changes", type=int, default=5)
    parser.add_argument("--steady", type=float, default=60, help="seconds that are measured")
    parser.add_argument("--settle", type=float, default=CHECKIN_S, help="seconds before them")
    options = spread.options_of(parser, nodes=20, changes=1, steady=1, settle=0)
    result = measure(options.nodes, options.changes, options.steady, options.settle)
    print(json.dumps({k: v for k, v in result.items() if k != "rows"}, indent=1))
    spread.show(result["rows"])
    spread.write(ROOT, "bench-control-plane", result, options)


if __name__ == "__main__":
    main()
