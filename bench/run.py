"""Measures one stream and ping-pong through the fabric beside haproxy, which does mutual TLS over
the same number of encrypted hops, in turns in the same run. Writes build/bench.json: one object a
measurement with name, ours, peer, unit, ratio (ours / peer) and which of higher or lower is better.

usage: run.py [--rounds 3] [--seconds 5] [--quick]
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import spread  # noqa: E402
from cpu import Meter  # noqa: E402
from harness.process import BUILD  # noqa: E402
from paths import HOPS, Haproxy, Ours  # noqa: E402

LOAD = BUILD / "bench" / "load"
MESSAGE_BYTES = 200


class Target:
    def __init__(self):
        self.popen = subprocess.Popen([LOAD, "serve", "127.0.0.1", "0"], text=True,
                                      stdout=subprocess.PIPE)
        self.address = ("127.0.0.1", json.loads(self.popen.stdout.readline())["port"])

    def close(self):
        self.popen.kill()
        self.popen.wait()
        self.popen.stdout.close()


def load(mode, path, seconds):
    done = subprocess.run(
        [LOAD, mode, path.address[0], str(path.address[1]), str(seconds), str(MESSAGE_BYTES)],
        text=True, stdout=subprocess.PIPE, timeout=seconds + 60, check=True)
    return json.loads(done.stdout)


def bulk(path, direction, seconds):
    """{measurement: value} of one stream in one direction."""
    meter = Meter(path.pids)
    result = load(direction, path, seconds)
    gigabytes = result["bytes"] / 1e9
    values = {f"stream_{direction}": gigabytes * 8 / result["seconds"]}
    for hop, spent in meter.seconds().items():
        values[f"cpu_{direction}_{hop}"] = spent / gigabytes
    return values


def pingpong(path, seconds):
    result = load("pingpong", path, seconds)
    return {"pingpong_p50": result["p50_us"], "pingpong_p99": result["p99_us"]}


def one_round(path, seconds):
    return {**bulk(path, "up", seconds), **bulk(path, "down", seconds), **pingpong(path, seconds)}


def measure(name, unit, better, rounds):
    ours, peer = (statistics.median(r[name] for r in rounds[side]) for side in ("ours", "peer"))
    return {"name": name, "ours": round(ours, 3), "peer": round(peer, 3), "unit": unit,
            "ratio": round(ours / peer, 3), "better": better}


def report(rounds):
    rows = [measure("stream_up", "Gbit/s", "higher", rounds),
            measure("stream_down", "Gbit/s", "higher", rounds),
            measure("pingpong_p50", "us", "lower", rounds),
            measure("pingpong_p99", "us", "lower", rounds)]
    rows += [measure(f"cpu_{direction}_{hop}", "CPU s/GB", "lower", rounds)
             for direction in ("up", "down") for hop in HOPS]
    print(f"\n{'':18} {'ours':>9} {'haproxy':>9}  {'':9} ours/haproxy")
    for row in rows:
        print(f"{row['name']:18} {row['ours']:9.3f} {row['peer']:9.3f}  {row['unit']:9} "
              f"{row['ratio']:.2f} ({row['better']} is better)")
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    options = spread.options_of(parser, rounds=1, seconds=1)

    rounds = {"ours": [], "peer": []}
    target = Target()
    opened = [target]
    with tempfile.TemporaryDirectory(prefix="rap-bench-") as folder:
        try:
            ours, peer = Ours(target.address), None
            opened.append(ours)
            peer = Haproxy(folder, target.address)
            opened.append(peer)
            for number in range(1, options.rounds + 1):
                print(f"round {number} of {options.rounds}", flush=True)
                rounds["ours"].append(one_round(ours, options.seconds))
                rounds["peer"].append(one_round(peer, options.seconds))
        finally:
            for part in reversed(opened):
                part.close()
    spread.write(ROOT, "bench", report(rounds), options)


if __name__ == "__main__":
    main()
