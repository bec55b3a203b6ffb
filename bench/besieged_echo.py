"""Measures an ssh session that stands while strangers besiege its entry. Writes
build/bench-besieged-echo.json.

`rap ssh HOST -- cat` over entry, relay and egress to OpenSSH's sshd, all on this machine: a line
goes there and comes back, again and again, first with nobody else and then while strangers at one
other address send the entry what costs them nothing: key updates of TLS, empty records, records of
a byte, and handshakes that never end; each opens anew what is ended. p50 and p99 of an echo in ms,
and their ratio to those without strangers, which are measured before and after each; and how many
connections the entry took of the strangers and ended meanwhile.

usage: besieged_echo.py [--echoes 2000] [--strangers 12] [--reopened 100] [--quick]
"""

import argparse
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import spread  # noqa: E402
from harness.node import MeteredNode  # noqa: E402
from harness.siege import (BYTE_RECORDS, EMPTY_RECORDS, HALF_HANDSHAKE,  # noqa: E402
                           KEY_UPDATES, siege)
from harness.ssh import SshHost  # noqa: E402
from harness.wait import patiently  # noqa: E402
from harness.world import World  # noqa: E402

RESOURCE = "office-ssh"
HALF_HANDSHAKES = 300  # more than an address may have under way
BETWEEN_S = 0.002
LINE = b"echo\n"
METRICS_S = 1.5  # a node publishes what it counts every second


class Echo:
    """A session that stands, with `cat` at its far end."""

    def __init__(self, person):
        self.ssh = person.popen("ssh", RESOURCE, "--", "cat", stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, bufsize=0)
        self.times(3)

    def times(self, count):
        taken = []
        for _ in range(count):
            began = time.monotonic()
            self.ssh.stdin.write(LINE)
            back = self.ssh.stdout.readline()
            taken.append(time.monotonic() - began)
            assert back == LINE, f"the session ended: {back!r}"
            time.sleep(BETWEEN_S)
        return taken

    def close(self):
        self.ssh.stdin.close()
        self.ssh.wait(patiently(10))
        self.ssh.stdout.close()


def measure(echo, entry, options):
    address = (entry.address, entry.ports["data"])
    half = min(options.strangers * 25, HALF_HANDSHAKES)
    quiet, besieged = echo.times(options.echoes), {}

    def counted():
        seen = entry.metrics()
        accepted = seen['rap_fabric_handshakes_accepted_total{listener="clients"}']
        return accepted, sum(value for name, value in seen.items()
                             if name.startswith("rap_fabric_connections_flooded_total")
                             and "clients" in name)

    for kind, count in ((KEY_UPDATES, options.strangers), (EMPTY_RECORDS, options.strangers),
                        (BYTE_RECORDS, options.strangers), (HALF_HANDSHAKE, half)):
        print(f"{count} strangers: {kind}", flush=True)
        before = counted()
        with siege(kind, address, count, reopened_per_s=options.reopened, elsewhere=True):
            besieged[kind] = echo.times(options.echoes)
        time.sleep(METRICS_S)
        accepted, ended = (now - then for now, then in zip(counted(), before))
        print(f"  the entry took {accepted:.0f} connections and ended {ended:.0f}", flush=True)
        quiet += echo.times(options.echoes // 4 + 1)
    return quiet, besieged


def summary(quiet, besieged):
    rows = []
    for kind, taken in besieged.items():
        part = {"name": f"an echo of ssh, {kind}", "unit": "ms", "better": "lower",
                "count": len(taken)}
        for label, percent in (("p50", 50), ("p99", 99)):
            ours, idle = (1000 * spread.percentile(t, percent) for t in (taken, quiet))
            part |= {f"{label}_idle": round(idle, 2), label: round(ours, 2),
                     f"{label}_ratio": round(ours / idle, 2)}
        rows.append(part)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--echoes", type=int, default=2000)
    parser.add_argument("--strangers", type=int, default=12)
    parser.add_argument("--reopened", type=int, default=100)
    options = spread.options_of(parser, echoes=20, strangers=2)
    with World(make_node=MeteredNode) as world:
        host = SshHost(world)
        try:
            host.offer(RESOURCE)
            world.wait_settled()
            echo = Echo(host.person())
            rows = summary(*measure(echo, world.nodes["entry-1"], options))
            echo.close()
        finally:
            host.close()
    print(f"\n{'':40} {'p50 idle':>9} {'p50':>8} {'p99 idle':>9} {'p99':>8} {'ratio':>6}")
    for r in rows:
        print(f"{r['name']:40} {r['p50_idle']:9.2f} {r['p50']:8.2f} {r['p99_idle']:9.2f} "
              f"{r['p99']:8.2f} {r['p99_ratio']:6.2f}")
    spread.write(ROOT, "bench-besieged-echo", {"rows": rows}, options)


if __name__ == "__main__":
    main()
