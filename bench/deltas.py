"""Measures how quickly security data ends live flows. Writes build/bench-deltas.json.

Real rap-control, rap-node-agent and rap-fabric on this machine: one after the other, a device with
a live flow is blocklisted with `POST blocklist`, and a person signed out with `POST
users/…/sign-out`. The time is from before that call to the end of the flow at the client, with
the event stream up and every node asking on its own once in 5 s (epochs) and 30 s (the blocklist).

usage: deltas.py [--rounds 50] [--quick]
"""

import argparse
import json
import pathlib
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import spread  # noqa: E402
from harness.data_plane import DataPlane  # noqa: E402
from harness.wait import until  # noqa: E402
from harness.world import USER_EMAIL, World  # noqa: E402

PAUSE_S = 0.3  # between two rounds: hints within 100 ms of another go together


class Bench:
    def __init__(self, world):
        self.world = world
        self.user = world.user()

    def live(self):
        plane = DataPlane.start(self.user, timeout=60)
        assert plane.request() is None
        plane.echo(b"alive")
        return plane

    def until_over(self, plane, wanted, change):
        began = time.monotonic()
        change()
        reason = plane.over()
        taken = time.monotonic() - began
        assert reason == wanted, reason
        plane.close()
        time.sleep(PAUSE_S)
        return taken * 1000

    def blocklisting(self):
        plane = self.live()
        device = self.user.device.id
        taken = self.until_over(plane, "blocklisted", lambda: self.world.owner.post(
            "blocklist", kind="device", value=device, expires_in_s=60))
        self.user = self.world.user()  # on another device
        return taken

    def signing_out(self):
        plane = self.live()
        taken = self.until_over(plane, "signed_out", lambda: self.world.owner.post(
            f"users/{USER_EMAIL}/sign-out"))
        self.user = self.world.user()
        return taken


def summary(samples):
    ordered = sorted(samples)
    return {"n": len(ordered), "p50_ms": round(statistics.median(ordered), 1),
            "p99_ms": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], 1),
            "max_ms": round(ordered[-1], 1)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=50)
    options = spread.options_of(parser, rounds=1)
    rounds = options.rounds
    with World() as world:
        for node in world.nodes.values():
            until(lambda n=node: n.logged("events.open", n.agent.log()),
                  f"the event stream of {node.name}", 30)
        bench = Bench(world)
        result = {"blocklist": summary([bench.blocklisting() for _ in range(rounds)]),
                  "sign_out": summary([bench.signing_out() for _ in range(rounds)])}
    print(json.dumps(result, indent=2))
    spread.write(ROOT, "bench-deltas", result, options)


if __name__ == "__main__":
    main()
