"""Whoever takes over an entry or a relay, with all that is in its memory, reads nothing of what
crosses it."""

import contextlib
import os
import re
import socket
import unittest

from harness.case import FabricCase
from harness.rap import Forward
from harness.wait import patiently, until

MARK = os.urandom(32)
SAID = MARK * 1024
PIECE = 1 << 20
HUGE = 1 << 36  # what a sanitizer keeps of the others, and is almost all untouched
MAPPED = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \S+ *(.*)$", re.MULTILINE)


def memory_holds(pid, needle):
    """Whether the process has these bytes anywhere in what it may read."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb") as mem:
        for begin, end, name in MAPPED.findall(maps.read()):
            is_lent = name.startswith("[v")  # by the kernel
            if is_lent or int(end, 16) - int(begin, 16) > HUGE:
                continue
            at, last = int(begin, 16), b""
            while at < int(end, 16):
                mem.seek(at)
                with contextlib.suppress(OSError):
                    piece = mem.read(min(PIECE, int(end, 16) - at))
                    if needle in last + piece:
                        return True
                    last = piece[-len(needle):]
                at += PIECE
    return False


class CapturedEntry(FabricCase):
    def test_the_memory_of_entry_and_relay_holds_nothing_of_a_flow(self):
        self.world.wait_settled()
        person = self.world.person()
        with Forward(person, "echo") as forward, contextlib.closing(
                socket.create_connection(forward.address, patiently(30))) as stream:
            stream.sendall(SAID)
            stream.setblocking(False)
            # Nobody reads what comes back, so that it waits wherever there is room.
            held = []

            def waits():
                with contextlib.suppress(BlockingIOError):
                    while True:
                        stream.send(SAID)
                held.append(memory_holds(self.world.nodes["egress-1"].fabric_pid(), MARK))
                return held[-1]
            until(waits, "the egress to hold what the target says", 60)
            for name in ("entry-1", "relay-1"):
                self.assertFalse(memory_holds(self.world.nodes[name].fabric_pid(), MARK), name)


if __name__ == "__main__":
    unittest.main()
