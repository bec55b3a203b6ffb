"""What is used for long: the thousandth connection is served as the first."""

import concurrent.futures
import contextlib
import itertools
import os
import pathlib
import unittest

from harness.case import FabricCase
from harness.process import BIN
from harness.rap import Forward
from harness.sanitizers import share_of_memory
from harness.stream import Stream
from harness.wait import until

MIB = 1 << 20
CONNECTIONS = 1000
AT_ONCE = 40
IN_TURN = 10  # after each of those that come at once
MAY_GROW = 12 * MIB


def peak_memory(pid):
    """The most that a process ever held in memory, in bytes."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Endurance(FabricCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
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


if __name__ == "__main__":
    unittest.main()
