"""Measures what honest people meet while strangers besiege the listeners. Writes
build/bench-besieged.json.

Strangers at one address take every place that the API, the OCSP responder and the entry give them
(connections that say nothing, heads that never end, upgrades without a token), and open anew what
is closed. Meanwhile honest ones at another address sign in, ask for the status of a certificate,
and attach and echo through the fabric, each on a connection of its own: how many succeed, and the
times beside those before the siege. Then all listeners are besieged at once, with as many strangers
each. Some rows have the honest at the strangers' own address.

usage: besieged.py [--strangers 5000] [--count 300] [--reopened 100] [--quick]
"""

import argparse
import contextlib
import pathlib
import socket
import sys
import time
import urllib.request

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import spread  # noqa: E402
from harness.api import ApiError  # noqa: E402
from harness.data_plane import DataPlane  # noqa: E402
from harness.issuing import chain_in  # noqa: E402
from harness.siege import PLAIN, SLOW_HEAD, STRANGER, TLS, UPGRADE, siege  # noqa: E402
from harness.wait import patiently, until  # noqa: E402
from harness.websocket import Closed  # noqa: E402
from harness.world import World  # noqa: E402

BETWEEN_S = 0.01


@contextlib.contextmanager
def coming_from(source):
    """Connections of this process come from there."""
    plain = socket.create_connection
    if source:
        def bound(address, timeout=None, source_address=None, **more):
            return plain(address, timeout, source_address or (source, 0), **more)
        socket.create_connection = bound
    try:
        yield
    finally:
        socket.create_connection = plain


class Honest:
    """What honest people do, each a function that raises when it fails."""

    def __init__(self, world):
        self.control = world.control
        self.user = world.user()
        leaf, issuer = chain_in(world.nodes["entry-1"].state / "identity" / "worker.pem")
        self.ask = (ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, hashes.SHA1())
                    .build().public_bytes(serialization.Encoding.DER))

    def call(self):
        assert self.user.get("me")

    def sign_in(self):
        # This token is of another account, because only so many bearers of one are kept.
        assert self.control.owner().token

    def status(self):
        url = f"http://{self.control.address}:{self.control.ports['ocsp']}/ocsp/"
        asking = urllib.request.Request(url, data=self.ask)
        with urllib.request.urlopen(asking, timeout=patiently(10)) as said:
            assert ocsp.load_der_ocsp_response(said.read()).certificate_status \
                == ocsp.OCSPCertStatus.GOOD

    def attach(self):
        with DataPlane.start(self.user) as plane:
            assert plane.request() is None
            assert plane.echo(b"x" * 100) == b"x" * 100


def times(work, count):
    """(seconds of those that succeeded, how many were tried)."""
    done = []
    for _ in range(count):
        began = time.monotonic()
        with contextlib.suppress(OSError, AssertionError, ApiError, Closed):
            work()
            done.append(time.monotonic() - began)
        time.sleep(BETWEEN_S)
    return done, count


def compare(name, idle, besieged):
    (quiet, _), (done, tried) = idle, besieged
    part = {"name": name, "unit": "ms", "better": "lower", "tried": tried,
            "succeeded": round(len(done) / tried, 4)}
    for label, percent in (("p50", 50), ("p99", 99)):
        ours, peer = (1000 * spread.percentile(t, percent) for t in (done or [0], quiet))
        part |= {f"{label}_idle": round(peer, 1), label: round(ours, 1),
                 f"{label}_ratio": round(ours / peer, 2)}
    return part


def show(rows):
    print(f"\n{'':44} {'succeeded':>9} {'p99 idle':>9} {'p99':>9} {'ratio':>6}")
    for r in rows:
        print(f"{r['name']:44} {r['succeeded']:9.4f} {r['p99_idle']:9.1f} {r['p99']:9.1f} "
              f"{r['p99_ratio']:6.2f}")


def measure(world, args):
    honest = Honest(world)
    control, entry = world.control, world.nodes["entry-1"]
    api = (control.address, control.ports["api"])
    ocsp_at = (control.address, control.ports["ocsp"])
    entry_at = (entry.address, entry.ports["data"])
    sieges = {"idle connections at the API": (TLS, api, (honest.call, honest.sign_in)),
              "slow heads at the API": (SLOW_HEAD, api, (honest.call,)),
              "idle connections at OCSP": (PLAIN, ocsp_at, (honest.status,)),
              "upgrades at the entry": (UPGRADE, entry_at, (honest.attach,))}
    everything = "all listeners at once"
    works = (honest.call, honest.sign_in, honest.status, honest.attach)

    def measured(work):
        # Signing in takes processor time by design, and each account may so often.
        return times(work, min(args.count, 15) if work == honest.sign_in else args.count)

    for work in works:
        times(work, 3)
    idle = {work: measured(work) for work in works}
    rows = []
    for source, whose in ((None, ""), (STRANGER, ", same address")):
        for name, (kind, address, meanwhile) in sieges.items():
            print(f"{args.strangers} {name}{whose}", flush=True)
            with siege(kind, address, args.strangers, reopened_per_s=args.reopened,
                       elsewhere=True), \
                    coming_from(source):
                rows += [compare(f"{work.__name__}, {name}{whose}", idle[work], measured(work))
                         for work in meanwhile]
        print(f"{args.strangers} each at {everything}{whose}", flush=True)
        with contextlib.ExitStack() as sieges_of_all:
            for kind, address in ((TLS, api), (PLAIN, ocsp_at), (UPGRADE, entry_at)):
                sieges_of_all.enter_context(
                    siege(kind, address, args.strangers, reopened_per_s=args.reopened / 3,
                          elsewhere=True))
            with coming_from(source):
                rows += [compare(f"{work.__name__}, {everything}{whose}", idle[work],
                                 measured(work)) for work in works]
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--strangers", type=int, default=5000)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--reopened", type=int, default=100)
    args = spread.options_of(parser, strangers=50, count=5)
    with World() as world:
        until(world.configured, "the nodes to be configured")
        rows = measure(world, args)
    show(rows)
    print(f"least of them that succeeded: {min(r['succeeded'] for r in rows)}, "
          f"worst ratio of p99: {max(r['p99_ratio'] for r in rows)}")
    spread.write(ROOT, "bench-besieged", {"rows": rows, "strangers": args.strangers}, args)


if __name__ == "__main__":
    main()
