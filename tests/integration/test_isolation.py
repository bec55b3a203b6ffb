"""The channels of the control link are flooded and stalled one after the other: the others answer,
and what people have open goes on."""

import socket
import ssl
import threading
import unittest

from harness.case import FabricCase
from harness.events import EventStream
from harness.node_call import NodeCalls
from harness.wait import patiently, until

FLOODERS = 8  # connections, as many as a node may have
CALLS = {
    "commands": ("checkin", {"versions": {}}),
    "deltas": ("deltas/pull", {"epochs_since": 0, "blocklist_since": 0}),
    "certificates": ("certificates", {"csr": "none"}),
}


class Flood:
    """One node calls without a pause, over as many connections as it gets."""

    def __init__(self, control, node, what, body):
        self.answered = 0
        self._ended = False
        self._threads = [threading.Thread(target=self._run, args=(control, node, what, body))
                         for _ in range(FLOODERS)]
        for thread in self._threads:
            thread.start()

    def _run(self, control, node, what, body):
        while not self._ended:
            calls = NodeCalls(control, node)
            try:
                while not self._ended:
                    calls.post(what, **body)
                    self.answered += 1
            except (OSError, ssl.SSLError):
                pass  # it lost the connection; it takes another
            finally:
                calls.close()

    def close(self):
        self._ended = True
        for thread in self._threads:
            thread.join()


class Isolation(FabricCase):
    def setUp(self):
        self.world.wait_settled()
        self.stream = self.live_stream()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.flooder = cls.world.add_member("flooder")
        cls.flooder.agent.stop()
        cls.quiet = cls.world.add_member("quiet")
        cls.quiet.agent.stop()

    def assert_all_goes_on(self):
        control = self.world.control
        for what, body in CALLS.values():
            calls = NodeCalls(control, self.quiet)
            try:
                self.assertLess(calls.post(what, **body)[0], 500, what)
            finally:
                calls.close()
        events = EventStream(control, self.quiet)
        self.assertEqual(200, events.status)
        events.close()
        self.assertTrue(self.owner.get("me"))
        self.stream.round_trip(b"meanwhile")

    def test_a_flood_on_one_channel_leaves_the_others(self):
        for name, (what, body) in CALLS.items():
            with self.subTest(channel=name):
                flood = Flood(self.world.control, self.flooder, what, body)
                try:
                    until(lambda flood=flood: flood.answered > 2 * FLOODERS, "the flood to run")
                    self.assert_all_goes_on()
                finally:
                    flood.close()

    def test_requests_that_never_end_hold_up_nobody(self):
        control = self.world.control
        identity = self.flooder.state / "identity"
        context = ssl.create_default_context(cafile=str(control.root_ca))
        context.load_cert_chain(identity / "chain.pem", identity / "node.key")
        for _ in range(FLOODERS):
            raw = socket.create_connection((control.address, control.ports["node"]),
                                           patiently(10))
            stalled = context.wrap_socket(raw, server_hostname=control.address)
            self.addCleanup(stalled.close)
            stalled.sendall(f"POST /cp/v2/nodes/{self.flooder.node_id}/checkin HTTP/1.1\r\n"
                            "Host: x\r\nContent-Length: 1000\r\n\r\n{".encode())
        self.assert_all_goes_on()

    def test_people_that_flood_the_api_leave_the_nodes_alone(self):
        ended = threading.Event()

        def ask():
            while not ended.is_set():
                self.owner.raw("GET", "/api/v1/me")

        threads = [threading.Thread(target=ask) for _ in range(FLOODERS)]
        for thread in threads:
            thread.start()
        try:
            self.assert_all_goes_on()
        finally:
            ended.set()
            for thread in threads:
                thread.join()

    def test_the_data_plane_outlives_the_whole_control_plane(self):
        control = self.world.control
        control.process.kill()
        try:
            for _ in range(5):
                self.stream.round_trip(b"without anybody")
        finally:
            control.serve()
        self.world.wait_settled()
        self.assert_all_goes_on()


if __name__ == "__main__":
    unittest.main()
