"""Flows outlive their entry, their connection and a sleep: whoever uses one goes on, and no byte is
lost or comes twice."""

import contextlib
import hashlib
import os
import signal
import subprocess
import threading
import time
import unittest

from harness.case import FabricCase
from harness.process import BIN
from harness.proxy import ForgetfulProxy
from harness.rap import Forward
from harness.stream import Stream
from harness.wait import assert_within, patiently, until
from harness.world import USER_EMAIL, USER_PASSWORD

GOES_ON_WITHIN_S = 10  # after an entry was killed
NOTICED_WITHIN_S = 30  # a network that forgot
TRANSFER = 24 * 1024 * 1024
PIECE = 64 * 1024
SLEEP_S = int(os.environ.get("RAP_SLEEP_S", "60"))


class Transfer:
    """Bytes through `rap proxy` to an echo and back, checked at their end."""

    def __init__(self, person, size):
        self.proxy = person.popen("proxy", "echo", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
        self.said = hashlib.sha256()
        self.heard = hashlib.sha256()
        self.back = 0
        self._size = size
        self._threads = [threading.Thread(target=run, daemon=True)
                         for run in (self._write, self._read)]
        for thread in self._threads:
            thread.start()

    def _write(self):
        with contextlib.suppress(OSError):
            for _ in range(self._size // PIECE):
                piece = os.urandom(PIECE)
                self.said.update(piece)
                self.proxy.stdin.write(piece)
            self.proxy.stdin.close()

    def _read(self):
        while piece := self.proxy.stdout.read(PIECE):
            self.heard.update(piece)
            self.back += len(piece)

    def outcome(self):
        """Everything came back as it went, and the program ended well."""
        for thread in self._threads:
            thread.join(patiently(60))
        status = self.proxy.wait(patiently(20))
        said = self.proxy.stderr.read().decode()
        self.proxy.stdout.close()
        self.proxy.stderr.close()
        assert status == 0, f"rap proxy ended with {status}: {said}"
        assert self.back == self._size, f"{self.back} of {self._size} bytes came back: {said}"
        assert self.said.digest() == self.heard.digest(), "other bytes came back"

    def came_back(self, size):
        until(lambda: self.back >= size or self.proxy.poll() is not None,
              lambda: f"{size} bytes; {self.back} have come", 30)


class ResumableFlows(FabricCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.add_member("entry-2", ["entry"])
        cls.world.wait_settled(3)
        cls.person = cls.world.person()
        cls.entries = [cls.world.nodes["entry-1"], cls.world.nodes["entry-2"]]

    def setUp(self):
        self.world.wait_settled(3)

    @contextlib.contextmanager
    def connected(self, person=None):
        with Forward(person or self.person, "echo") as forward, \
                contextlib.closing(Stream(forward.address, 60)) as stream:
            stream.round_trip(b"before")
            yield stream, forward

    def kill_and_start_again(self, node):
        """What carries flows there dies without a word."""
        fabric = node.fabric_pid()
        os.kill(fabric, signal.SIGKILL)
        return fabric

    def test_a_flow_goes_on_by_another_entry_when_its_own_dies(self):
        with self.connected() as (stream, _):
            for entry in self.entries:
                was = self.kill_and_start_again(entry)
                assert_within(GOES_ON_WITHIN_S, BIN / "rap",
                              lambda: self.took(stream, os.urandom(10_000)))
                entry.wait_fabric(was)
                self.world.wait_settled(3)

    @staticmethod
    def took(stream, data):
        began = time.monotonic()
        stream.round_trip(data)
        return time.monotonic() - began

    def test_no_byte_of_a_transfer_is_lost_or_doubled_when_entries_and_relays_die(self):
        transfer = Transfer(self.person, TRANSFER)
        relay = self.world.nodes["relay-1"]
        for i, node in enumerate((self.entries[0], relay, self.entries[1], relay)):
            transfer.came_back((i + 1) * TRANSFER // 6)
            was = self.kill_and_start_again(node)
            node.wait_fabric(was)
            self.world.wait_settled(3)
        transfer.outcome()

    def test_a_client_that_was_stopped_for_a_while_goes_on(self):
        with self.connected() as (stream, forward):
            os.kill(forward.popen.pid, signal.SIGSTOP)
            try:
                stream.socket.sendall(b"typed while it slept")
                time.sleep(SLEEP_S)
            finally:
                os.kill(forward.popen.pid, signal.SIGCONT)
            back = b""
            while len(back) < len(b"typed while it slept"):
                back += stream.socket.recv(100)
            self.assertEqual(b"typed while it slept", back)
            stream.round_trip(b"and on")

    def test_a_flow_goes_on_when_the_network_forgot_its_connection(self):
        proxy = ForgetfulProxy(self.world.control.address)
        self.addCleanup(proxy.close)
        person = self.world.person("traveller")
        person.extra_environment["HTTPS_PROXY"] = proxy.url
        with self.connected(person) as (stream, _):
            proxy.forget()
            assert_within(NOTICED_WITHIN_S, BIN / "rap",
                          lambda: self.took(stream, os.urandom(10_000)))

    def test_a_flow_goes_on_without_the_control_plane(self):
        with self.connected() as (stream, _):
            self.world.control.stop()
            try:
                self.kill_and_start_again(self.entries[0])
                stream.round_trip(b"by the other one")
                self.kill_and_start_again(self.entries[1])
                stream.round_trip(b"and back")
            finally:
                self.world.control.serve()

    def test_whoever_is_signed_out_while_away_does_not_go_on(self):
        with self.connected() as (stream, forward):
            os.kill(forward.popen.pid, signal.SIGSTOP)
            try:
                self.world.platform_owner().ok("admin", "users", "sign-out", USER_EMAIL)
                until(lambda: not self.world.echo.open, "the target's connection to end", 30)
            finally:
                os.kill(forward.popen.pid, signal.SIGCONT)
            self.assertTrue(stream.ended())
        self.person.login(self.world.control.url, USER_EMAIL, USER_PASSWORD,
                          self.world.control.root_ca)


if __name__ == "__main__":
    unittest.main()
