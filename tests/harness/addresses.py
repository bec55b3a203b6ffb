"""Addresses and ports nobody else uses: every world has a loopback address of its own."""

import errno
import os
import socket
import threading

_lock = threading.Lock()
_count = 0


def own_address():
    """127.a.b.c with a and b from our process id: tests that run beside us get others."""
    global _count  # pylint: disable=global-statement
    with _lock:
        _count += 1
        number = _count
    assert number < 255, "more worlds in one test process than a loopback net has addresses"
    pid = os.getpid() & 0xFFFF
    return f"127.{pid >> 8 or 200}.{pid & 0xFF}.{number}"


def free_port(address):
    """A port nobody uses now. An address of another network namespace is ours alone anyway."""
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError as e:
            if e.errno != errno.EADDRNOTAVAIL:
                raise
            probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class OneHost:
    """Every program on this host, at one loopback address."""

    def __init__(self):
        self._address = own_address()

    def address(self, _):
        return self._address

    def prefix(self, _):
        """What to put before a command to run it on that host."""
        return ()
