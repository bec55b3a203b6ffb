"""The two ways on which staples come: the OCSP responder, and the control plane's listener for
nodes where that cannot be reached (CP-6)."""

import json
import socket
import threading
import unittest

from cryptography.x509 import ocsp

from harness.addresses import free_port
from harness.case import ControlCase
from harness.issuing import chain_in
from harness.rap import OK, UNREACHABLE
from harness.wait import patiently, until
from harness.world import World


class Forward:
    """Passes connections on to another port."""

    def __init__(self, port, to):
        self.to = to
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                one, _ = self.listener.accept()
            except OSError:
                return
            other = socket.create_connection(self.to, patiently(10))
            for source, sink in ((one, other), (other, one)):
                threading.Thread(target=self._copy, args=(source, sink), daemon=True).start()

    @staticmethod
    def _copy(source, sink):
        with source, sink:
            try:
                while data := source.recv(65536):
                    sink.sendall(data)
                sink.shutdown(socket.SHUT_WR)
            except OSError:
                pass

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class TwoWays(ControlCase):
    """Nobody listens where certificates say that the responder is: its port is blocked."""

    @classmethod
    def setUpClass(cls):
        cls.port = free_port("127.0.0.1")
        cls.world = World(control_options=("--ocsp-url", f"http://127.0.0.1:{cls.port}/ocsp/"))
        cls.addClassCleanup(cls.world.close)
        cls.owner = cls.world.owner
        cls.node = cls.world.nodes["entry-1"]
        cls.identity = cls.node.state / "identity"
        cls.rap = cls.world.person()

    def setUp(self):
        # Nothing is kept, as after a long while, so what is fetched is what there is.
        self.node.agent.stop()
        for name in ("chain.ocsp", "worker.ocsp"):
            (self.identity / name).unlink(missing_ok=True)

    def logged(self, event):
        return self.node.logged(event, self.node.agent.log())

    def fetched(self, name, status):
        """The agent has fetched that of the certificate."""
        def kept():
            file = self.identity / f"{name}.ocsp"
            return ocsp.load_der_ocsp_response(file.read_bytes()) if file.exists() else None

        until(kept, lambda: f"a staple to be fetched: {self.node.agent.log()[-800:]}", 30)
        self.assertEqual(status, kept().certificate_status)
        self.assertEqual(chain_in(self.identity / f"{name}.pem")[0].serial_number,
                         kept().serial_number)

    def rap_says(self, wanted):
        def proxy():
            return self.rap.run("proxy", "echo", text_in="")

        until(lambda: proxy().returncode == wanted, lambda: proxy().stderr, 30)

    def test_staples_go_on_where_the_responders_port_is_blocked(self):
        self.node.start()
        for name in ("chain", "worker"):
            self.fetched(name, ocsp.OCSPCertStatus.GOOD)
        until(lambda: len(self.logged("ocsp.detour")) == 2, "a line for each certificate")
        self.rap_says(OK)

    def test_the_responder_is_enough_where_the_listener_for_nodes_is_not_reached(self):
        forward = Forward(self.port, (self.world.control.address, self.world.control.ports["ocsp"]))
        self.addCleanup(forward.stop)
        record = self.identity / "enrolment.json"
        content = record.read_text()
        self.addCleanup(record.write_text, content)
        self.addCleanup(lambda: self.node.agent.stop())  # pylint: disable=unnecessary-lambda
        record.write_text(json.dumps(json.loads(content) | {
            "node_url": f"127.0.0.1:{free_port('127.0.0.1')}"}))
        self.node.start()
        for name in ("chain", "worker"):
            self.fetched(name, ocsp.OCSPCertStatus.GOOD)
        until(lambda: self.logged("control.away"), "the control plane to be missed")
        self.assertEqual([], self.logged("ocsp.failed"))

    def test_z_a_revocation_is_told_on_the_second_way_too(self):
        worker = chain_in(self.identity / "worker.pem")[0]
        self.owner.post(f"certificates/{worker.serial_number:x}/revoke")
        self.node.start()
        self.fetched("worker", ocsp.OCSPCertStatus.REVOKED)
        self.fetched("chain", ocsp.OCSPCertStatus.GOOD)
        self.rap_says(UNREACHABLE)


if __name__ == "__main__":
    unittest.main()
