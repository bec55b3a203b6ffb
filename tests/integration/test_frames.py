"""Clients that break the data plane's rules: the connection ends with the right close code, and
everybody else's flows go on."""

import socket
import unittest

from harness import frames
from harness.case import FabricCase
from harness.data_plane import DataPlane
from harness.wait import patiently, until
from harness.websocket import BINARY, Closed, Refused
from harness.world import ORGANIZATION

PROTOCOL_ERROR, UNSUPPORTED, POLICY, TOO_BIG = 1002, 1003, 1008, 1009
TEXT, CONTINUATION = 1, 0
NO_TOKEN = frames.frame(frames.FLOW_REQUEST, 1, frames.flow_request(
    bytes(16), b"no token", b"sealed"))
LARGEST_DATA = frames.MAX_PAYLOAD - 16  # sealed, it fills a frame


class Frames(FabricCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls.world.user()
        cls.witness = DataPlane.start(cls.user)
        cls.addClassCleanup(cls.witness.close)
        assert cls.witness.request() is None

    def tearDown(self):
        self.assertEqual(b"undisturbed", self.witness.echo(b"undisturbed"))

    def connect(self, **options):
        plane = DataPlane.start(self.user, **options)
        self.addCleanup(plane.close)
        return plane

    def closed_by(self, plane, *codes):
        with self.assertRaises(Closed) as caught:
            while True:
                plane.next_frame()
        self.assertIn(caught.exception.code, codes)

    def test_an_unknown_frame_type_ends_the_connection(self):
        plane = self.connect()
        plane.send(frames.frame(0x77, 1, b"?"))
        self.closed_by(plane, PROTOCOL_ERROR)

    def test_an_oversized_length_ends_the_connection(self):
        plane = self.connect()
        plane.send(frames.frame(frames.DATA, 1, b"x", length=frames.MAX_PAYLOAD + 1))
        self.closed_by(plane, PROTOCOL_ERROR)

    def test_the_largest_data_frame_passes(self):
        plane = self.connect()
        self.assertIsNone(plane.request())
        data = (bytes(range(256)) * 64)[:LARGEST_DATA]
        self.assertEqual(data, plane.echo(data))

    def test_an_unknown_class_ends_the_connection(self):
        plane = self.connect()
        plane.send(frames.frame(frames.DATA, 1, b"x", traffic_class=99))
        self.closed_by(plane, PROTOCOL_ERROR)

    def test_an_unknown_label_is_answered_and_the_other_flows_go_on(self):
        plane = self.connect()
        self.assertIsNone(plane.request(1))
        plane.send(frames.frame(frames.DATA, 41, bytes(25)))
        _, _, label, payload = plane.next_of(frames.RESET)
        self.assertEqual((41, "unknown_label"), (label, frames.reason(payload)))
        self.assertEqual(b"goes on", plane.echo(b"goes on"))

    def test_a_frame_cut_short_by_its_message_ends_the_connection(self):
        plane = self.connect()
        plane.send(frames.frame(frames.DATA, 1, b"half", length=400))
        self.closed_by(plane, PROTOCOL_ERROR)

    def test_a_channel_frame_from_a_client_ends_the_connection(self):
        plane = self.connect()
        plane.send(frames.frame(frames.HELLO, 0, frames.hello(bytes(16), bytes(16)), 0))
        self.closed_by(plane, PROTOCOL_ERROR)

    def test_a_node_frame_from_a_client_ends_the_connection(self):
        plane = self.connect()
        plane.send(frames.frame(frames.FLOW_ATTACH, 1, frames.flow_attach()))
        self.closed_by(plane, PROTOCOL_ERROR)

    def test_more_data_than_credit_ends_the_path_and_not_the_connection(self):
        plane = self.connect()
        self.assertIsNone(plane.request(1))
        chunk = b"z" * 16000
        try:
            for _ in range(4000):
                plane.send_data(chunk)
        except Closed:
            pass
        self.assertEqual("flow_control", plane.over())

    def test_an_unmasked_frame_ends_the_connection(self):
        plane = self.connect()
        plane.websocket.send(frames.frame(frames.DATA, 1, bytes(17)), masked=False)
        self.closed_by(plane, PROTOCOL_ERROR)

    def test_a_text_message_ends_the_connection(self):
        plane = self.connect()
        plane.websocket.send(b"hello", TEXT)
        self.closed_by(plane, UNSUPPORTED, PROTOCOL_ERROR)

    def test_a_message_above_the_limit_ends_the_connection(self):
        plane = self.connect()
        plane.websocket.send(bytes(70_000), BINARY)
        self.closed_by(plane, TOO_BIG)

    def test_fragments_above_the_limit_end_the_connection(self):
        plane = self.connect()
        plane.websocket.send(bytes(40_000), BINARY, fin=False)
        plane.websocket.send(bytes(40_000), CONTINUATION, fin=True)
        self.closed_by(plane, TOO_BIG)

    def test_other_paths_and_protocols_are_refused(self):
        for options in ({"path": "/"}, {"path": "/rap/v1/other"},
                        {"headers": {"Sec-WebSocket-Version": "7"}},
                        {"headers": {"Sec-WebSocket-Protocol": "chat"}},
                        {"headers": {"Upgrade": None}}, {"headers": {"Sec-WebSocket-Key": "short"}},
                        {"headers": {"Sec-WebSocket-Key": ["AAAAAAAAAAAAAAAAAAAAAA=="] * 2}},
                        {"version": "HTTP/1.0"},
                        {"headers": {"Origin": "https://evil.example"}}):
            with self.subTest(**options), self.assertRaises(Refused) as caught:
                self.connect(**options)
            self.assertIn(caught.exception.status, range(400, 500))

    def test_a_peer_that_never_starts_tls_is_cut_off(self):
        entry = self.world.nodes["entry-1"]
        with socket.create_connection((entry.address, entry.ports["data"])) as silent:
            silent.settimeout(patiently(20))
            with self.assertRaises(ConnectionResetError):
                silent.recv(1)

    def test_a_client_that_never_reads_its_answers_costs_the_entry_little(self):
        entry = self.world.nodes["entry-1"]
        plane = self.connect()
        self.assertIsNone(plane.request(1))
        junk = b"".join(frames.frame(frames.DATA, 2 * i + 3, bytes(17)) for i in range(1000))
        plane.websocket.socket.settimeout(patiently(0.5))
        before = entry.fabric_memory()
        sent = 0
        with self.assertRaises((TimeoutError, Closed), msg="it is read on and on"):
            while sent < 256 << 20:
                plane.send(junk)
                sent += len(junk)
        self.assertLess(entry.fabric_memory() - before, 16 << 20)

    def test_a_stranger_may_send_only_so_many_frames_that_move_nothing(self):
        for nothing in (frames.frame(frames.DATA, 1, bytes(17)), frames.credit(1, 1),
                        NO_TOKEN):
            with self.subTest(nothing=nothing):
                plane = self.connect()
                plane.send(nothing * 64)
                plane.send(nothing * 64)
                self.closed_by(plane, POLICY)

    def test_a_client_that_vanishes_leaves_nothing_behind_once_its_flow_was_held(self):
        policy = f"organizations/{ORGANIZATION}/configs/app_policy"
        self.owner.put(policy, value={"flow_hold_s": 1})
        self.addCleanup(self.owner.delete, policy)
        until(self.world.configured, "the policy to be known")
        made = self.user.start_session("echo")
        plane = DataPlane(self.user, made)
        self.assertIsNone(plane.request())
        state = lambda: next(s["state"] for s in self.user.get("sessions?state=all")["items"]
                             if s["id"] == made["session"]["id"])
        until(lambda: state() == "active", "the flow to be reported")
        plane.close()
        until(lambda: state() == "detached", "the flow to be gone")


if __name__ == "__main__":
    unittest.main()
