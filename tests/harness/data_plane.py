"""A client of an entry: sealed flows by label over one WebSocket."""

import time

from harness import frames
from harness.sealed_flow import Egress, SealedFlow
from harness.wait import patiently
from harness.websocket import WebSocket

SAY_EVERY_S = 10  # an egress that hears nothing for 40 s gives the path up
RECORDS = (frames.DATA, frames.FLOW_ACK, frames.FLOW_END, frames.FLOW_CLOSE)


class DataPlane:
    """`user` is an Api, `started` what it was answered when it started a session."""

    def __init__(self, user, started, *, timeout=10, **options):
        candidate = started["candidates"][0]
        authority = candidate["url"].split("://")[1].split("/")[0]
        host, port = authority.rsplit(":", 1)
        self.token = candidate["token"]
        self.keys = user.keys
        self.egress = Egress(started["resume"]["egresses"][0])
        self.websocket = WebSocket(host, int(port), user.ca_file, timeout=timeout, **options)
        self.flows = {}
        self._asked = {}  # flows that were not answered yet
        self._timeout = patiently(timeout)
        self._frames = []

    @classmethod
    def start(cls, user, resource="echo", **options):
        """On a session of its own."""
        return cls(user, user.start_session(resource), **options)

    def send(self, data):
        self.websocket.send(data)

    def send_data(self, data, label=1):
        self.send(self.flows[label].data(data))

    def next_frame(self):
        """What comes next; of records of a flow what they say."""
        while not self._frames:
            found, rest = frames.split(self._next_message())
            assert not rest, "a message holds whole frames"
            self._frames = [self._opened(each) for each in found]
            arrived = {label for kind, _, label, _ in found if kind in (frames.DATA,
                                                                        frames.FLOW_END)}
            for label in arrived & self.flows.keys():
                self.send(self.flows[label].acknowledge())
        return self._frames.pop(0)

    def _next_message(self):
        """Whoever only waits says now and then that it is there."""
        ends = time.monotonic() + self._timeout
        while not self.websocket.wait(min(SAY_EVERY_S, self._timeout)):
            if time.monotonic() >= ends:
                raise TimeoutError("the entry said nothing")
            for flow in self.flows.values():
                self.send(flow.acknowledge())
        return self.websocket.receive()

    def _opened(self, one):
        kind, traffic_class, label, payload = one
        if kind == frames.FLOW_ACCEPT:
            self.flows[label] = self._asked.pop(label)
            self.flows[label].accept(payload)
        if kind in RECORDS and label in self.flows:
            payload = self.flows[label].open(kind, payload)
        if kind in (frames.RESET, frames.FLOW_CLOSE):
            self.flows.pop(label, None)
        return kind, traffic_class, label, payload

    def next_of(self, *kinds):
        """The next frame of one of the kinds, skipping others."""
        while True:
            found = self.next_frame()
            if found[0] in kinds:
                return found

    def request(self, label=1, token=None, traffic_class=frames.INPUT, sealed_token=None):
        """Asks for a flow; None when it is accepted, else the reason of the refusal."""
        as_bytes = lambda text: text if isinstance(text, bytes) else text.encode()
        token = as_bytes(self.token if token is None else token)
        flow = SealedFlow(self.keys, self.egress, label, traffic_class)
        self._asked[label] = flow
        self.send(flow.request(token, as_bytes(sealed_token or token)))
        kind, _, answered, payload = self.next_of(frames.FLOW_ACCEPT, frames.FLOW_REFUSE)
        assert answered == label
        return None if kind == frames.FLOW_ACCEPT else frames.reason(payload)

    def echo(self, data, label=1):
        """Sends data and reads as much back."""
        self.send_data(data, label)
        back = b""
        while len(back) < len(data):
            kind, _, _, payload = self.next_of(frames.DATA, frames.RESET, frames.FLOW_END,
                                               frames.FLOW_CLOSE)
            assert kind == frames.DATA, f"the flow ended: {kind:#x} {payload!r}"
            back += payload
        return back

    def end(self, label=1):
        """Sends no more data."""
        self.send(self.flows[label].end())

    def over(self):
        """Why the next flow, or its path, ends: by a node, or the egress; None: all is done."""
        return frames.reason(self.next_of(frames.RESET, frames.FLOW_CLOSE)[3])

    def close(self):
        self.websocket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
