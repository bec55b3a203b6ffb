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
import ssl
import time

from harness.wait import patiently
from harness.websocket import PATH, SUBPROTOCOL

STRANGER = "127.66.6.6"
CONNECT_S = 10
PAUSE_S = 0.05

# How far a stranger brings a connection.
PLAIN, TLS, SLOW_HEAD, HALF_BODY, UPGRADE = "plain", "tls", "slow head", "half body", "upgrade"


def _upgrade():
    key = base64.b64encode(os.urandom(16)).decode()
    return (f"GET {PATH} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n").encode()


def _first_words(kind):
    return {PLAIN: b"", TLS: b"", SLOW_HEAD: b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ",
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
        if kind == PLAIN:
            return raw
        wrapped = context.wrap_socket(raw)
        wrapped.sendall(_first_words(kind))
        return wrapped
    except OSError:
        raw.close()
        return None


def _besiege(kind, address, source, count, reopened_per_s, ready):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if soft < count + 100 else soft, hard))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
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


@contextlib.contextmanager
def siege(kind, address, count, *, source=STRANGER, reopened_per_s=100):
    """Besieges a listener, from the moment on at which each connection was opened once."""
    ready, said = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(
        target=_besiege, args=(kind, address, source, count, reopened_per_s, said), daemon=True)
    process.start()
    try:
        assert ready.poll(patiently(60 + count / 50)), f"{count} connections of strangers"
        yield ready.recv()
    finally:
        process.kill()
        process.join()
