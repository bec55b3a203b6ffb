"""What is used for long and for much: the thousandth connection is served as the first, and what a
transfer takes of memory does not grow with it."""

import concurrent.futures
import contextlib
import itertools
import os
import pathlib
import socket
import threading
import unittest

from harness.case import FabricCase
from harness.process import BIN
from harness.rap import Forward
from harness.sanitizers import share_of_memory
from harness.stream import Stream
from harness.wait import patiently, until

MIB = 1 << 20
PART = bytes(range(256)) * 1024
CONNECTIONS = 1000
AT_ONCE = 40
IN_TURN = 10  # after each of those that come at once
WARM_MIB = 32  # what fills all windows and buffers on the way
# RAP_TRANSFER_MIB=2048 makes it the transfer of 2 GiB, each way.
TRANSFER_MIB = int(os.environ.get("RAP_TRANSFER_MIB", "256"))
MAY_GROW = 6 * MIB


def peak_memory(pid):
    """The most that a process ever held in memory, in bytes."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Mill:
    """A target that is told how many parts to send, sends them, and takes as many: each connection
    begins with both numbers in 16 hex digits. It answers with what was wrong."""

    def __init__(self, address):
        self._listener = socket.create_server((address, 0))
        self.address, self.port = self._listener.getsockname()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection, connection.makefile("rb") as incoming:
                    to_send, to_take = int(incoming.read(8), 16), int(incoming.read(8), 16)
                    for _ in range(to_send):
                        connection.sendall(PART)
                    wrong = sum(incoming.read(len(PART)) != PART for _ in range(to_take))
                    connection.sendall(b"%08x" % wrong)

    def close(self):
        self._listener.close()


class Endurance(FabricCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mill = Mill(cls.world.address)
        cls.addClassCleanup(cls.mill.close)
        cls.world.add_resource("mill", cls.mill.address, cls.mill.port)
        cls.world.wait_settled()
        cls.person = cls.world.person()

    def processes(self, forward):
        """Who carries a connection, by name."""
        return {"rap": forward.popen.pid,
                **{name: node.fabric_pid() for name, node in self.world.nodes.items()}}

    def assert_grew_little(self, before, processes):
        for name, pid in processes.items():
            program = BIN / ("rap" if name == "rap" else "rap-fabric")
            self.assertLess(peak_memory(pid) - before[name], MAY_GROW * share_of_memory(program),
                            f"{name} grew from {before[name]}")

    def test_a_forward_serves_its_thousandth_connection_as_its_first(self):
        echo = self.world.echo
        with Forward(self.person, "echo") as forward, \
                concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            def talk(number):
                with contextlib.closing(Stream(forward.address)) as stream:
                    stream.round_trip(b"%08d" % number * 1024)

            def some(numbers):
                list(pool.map(talk, itertools.islice(numbers, AT_ONCE)))
                for number in itertools.islice(numbers, IN_TURN):
                    talk(number)
                until(lambda: not echo.open, "the target to be left")

            processes = self.processes(forward)
            served, numbers = echo.accepted, iter(range(CONNECTIONS))
            some(numbers)
            some(numbers)
            held = {name: descriptors(pid) for name, pid in processes.items()}
            before = {name: peak_memory(pid) for name, pid in processes.items()}
            while echo.accepted - served < CONNECTIONS:
                some(numbers)
            self.assertEqual(CONNECTIONS, echo.accepted - served, "each was served once")
            until(lambda: all(descriptors(pid) <= held[name] for name, pid in processes.items()),
                  lambda: f"no more descriptors than {held}: "
                          f"{ {name: descriptors(pid) for name, pid in processes.items()} }")
            self.assertEqual(processes, self.processes(forward), "nobody was started anew")
            self.assert_grew_little(before, processes)
            self.assertEqual([], forward.said)

    def transfer(self, forward, mib):
        """So many MiB to us, and then to the target, byte for byte."""
        parts = mib * MIB // len(PART)
        with contextlib.closing(Stream(forward.address, 60)) as stream, \
                stream.socket.makefile("rb") as incoming:
            stream.socket.sendall(b"%08x%08x" % (parts, parts))
            for number in range(parts):
                self.assertEqual(PART, incoming.read(len(PART)), number)
            for _ in range(parts):
                stream.socket.sendall(PART)
            stream.socket.settimeout(patiently(60))
            self.assertEqual(0, int(incoming.read(8), 16), "parts that came to the target bent")

    def test_what_a_large_transfer_takes_of_memory_does_not_grow_with_it(self):
        with Forward(self.person, "mill") as forward:
            processes = self.processes(forward)
            self.transfer(forward, WARM_MIB)
            before = {name: peak_memory(pid) for name, pid in processes.items()}
            self.transfer(forward, TRANSFER_MIB)
            self.assert_grew_little(before, processes)


if __name__ == "__main__":
    unittest.main()
