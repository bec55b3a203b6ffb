"""Measures what channels between nodes cost. Writes build/bench-channels.json: one object a
measurement with name, ours, peer, unit, ratio (ours / peer) and which of higher or lower is better.

  handshakes      whole mutual TLS 1.3 handshakes of our listener beside `openssl s_server`, which
                  serves one at a time, driven by the same client
  under a flood   handshakes with hello of a real rap-fabric while 5,000 connections are held half
                  open against it (ours), and without them (peer)
  memory          of an idle established channel, both lanes, in a real rap-fabric, beside haproxy
                  with two idle connections of mutual TLS

usage: channels.py [--rounds 3] [--seconds 5] [--half-open 5000] [--channels 250] [--quick]
"""

import argparse
import contextlib
import json
import pathlib
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import haproxy  # noqa: E402
import spread  # noqa: E402
from cpu import Meter  # noqa: E402
from harness import frames  # noqa: E402
from harness.addresses import free_port  # noqa: E402
from harness.process import BUILD, Process  # noqa: E402
from harness.wait import until  # noqa: E402
from lone_fabric import HANDSHAKES, LoneFabric, members  # noqa: E402

SOURCES = 40
REOPENED_PER_S = 1000
HONEST_PER_S = 100
CONCURRENT = 8
FIRST = 5  # channels before those that are measured: what they need is not each one's
STILL_S = 2
STILL_SHARE = 0.001  # of the memory may come and go
LOAD = BUILD / "bench" / "load"


def row(name, ours, peer, unit, better):
    return {"name": name, "ours": round(ours, 3), "peer": round(peer, 3), "unit": unit,
            "ratio": round(ours / peer, 3), "better": better}


def median_row(name, ours, peer, unit, better):
    return row(name, statistics.median(ours), statistics.median(peer), unit, better)


def run(address, folder, cluster, first, count, seconds, concurrent=CONCURRENT, rate=0):
    done = subprocess.run(
        [HANDSHAKES, "run", address[0], str(address[1]), folder, cluster, str(first), str(count),
         str(seconds), str(concurrent), str(rate)],
        stdout=subprocess.PIPE, text=True, check=True, timeout=seconds + 60)
    return json.loads(done.stdout)


# --- handshakes


@contextlib.contextmanager
def our_listener(folder):
    with subprocess.Popen([HANDSHAKES, "serve", folder], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as popen:
        yield ("127.0.0.1", json.loads(popen.stdout.readline())["port"]), popen.pid
        popen.stdin.close()


@contextlib.contextmanager
def s_server(folder):
    own, port = folder / "0", free_port("127.0.0.1")
    process = Process(
        ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-tls1_3", "-cert",
         own / "leaf.pem", "-cert_chain", own / "chain.pem", "-key", own / "node.key", "-CAfile",
         folder / "root.pem", "-Verify", "3", "-verify_return_error", "-num_tickets", "0",
         "-no_cache", "-rev", "-quiet"], folder / "s_server.log")
    try:
        until(lambda: _connects(port), "openssl s_server to listen")
        yield ("127.0.0.1", port), process.pid
    finally:
        process.kill()


def handshakes(folder, rounds, seconds):
    cluster = members(folder, 9)
    rates, cpu = {"ours": [], "peer": []}, {"ours": [], "peer": []}
    for number in range(1, rounds + 1):
        print(f"handshakes, round {number} of {rounds}", flush=True)
        for side, serve in (("ours", our_listener), ("peer", s_server)):
            with serve(folder) as (address, pid):
                meter = Meter({"server": pid})
                result = run(address, folder, cluster, 1, 8, seconds)
                assert result["succeeded"] > 0.99 * result["tried"], result
                rates[side].append(result["succeeded"] / result["seconds"])
                cpu[side].append(meter.seconds()["server"] * 1000 / result["succeeded"])
    return [median_row("handshakes", rates["ours"], rates["peer"], "1/s", "higher"),
            median_row("handshake_server_cpu", cpu["ours"], cpu["peer"], "CPU ms", "lower")]


# --- under a flood


