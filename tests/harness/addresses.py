"""Addresses and ports nobody else uses: every world has a loopback address of its own."""

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
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]
