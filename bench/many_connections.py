"""Measures a hundred connections at once through one `rap forward`. Writes
build/bench-many-connections.json.

Real rap-control, an entry, a relay and an egress, and a target that echoes, all on this machine;
the API and the entry are reached by a proxy that takes --away-ms each way, as if they were far. In
turns one connection and a hundred at once, each time through a forward whose first token was used,
until the last has its echo: all are to wait for the API together.

usage: many_connections.py [--rounds 20] [--at-once 100] [--away-ms 75] [--quick]
"""

import argparse
import contextlib
import json
import pathlib
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import spread  # noqa: E402
from harness.proxy import SlowProxy  # noqa: E402
from harness.rap import Forward  # noqa: E402
from harness.stream import Stream  # noqa: E402
from harness.world import World  # noqa: E402


def seconds(person, at_once):
    """Until all of so many connections have had their echo."""
    failures = []

    def one(address):
        try:
            with contextlib.closing(Stream(address, 60)) as stream:
                stream.round_trip(b"x")
        except (OSError, AssertionError) as failure:
            failures.append(failure)

    with Forward(person, "echo") as forward:
        one(forward.address)
        threads = [threading.Thread(target=one, args=(forward.address,)) for _ in range(at_once)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.monotonic() - began
    if failures:
        raise failures[0]
    return took


def measure(world, options):
    person = world.person()
    with contextlib.closing(SlowProxy(world.control.address, options.away_ms / 1000)) as proxy:
        person.extra_environment = {"HTTPS_PROXY": proxy.url}
        taken = {1: [], options.at_once: []}
        for _ in range(options.rounds):
            for at_once, times in taken.items():
                times.append(seconds(person, at_once))
    return taken


def summary(taken, options):
    one, many = taken[1], taken[options.at_once]
    rows = []
    for part in (50, 95):
        ours, peer = (1000 * spread.percentile(times, part) for times in (many, one))
        rows.append({"name": f"{options.at_once} connections at once beside one, p{part}",
                     "unit": "ms", "better": "lower", "count": options.rounds,
                     "ours": round(ours, 1), "peer": round(peer, 1),
                     "ratio": round(ours / peer, 2)})
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--at-once", type=int, default=100)
    parser.add_argument("--away-ms", type=float, default=75)
    options = spread.options_of(parser, rounds=1, at_once=20, away_ms=5)
    with World() as world:
        rows = summary(measure(world, options), options)
    for row in rows:
        print(json.dumps(row))
    spread.write(ROOT, "bench-many-connections", {"rows": rows}, options)


if __name__ == "__main__":
    main()
