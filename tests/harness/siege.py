"""Strangers who take every place of a listener that they get, from one address, in a process of
their own: they open connections, bring each as far as a stranger can, hold it and open it anew
when it is closed."""

import base64
import contextlib
import multiprocessing
import os
import resource
import select
import socket
import threading
import time

from harness.tls_records import Records, stranger_context
from harness.wait import patiently
from harness.websocket import PATH, SUBPROTOCOL

STRANGER = "127.66.6.6"
CONNECT_S = 10
PAUSE_S = 0.05

# How far a stranger brings a connection.
PLAIN, TLS, SLOW_HEAD, HALF_BODY, UPGRADE = "plain", "tls", "slow head", "half body", "upgrade"
HALF_HANDSHAKE = "half handshake"
# What it sends on, again and again, until it is ended: records that carry nothing, or next to it.
KEY_UPDATES, EMPTY_RECORDS, BYTE_RECORDS = "key updates", "empty records", "a byte a record"
FLOODS = (KEY_UPDATES, EMPTY_RECORDS, BYTE_RECORDS)
FLOOD_RECORDS = 500
LEAST_URGENT = 10  # more, and other work on the machine ends the siege


def _upgrade():
    key = base64.b64encode(os.urandom(16)).decode()
    return (f"GET {PATH} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n").encode()


def first_words(kind):
    client_hello_begins = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
    return {PLAIN: b"", TLS: b"", HALF_HANDSHAKE: client_hello_begins,
            SLOW_HEAD: b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ",
            HALF_BODY: b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\n"
                       b"Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n"
                       + bytes(50000),
            UPGRADE: _upgrade()}[kind]


def _open(kind, address, source, context):
    raw = socket.socket()
    raw.settimeout(CONNECT_S)
    try:
        raw.bind((source, 0))
        raw.connect(address)
        if kind in (PLAIN, HALF_HANDSHAKE):
            raw.sendall(first_words(kind))
            return raw
        wrapped = context.wrap_socket(raw)
        wrapped.sendall(first_words(kind))
        return wrapped
    except OSError:
        raw.close()
        return None


def _flood(kind, address, source):
    """Opens a connection and sends what nobody needs, more of it than is taken."""
    try:
        with Records(address, source=source, timeout=CONNECT_S) as peer:
            one = {KEY_UPDATES: peer.key_update, EMPTY_RECORDS: lambda: peer.data(b""),
                   BYTE_RECORDS: lambda: peer.data(b"x")}[kind]
            peer.send(peer.data(first_words(UPGRADE)))
            while True:
                peer.send(b"".join(one() for _ in range(FLOOD_RECORDS)))
    except OSError:
        pass


def _keep_flooding(kind, address, source, count, reopened_per_s, ready):
    """As many at once as there are threads; each opens anew what was ended."""
    def one():
        while True:
            began = time.monotonic()
            _flood(kind, address, source)
            time.sleep(max(0, began + count / reopened_per_s - time.monotonic()))

    for _ in range(count):
        threading.Thread(target=one, daemon=True).start()
    ready.send(count)
    threading.Event().wait()


def _besiege(kind, address, source, count, reopened_per_s, ready):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if soft < count + 100 else soft, hard))
    context = stranger_context()
    poll = select.epoll()
    held = {}

    def hold():
        one = _open(kind, address, source, context)
        if one is None:
            return
        held[one.fileno()] = one
        # What the server still says is not read; that it hangs up is noticed.
        poll.register(one.fileno(), select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR)

    for _ in range(count):
        hold()
    ready.send(len(held))
    allowance, before = 0.0, time.monotonic()
    while True:
        for number, _ in poll.poll(PAUSE_S):
            poll.unregister(number)
            held.pop(number).close()
        now = time.monotonic()
        allowance = min(allowance + (now - before) * reopened_per_s, reopened_per_s * PAUSE_S + 1)
        before = now
        while allowance >= 1 and len(held) < count:
            allowance -= 1
            hold()
        if kind == SLOW_HEAD:
            for one in list(held.values()):
                with contextlib.suppress(OSError):
                    one.sendall(b".")


def _strangers(kind, address, source, count, reopened_per_s, ready, elsewhere):
    if elsewhere:
        os.nice(LEAST_URGENT)
    work = _keep_flooding if kind in FLOODS else _besiege
    work(kind, address, source, count, reopened_per_s, ready)


@contextlib.contextmanager
def siege(kind, address, count, *, source=STRANGER, reopened_per_s=100, elsewhere=False):
    """Besieges a listener, from the moment on at which each connection was opened once. With
    `elsewhere` the strangers take little processor time from who is measured, as if they had a
    machine of their own."""
    ready, said = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(
        target=_strangers, daemon=True,
        args=(kind, address, source, count, reopened_per_s, said, elsewhere))
    process.start()
    try:
        assert ready.poll(patiently(60 + count / 50)), f"{count} connections of strangers"
        yield ready.recv()
    finally:
        process.kill()
        process.join()
