"""Protocols in which one side ends first, or speaks first, with a server that takes its time: all
of the rest arrives."""

import contextlib
import hashlib
import os
import socket
import subprocess
import threading
import unittest

from harness.case import FabricCase
from harness.rap import Forward
from harness.stream import Stream
from harness.wait import patiently, until

MUCH = 32 << 20  # more than all windows on the way
PART = 64 << 10
REQUEST = b"what there is, please"
GREETING = b"220 who is it?\r\n"


def digest(parts):
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part)
    return whole.hexdigest()


def received(connection):
    while part := connection.recv(PART):
        yield part


class Server:
    """Serves one connection at a time, each as `manner` does, which may wait for `go`."""

    def __init__(self, address, manner):
        self._listener = socket.create_server((address, 0))
        self.address, self.port = self._listener.getsockname()
        self.heard = []
        self.go = threading.Event()
        self._manner = manner
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection:
                    self._manner(self, connection)

    def close(self):
        self._listener.close()


class HalfClose(FabricCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.content = os.urandom(PART)
        cls.whole = digest([cls.content] * (MUCH // PART))
        cls.slow = Server(cls.world.address, cls.answers_late)
        cls.first = Server(cls.world.address, cls.speaks_first)
        for server, name in ((cls.slow, "slow"), (cls.first, "first")):
            cls.addClassCleanup(server.close)
            cls.world.add_resource(name, server.address, server.port)
        cls.world.wait_settled()
        cls.person = cls.world.person()

    @classmethod
    def answers_late(cls, server, connection):
        """The request ends with its sender's half; the answer begins a while later."""
        server.heard.append(b"".join(received(connection)))
        server.go.wait()
        server.go.clear()
        for _ in range(MUCH // PART):
            connection.sendall(cls.content)

    @classmethod
    def speaks_first(cls, server, connection):
        """And has nothing else to say; it takes what it is told."""
        connection.sendall(GREETING)
        connection.shutdown(socket.SHUT_WR)
        server.heard.append(digest(received(connection)))

    def heard(self, server):
        heard = until(lambda: server.heard, "the server to have all", 60)
        server.heard = []
        return heard

    def connected(self, resource):
        forward = Forward(self.person, resource)
        self.addCleanup(forward.close)
        stream = Stream(forward.address, 60)
        self.addCleanup(stream.close)
        return stream.socket

    def test_an_answer_arrives_whole_after_the_end_of_the_request(self):
        connection = self.connected("slow")
        connection.sendall(REQUEST)
        connection.shutdown(socket.SHUT_WR)
        self.assertEqual([REQUEST], self.heard(self.slow))
        self.slow.go.set()
        self.assertEqual(self.whole, digest(received(connection)))

    def test_a_proxy_whose_input_ends_at_once_prints_all_of_the_answer(self):
        with self.person.popen("proxy", "slow", stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE) as running:
            running.stdin.write(REQUEST)
            running.stdin.close()
            self.assertEqual([REQUEST], self.heard(self.slow))
            self.slow.go.set()
            self.assertEqual(self.whole, digest([running.stdout.read()]))
            self.assertEqual(0, running.wait(patiently(20)))

    def test_what_is_said_after_the_servers_end_arrives_whole(self):
        connection = self.connected("first")
        self.assertEqual(GREETING, b"".join(received(connection)))
        for _ in range(MUCH // PART):
            connection.sendall(self.content)
        connection.shutdown(socket.SHUT_WR)
        self.assertEqual([self.whole], self.heard(self.first))


if __name__ == "__main__":
    unittest.main()