@contextlib.contextmanager
def flood(address, half_open):
    with subprocess.Popen([HANDSHAKES, "hold", address[0], str(address[1]), str(half_open),
                           str(SOURCES), str(REOPENED_PER_S)],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as popen:
        popen.stdout.readline()
        yield
        popen.stdin.close()


def under_flood(folder, rounds, seconds, half_open):
    fabric = LoneFabric(folder, 100)
    honest = (fabric.address, folder, fabric.cluster, 1, fabric.count, seconds)
    quiet, flooded = [], []
    try:
        for number in range(1, rounds + 1):
            print(f"under a flood, round {number} of {rounds}", flush=True)
            quiet.append((run(*honest, rate=HONEST_PER_S), run(*honest)))
            with flood(fabric.address, half_open):
                flooded.append((run(*honest, rate=HONEST_PER_S), run(*honest)))
    finally:
        fabric.close()

    def share(results):
        return (sum(paced["succeeded"] for paced, _ in results)
                / sum(paced["tried"] for paced, _ in results))

    def of(results, key):
        return [paced[key] / 1000 for paced, _ in results]

    def rate(results):
        return [full["succeeded"] / full["seconds"] for _, full in results]

    return [row("flooded_succeeded", share(flooded), share(quiet), "share", "higher"),
            median_row("flooded_p50", of(flooded, "p50_us"), of(quiet, "p50_us"), "ms", "lower"),
            median_row("flooded_p99", of(flooded, "p99_us"), of(quiet, "p99_us"), "ms", "lower"),
            median_row("flooded_handshakes", rate(flooded), rate(quiet), "1/s", "higher")]


# --- memory


def own_kib(pid):
    """Without what it shares with others who run the same program: that changes with them."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss_Anon:"))


def settled_kib(pid):
    """Its memory, once it has stood still for STILL_S."""
    since, before = time.monotonic(), own_kib(pid)

    def still():
        nonlocal since, before
        now = own_kib(pid)
        if abs(now - before) > STILL_SHARE * before:
            since, before = time.monotonic(), now
        return time.monotonic() - since > STILL_S

    until(still, "the memory to stand still", 60)
    return own_kib(pid)


def dial(folder, member, address):
    context = ssl.create_default_context(cafile=str(folder / "root.pem"))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.load_cert_chain(folder / str(member) / "chain.pem", folder / str(member) / "node.key")
    return context.wrap_socket(socket.create_connection(address, 20))


def greeted(lane, hello):
    """Sends our hello and waits for the other's."""
    lane.sendall(hello)
    kinds = [kind for kind, *_ in frames.split(lane.recv(65536))[0]]
    assert frames.HELLO in kinds, f"no hello but {kinds}"
    return lane


def channel_memory(folder, channels):
    """KiB of one channel."""
    fabric = LoneFabric(folder, channels)
    lanes = []

    def establish(member):
        channel = uuid.uuid4().bytes
        for lane in (frames.INTERACTIVE, frames.BULK):
            lanes.append(greeted(dial(fabric.folder, member, fabric.address),
                                 fabric.hello(member, channel, lane)))

    try:
        for member in range(1, FIRST + 1):
            establish(member)
        before = settled_kib(fabric.process.pid)
        for member in range(FIRST + 1, channels + 1):
            establish(member)
        after = settled_kib(fabric.process.pid)
        for lane in lanes:
            lane.setblocking(False)
            with contextlib.suppress(ssl.SSLWantReadError):
                assert lane.recv(65536), "a channel ended"
        return (after - before) / (channels - FIRST)
    finally:
        for lane in lanes:
            lane.close()
        fabric.close()


def haproxy_memory(folder, channels):
    """KiB of two connections."""
    members(folder, 2)
    with subprocess.Popen([LOAD, "serve", "127.0.0.1", "0"], text=True,
                          stdout=subprocess.PIPE) as target:
        behind = json.loads(target.stdout.readline())["port"]
        own = folder / "0"
        (folder / "server.pem").write_text((own / "chain.pem").read_text()
                                           + (own / "node.key").read_text())
        process, here = haproxy.start(
            folder, "haproxy", f"127.0.0.1:{behind}",
            accepts=haproxy.mutual(folder / "server.pem", folder / "root.pem"))
        port = int(here.rpartition(":")[2])
        held = []
        try:
            def establish(count):
                for _ in range(count):
                    held.append(dial(folder, 1, ("127.0.0.1", port)))

            establish(2 * FIRST)
            before = settled_kib(process.pid)
            establish(2 * (channels - FIRST))
            return (settled_kib(process.pid) - before) / (channels - FIRST)
        finally:
            for connection in held:
                connection.close()
            process.kill()
            target.kill()


def _connects(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def report(rows):
    print(f"\n{'':22} {'ours':>9} {'peer':>9}")
    for r in rows:
        print(f"{r['name']:22} {r['ours']:9.3f} {r['peer']:9.3f}  {r['unit']:9} "
              f"{r['ratio']:.2f} ({r['better']} is better)")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--half-open", type=int, default=5000)
    parser.add_argument("--channels", type=int, default=250)
    options = spread.options_of(parser, rounds=1, seconds=1, half_open=500, channels=20)

    with tempfile.TemporaryDirectory(prefix="rap-bench-") as top:
        def folder(name):
            path = pathlib.Path(top) / name
            path.mkdir()
            return path

        rows = handshakes(folder("handshakes"), options.rounds, options.seconds)
        rows += under_flood(folder("flood"), options.rounds, options.seconds,
                            options.half_open)
        print("memory", flush=True)
        rows.append(row("channel_memory", channel_memory(folder("memory"), options.channels),
                        haproxy_memory(folder("haproxy"), options.channels), "KiB", "lower"))
    report(rows)
    spread.write(ROOT, "bench-channels", rows, options)


if __name__ == "__main__":
    main()
