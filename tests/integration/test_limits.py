"""What strangers can cost the control plane before they have said who they are."""

import concurrent.futures
import contextlib
import pathlib
import socket
import ssl
import unittest

from harness.case import ControlCase
from harness.wait import patiently

MIB = 1024 * 1024


class Limits(ControlCase):
    def tls(self):
        context = ssl.create_default_context(cafile=str(self.world.control.root_ca))
        raw = socket.create_connection((self.world.address, self.world.control.ports["api"]),
                                       patiently(10))
        return context.wrap_socket(raw, server_hostname=self.world.address)

    def answer(self, head, body=b""):
        """The status line of what the server says to raw bytes."""
        with self.tls() as connection:
            with contextlib.suppress(OSError):
                connection.sendall(head + body)
            received = b""
            with contextlib.suppress(OSError):
                while b"\r\n" not in received and (more := connection.recv(4096)):
                    received += more
            return received.split(b"\r\n")[0].decode()

    def login(self, length, body=b""):
        return self.answer(b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\n"
                           b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % length,
                           body)

    def resident(self):
        path = pathlib.Path(f"/proc/{self.world.control.process.pid}/status")
        status = path.read_text(encoding="ascii")
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    def test_a_body_over_the_limit_is_refused_before_it_is_read(self):
        self.assertIn(" 413 ", self.login(100 * MIB))

    def test_many_large_bodies_at_once_cost_little_memory(self):
        before = self.resident()
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            for status in pool.map(lambda _: self.login(100 * MIB, bytes(MIB)), range(200)):
                self.assertTrue(" 413 " in status or status == "", status)
        self.assertLess(self.resident() - before, 64 * MIB)

    def test_a_body_of_unknown_length_is_bounded_too(self):
        head = (b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                b"Content-Type: application/json\r\n\r\n")
        chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
        self.assertRegex(self.answer(head, chunk * 64), r" 4(00|11|13) ")

    def test_endless_headers_are_refused(self):
        self.assertIn(" 431 ", self.answer(b"GET /api/v1/me HTTP/1.1\r\n" + b"X: y\r\n" * 20000))

    def test_a_request_that_is_no_http_is_refused(self):
        self.assertRegex(self.answer(b"\x16\x03\x01 hello\r\n\r\n"), r"( 400 |^$)")

    def test_a_number_too_large_for_a_length_is_refused(self):
        self.assertRegex(self.login(10 ** 30), r" (400|413) ")

    def test_honest_people_are_served_meanwhile(self):
        with contextlib.ExitStack() as stalled:
            for _ in range(50):
                connection = stalled.enter_context(self.tls())
                connection.sendall(b"POST /api/v1/auth/login HTTP/1.1\r\nContent-Le")
            self.assertEqual(200, self.world.control.api().raw("GET", "/healthz")[0])
            self.assertTrue(self.owner.get("me"))


if __name__ == "__main__":
    unittest.main()
