"""Measures how quickly a revocation ends live channels. Writes build/bench-revocation.json.

Real rap-control, rap-node-agent and rap-fabric: RELAYS relays, and VICTIMS enrolled nodes, each
played by this script, that hold an established channel to every relay and stream heartbeats over
all of them, which the relays answer. The victims are revoked one after the other with
`POST nodes/{node}/revoke`; a channel's time is from before that call to

  last_byte   the last byte a relay sent on it (answers to heartbeats stop, goodbye included)
  accepted    the last heartbeat that was still answered was sent
  closed      the end of the connection

The relays ask the control plane once a minute, so that what is measured came by the event channel.

usage: revocation.py [--relays 10] [--victims 20] [--quick]
"""

import argparse
import collections
import pathlib
import selectors
import ssl
import struct
import sys
import threading
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import spread  # noqa: E402
from harness import frames  # noqa: E402
from harness.channel import Channel  # noqa: E402
from harness.wait import until  # noqa: E402
from harness.world import World, enrol  # noqa: E402

# On each channel. A fabric takes ten frames of the channel itself a second, of heartbeats and of
# answers to its own together, and ends whoever says more.
BEATS_PER_S = 8
PAUSE_S = 0.5  # between two revocations
GIVE_UP_S = 20
SELDOM_MS = 60_000
HEARTBEAT = struct.Struct(">16s16s16sQQIIHBBQQ")
ACK = struct.Struct(">QQ")


class Live:
    """An established channel whose other end is a real fabric."""

    def __init__(self, world, cluster, victim, relay):
        self.victim, self.relay = victim.name, relay.name
        self._ids = (uuid.uuid4().bytes, uuid.UUID(victim.node_id).bytes,
                     uuid.UUID(relay.node_id).bytes)
        identity = victim.state / "identity"
        channel = Channel(relay, world.control.root_ca, certificate=identity / "chain.pem",
                          key=identity / "node.key")
        channel.send(frames.frame(frames.HELLO, 0, frames.hello(
            cluster, self._ids[1], channel=self._ids[0], trust_bundle_version=1,
            route_epoch=1 << 32), 0))
        answer = channel.receive()
        assert answer and answer[0] == frames.HELLO, (
            f"{victim.name} was not greeted by {relay.name} but {answer}: "
            f"{relay.fabric_log()[-2000:]}")
        self.socket = channel.socket
        self.socket.setblocking(False)
        self._pending = b""
        self._sequence = 0
        self._sent = collections.OrderedDict()  # sequence: when
        self.last_byte = self.accepted = time.monotonic()
        self.closed = None
        self.said_goodbye = False

    def beat(self):
        if self.closed:
            return
        self._sequence += 1
        self._sent[self._sequence] = time.monotonic()
        self._send(frames.frame(frames.HEARTBEAT, 0, HEARTBEAT.pack(
            *self._ids, self._sequence, 0, 0, 0, 0, 0, 0, 1, 0), 0))

    def _send(self, data):
        try:
            self.socket.send(data)
        except (ssl.SSLWantWriteError, BlockingIOError):
            pass  # a beat less
        except OSError:
            self._end()

    def _end(self):
        if not self.closed:
            self.closed = time.monotonic()

    def read(self):
        """False once the channel has ended."""
        while not self.closed:
            try:
                data = self.socket.recv(65536)
            except (ssl.SSLWantReadError, BlockingIOError):
                return True
            except OSError:
                data = b""
            if not data:
                self._end()
                break
            self.last_byte = time.monotonic()
            found, self._pending = frames.split(self._pending + data)
            for kind, _, _, payload in found:
                self._take(kind, payload)
        return False

    def _take(self, kind, payload):
        if kind == frames.HEARTBEAT:
            _, _, _, sequence, stamp, *_ = HEARTBEAT.unpack(payload)
            self._send(frames.frame(frames.HEARTBEAT_ACK, 0, ACK.pack(sequence, stamp), 0))
        elif kind == frames.HEARTBEAT_ACK:
            sequence, _ = ACK.unpack(payload)
            while self._sent and next(iter(self._sent)) <= sequence:
                self.accepted = self._sent.popitem(last=False)[1]
        elif kind == frames.GOODBYE:
            self.said_goodbye = True
            self.socket.close()
            self._end()


