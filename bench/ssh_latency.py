"""Measures what the fabric adds to a short ssh. Writes build/bench-ssh.json.

Real rap-control, an entry, a relay and an egress, and OpenSSH's sshd, all on this machine: in
turns, `rap ssh HOST -- true` over the three hops and plain `ssh` to the same sshd with the same
key, each from the start of the program to its end. In ms, with their ratio and difference. Before
that the control plane gets half a minute: as long it goes by no clock and asks for every proof of a
device a second time.

usage: ssh_latency.py [--rounds 40] [--settle 32] [--quick]
"""

import argparse
import json
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import spread  # noqa: E402
from harness.ssh import SshHost  # noqa: E402
from harness.wait import patiently  # noqa: E402
from harness.world import World  # noqa: E402

RESOURCE = "office-ssh"


def plain(sshd, folder):
    known = folder / "known_hosts"
    known.write_text(f"[{sshd.address}]:{sshd.port} {sshd.host_key}\n")
    return ["ssh", "-F", "none", "-p", str(sshd.port), "-o", f"UserKnownHostsFile={known}",
            "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes",
            f"{sshd.user}@{sshd.address}", "true"]


def seconds(command, environment):
    began = time.monotonic()
    subprocess.run(command, env=environment, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, timeout=patiently(60))
    return time.monotonic() - began


def measure(world, options):
    host = SshHost(world)
    try:
        host.offer(RESOURCE)
        world.wait_settled()
        person = host.person()
        ways = {"rap": person.command("ssh", RESOURCE, "--", "true"),
                "ssh": plain(host.sshd, world.folder)}
        taken = {name: [] for name in ways}
        person.ok("resources")  # with the first proof the half minute begins
        time.sleep(options.settle)
        for turn in range(options.rounds + 1):
            for name, command in ways.items():
                one = seconds(command, person.environment)
                if turn > 0:  # the first of each finds nothing in any cache
                    taken[name].append(one)
    finally:
        host.close()
    return taken


def summary(taken):
    ms = {name: {part: 1000 * spread.percentile(values, part) for part in (50, 95)}
          for name, values in taken.items()}
    return [{"name": f"a short ssh over three hops, p{part}", "unit": "ms", "better": "lower",
             "count": len(taken["rap"]), "ours": round(ms["rap"][part], 1),
             "peer": round(ms["ssh"][part], 1),
             "ratio": round(ms["rap"][part] / ms["ssh"][part], 2),
             "added": round(ms["rap"][part] - ms["ssh"][part], 1)} for part in (50, 95)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--settle", type=float, default=32)
    options = spread.options_of(parser, rounds=1, settle=0)
    with World() as world:
        rows = summary(measure(world, options))
    for row in rows:
        print(json.dumps(row))
    spread.write(ROOT, "bench-ssh", {"rows": rows}, options)


if __name__ == "__main__":
    main()
