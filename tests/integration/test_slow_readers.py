"""Downloads by a client that is far away (200 ms) and rests in the middle of them: the target is
quick, so that all that may wait for the client does, and nothing of it is lost."""

import contextlib
import hashlib
import socket
import threading
import unittest

from harness.case import FabricCase
from harness.proxy import SlowProxy
from harness.rap import Forward
from harness.wait import patiently, until

MIB = 1024 * 1024
ONE_WAY_S = 0.1
CHUNK = bytes(range(256)) * 256


class Source:
    """A server that sends so much to whoever comes, as fast as it is taken, and ends."""

    def __init__(self, address, size):
        self.size = size
        self.sent = {}
        self._listener = socket.create_server((address, 0), backlog=200)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                number = len(self.sent)
                self.sent[number] = 0
                threading.Thread(target=self._send, args=(connection, number), daemon=True).start()

    def _send(self, connection, number):
        with contextlib.suppress(OSError), connection:
            while self.sent[number] < self.size:
                connection.sendall(CHUNK)
                self.sent[number] += len(CHUNK)

    def digest(self):
        whole = hashlib.sha256()
        for _ in range(self.size // len(CHUNK)):
            whole.update(CHUNK)
        return whole.hexdigest()

    def close(self):
        self._listener.close()


class SlowReaders(FabricCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.proxy = SlowProxy(cls.world.control.address, ONE_WAY_S)
        cls.addClassCleanup(cls.proxy.close)

    def source(self, name, size):
        source = Source(self.world.address, size)
        self.addCleanup(source.close)
        self.world.add_resource(name, self.world.address, source.port)
        self.world.wait_settled()
        until(self.works, "the fabric to serve", 30)
        return source

    def rests(self, source):
        """Until nothing more is taken of the source, as nobody reads."""
        before = []

        def same():
            before.append(sum(source.sent.values()))
            return len(before) > 100 and len(set(before[-100:])) == 1 and before[-1] > 0
        until(same, "the fabric to take no more", 60)
        return before[-1]

    @staticmethod
    def rest_of(connection, whole):
        while data := connection.recv(1 << 20):
            whole.update(data)

    def test_downloads_far_away_that_rest_lose_nothing(self):
        source = self.source("large", 64 * MIB)
        person = self.world.person("far")
        person.extra_environment = {"HTTPS_PROXY": self.proxy.url}
        with Forward(person, "large") as forward, \
                contextlib.closing(socket.create_connection(forward.address, patiently(60))) as one:
            whole = hashlib.sha256(one.recv(1000))
            taken = self.rests(source)
            self.assertLess(taken, 48 * MIB, "it is held back")
            self.rest_of(one, whole)
            self.assertEqual(source.digest(), whole.hexdigest())
            self.assertEqual([], forward.said)

    def test_many_downloads_at_once_that_nobody_reads_are_all_there_when_they_are(self):
        source = self.source("many", 2 * MIB)
        person = self.world.person("many")
        person.extra_environment = {"HTTPS_PROXY": self.proxy.url}
        with Forward(person, "many") as forward, contextlib.ExitStack() as opened:
            connections = [opened.enter_context(contextlib.closing(
                socket.create_connection(forward.address, patiently(60)))) for _ in range(40)]
            until(lambda: len(source.sent) == len(connections), "all to be open", 60)
            self.rests(source)
            for connection in connections:
                whole = hashlib.sha256()
                self.rest_of(connection, whole)
                self.assertEqual(source.digest(), whole.hexdigest())
            self.assertEqual([], forward.said)


if __name__ == "__main__":
    unittest.main()