class Streams:
    """All channels, on a thread of their own."""

    def __init__(self):
        self.channels = []
        self._lock = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._began = None
        self._ended = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def add(self, channel):
        with self._lock:
            self.channels.append(channel)
            self._selector.register(channel.socket, selectors.EVENT_READ, channel)

    def begin(self):
        """From now on all beat; what comes before is answered."""
        with self._lock:
            self._began = time.monotonic()

    def _run(self):
        at = 0
        while not self._ended:
            with self._lock:
                ready = self._selector.select(0.002)
                for key, _ in ready:
                    if not key.data.read():
                        self._selector.unregister(key.fileobj)
                # Beats are spread over time, so that they come evenly; who is late beats once.
                count = len(self.channels) if self._began else 0
                turn = int(count * BEATS_PER_S * (time.monotonic() - (self._began or 0)))
                for number in range(max(at, turn - count), turn):
                    self.channels[number % count].beat()
                at = turn
            time.sleep(0.001)

    def close(self):
        self._ended = True
        self._thread.join()
        for channel in self.channels:
            channel.socket.close()


def add_relays(world, count):
    relays = [world.nodes["relay-1"]]
    for number in range(2, count + 1):
        relays.append(world.add_member(f"relay-{number}", ["relay"]))
    return relays


def add_victim(world, number):
    """An enrolled egress whose programs are gone: its identity is ours to play."""
    victim = world.add_node(f"victim-{number}")
    enrol(world.owner, victim)
    world.owner.put(f"nodes/{victim.name}/roles", roles=["egress"])
    chain = victim.state / "identity" / "chain.pem"
    victim.agent.wait_for(chain.exists, f"the certificate of {victim.name}")
    victim.wait_fabric()
    victim.stop()
    return victim


def streams_opened(node):
    return len(node.logged("events.open", node.agent.log()))


def ask_seldom(nodes):
    for node in nodes:
        node.agent.stop()
        node.checkin_interval_ms = SELDOM_MS
        before = streams_opened(node)
        node.start()
        node.agent.wait_for(lambda n=node, had=before: streams_opened(n) > had,
                            f"the event channel of {node.name}")


def all_configured(world, relays):
    names = {relay.name for relay in relays}
    return all(n["config_version"] == n["wanted_config_version"]
               for n in world.owner.get("nodes")["items"] if n["name"] in names)


def revoke(world, victim, mine):
    began = time.monotonic()
    world.owner.post(f"nodes/{victim.name}/revoke")
    answered = time.monotonic()
    until(lambda: all(c.closed for c in mine), f"the channels of {victim.name} to end", GIVE_UP_S)
    return began, answered


def measure(relay_count, victim_count):
    with World() as world:
        print(f"enrolling {relay_count} relays and {victim_count} victims", flush=True)
        relays = add_relays(world, relay_count)
        victims = [add_victim(world, number) for number in range(1, victim_count + 1)]
        ask_seldom(world.nodes[name] for name in
                   [*(r.name for r in relays), "entry-1", "egress-1"])
        until(lambda: all_configured(world, relays), "the relays to know all victims", 60)
        cluster = uuid.UUID(world.cluster).bytes
        streams = Streams()
        try:
            for victim in victims:
                for relay in relays:
                    streams.add(Live(world, cluster, victim, relay))
            live, opened = len(streams.channels), time.monotonic()
            streams.begin()
            print(f"{live} live channels to {len(relays)} fabrics", flush=True)
            until(lambda: all(c.closed or c.accepted > opened for c in streams.channels),
                  "a heartbeat of each to be acknowledged", 30)
            lost = [c for c in streams.channels if c.closed]
            assert not lost, f"{len(lost)} channels ended before their node was revoked"
            times = collections.defaultdict(list)
            for victim in victims:
                mine = [c for c in streams.channels if c.victim == victim.name]
                assert not any(c.closed for c in mine), f"a channel of {victim.name} had ended"
                began, answered = revoke(world, victim, mine)
                times["api"].append(answered - began)
                for channel in mine:
                    times["last_byte"].append(channel.last_byte - began)
                    times["accepted"].append(max(0.0, channel.accepted - began))
                    times["closed"].append(channel.closed - began)
                time.sleep(PAUSE_S)
            goodbyes = sum(c.said_goodbye for c in streams.channels)
        finally:
            streams.close()
    return {"channels": live, "fabrics": len(relays), "revocations": len(victims),
            "heartbeats_per_s_and_channel": BEATS_PER_S, "goodbyes": goodbyes,
            "rows": [spread.row(name, values) for name, values in times.items()]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--relays", type=int, default=10)
    parser.add_argument("--victims", type=int, default=20)
    options = spread.options_of(parser, relays=1, victims=1)
    result = measure(options.relays, options.victims)
    spread.show(result["rows"])
    spread.write(ROOT, "bench-revocation", result, options)


if __name__ == "__main__":
    main()
