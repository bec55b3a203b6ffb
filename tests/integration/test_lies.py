"""Peers that lie about every count there is, send on and on and read nothing: how much the programs
hold for each of them is watched from outside."""

import contextlib
import socket
import ssl
import struct
import unittest

from harness import frames, sanitizers
from harness.case import FabricCase
from harness.data_plane import DataPlane
from harness.process import BIN
from harness.tls_records import stranger_context
from harness.wait import patiently
from harness.websocket import PING, Closed

MIB = 1024 * 1024
LIARS = 16
EACH_SENDS = 2 * MIB
GROWTH_OF_EACH = MIB  # what a connection may cost, whatever it sends
WINDOW = 4 * MIB  # what an egress may send of a flow before its client takes any
STUCK_S = 0.2
LITTLE = 16 * 1024  # what the kernel takes for a liar, so that the rest stays where it is held
HUGE = 0xFFFFFFFF

UNKNOWN_LABELS = b"".join(frames.frame(frames.DATA, 2 * i + 3, bytes(17)) for i in range(1000))
ENDLESS_CREDIT = frames.credit(1, HUGE) * 1000
NO_TOKENS = frames.frame(frames.FLOW_REQUEST, 1, frames.flow_request(
    bytes(16), b"no token", b"sealed")) * 500


class Liar:
    """Sends until it is told to go, or nobody takes any more, or it has sent a lot."""

    def __init__(self, connection):
        self.socket = connection
        self.socket.settimeout(STUCK_S)

    def send_on(self, send, much=EACH_SENDS):
        sent = 0
        with contextlib.suppress(OSError, Closed, ssl.SSLError):
            while sent < much:
                sent += send()


class Lies(FabricCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls.world.user()
        cls.control = cls.world.control
        cls.entry = cls.world.nodes["entry-1"]
        cls.api = (cls.control.address, cls.control.ports["api"])
        cls.ocsp = (cls.control.address, cls.control.ports["ocsp"])

    def assert_costs_little(self, memory, liars, allowed=GROWTH_OF_EACH):
        """`liars` are functions that connect and lie, and give what holds the connection open."""
        with contextlib.ExitStack() as held:
            first = liars()  # what a program takes for the first of a kind is not counted
            held.callback(first.close)
            before = memory()
            for _ in range(LIARS):
                held.callback(liars().close)
            growth = (memory() - before) / LIARS
            self.assertLess(growth, allowed * sanitizers.share_of_memory(BIN / "rap-fabric"))
        self.serves()

    # --- the entry -------------------------------------------------------------------------------

    def lie_to_entry(self, payload, *, opcode=None, fin=True, raw=None, flow=False,
                     much=EACH_SENDS):
        plane = DataPlane.start(self.user)
        if flow:
            self.assertIsNone(plane.request())
        websocket = plane.websocket
        websocket.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LITTLE)

        def send():
            if raw is not None:
                websocket.send_raw(raw)
                return len(raw)
            said = payload(plane) if callable(payload) else payload
            websocket.send(said, *([opcode] if opcode is not None else []), fin=fin)
            return len(said)
        Liar(websocket.socket).send_on(send, much)
        return plane

    def assert_lies_cost_little(self, *lies, allowed=GROWTH_OF_EACH, **how):
        for payload in lies:
            with self.subTest(str(payload)[:40], **how):
                self.assert_costs_little(self.entry.fabric_memory, lambda sent=payload:
                                         self.lie_to_entry(sent, **how), allowed)

    def test_a_stranger_who_lies_in_frames_costs_an_entry_little(self):
        self.assert_lies_cost_little(UNKNOWN_LABELS, ENDLESS_CREDIT, NO_TOKENS)

    def test_a_person_who_lies_in_frames_costs_an_entry_little(self):
        self.assert_lies_cost_little(UNKNOWN_LABELS, ENDLESS_CREDIT, NO_TOKENS, flow=True)

    def test_who_never_reads_what_is_echoed_costs_a_window_whatever_is_credited(self):
        def asks_back(plane):
            return plane.flows[1].data(b"z" * 16000) + frames.credit(1, HUGE)
        self.assert_lies_cost_little(asks_back, flow=True, much=2 * WINDOW,
                                     allowed=WINDOW + GROWTH_OF_EACH)

    def test_who_lies_in_messages_costs_an_entry_little(self):
        for flow in (False, True):
            self.assert_lies_cost_little(b"p" * 125, opcode=PING, flow=flow)
            self.assert_lies_cost_little(b"f" * 60_000, fin=False, flow=flow)
            # A length that nobody has: of a message, and of the frame in it.
            self.assert_lies_cost_little(
                b"", raw=b"\x82\xff" + struct.pack(">Q", 1 << 62) + bytes(60_000), flow=flow)
            self.assert_lies_cost_little(
                frames.frame(frames.DATA, 1, b"x" * 16000, length=0xFFFF), flow=flow)

    # --- the control plane -----------------------------------------------------------------------

    def lie_to(self, address, words, more, *, tls):
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LITTLE)
        raw.settimeout(patiently(10))
        raw.connect(address)
        connection = stranger_context().wrap_socket(raw) if tls else raw
        liar = Liar(connection)
        with contextlib.suppress(OSError):
            connection.sendall(words)
            liar.send_on(lambda: connection.sendall(more) or len(more))
        return connection

    def memory_of_control(self):
        with open(f"/proc/{self.control.process.pid}/statm", encoding="ascii") as pages:
            return int(pages.read().split()[1]) * 4096

    def test_who_lies_in_requests_costs_the_control_plane_little(self):
        post = (b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\n"
                b"Content-Type: application/json\r\n")
        for words, more in (
                (post + b"Content-Length: 65536\r\n\r\n", b"x" * 1000),
                (post + b"Content-Length: 4611686018427387904\r\n\r\n", bytes(60_000)),
                (post + b"Transfer-Encoding: chunked\r\n\r\n", b"ffff\r\n" + bytes(60_000)),
                (post + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 5000),
                (b"GET / HTTP/1.1\r\n", b"X-Endless: y\r\n" * 1000),
                (b"", b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 100)):
            with self.subTest(words=words[-60:], more=more[:30]):
                self.assert_costs_little(self.memory_of_control, lambda w=words, m=more:
                                         self.lie_to(self.api, w, m, tls=True))

    def test_who_lies_to_the_responder_costs_the_control_plane_little(self):
        for words, more in (
                (b"POST /ocsp/ HTTP/1.1\r\nHost: x\r\nContent-Length: 2048\r\n\r\n", b"x" * 100),
                (b"POST /ocsp/ HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999\r\n\r\n",
                 bytes(60_000)),
                (b"", b"GET /crl HTTP/1.1\r\nHost: x\r\n\r\n" * 100)):
            with self.subTest(words=words[-60:], more=more[:30]):
                self.assert_costs_little(self.memory_of_control, lambda w=words, m=more:
                                         self.lie_to(self.ocsp, w, m, tls=False))


if __name__ == "__main__":
    unittest.main()
