"""Measures the OCSP responder beside `openssl ocsp`. Writes build/bench-ocsp.json.

Both answer about the same certificate with signatures of P-256 keys, one after the other and in
turns, to the same clients on the same machine: a connection a request, as openssl ocsp offers no
other. Ours gives the answer that it signed a moment ago while PostgreSQL confirms it; openssl
signs what it finds in the index it read at its start. A row has ours with a nonce in each request,
so that each is looked up and signed, another has connections that are kept, as agents and browsers
do.

usage: ocsp.py [--seconds 4] [--turns 3] [--clients 4] [--quick]
"""

import argparse
import json
import multiprocessing
import pathlib
import socket
import statistics
import struct
import sys
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import spread  # noqa: E402
from harness.addresses import free_port  # noqa: E402
from harness.issuing import Issuer, chain_in  # noqa: E402
from harness.openssl_ocsp import OpensslResponder, index_line  # noqa: E402
from harness.wait import patiently  # noqa: E402
from harness.world import World  # noqa: E402


def answer_of(connection):
    """One HTTP response's body; None when the connection ended before it was whole."""
    data = b""
    while True:
        head, found, body = data.partition(b"\r\n\r\n")
        if found:
            lines = head.lower().split(b"\r\n")
            assert b" 200" in lines[0], head
            length = [int(line[15:]) for line in lines if line.startswith(b"content-length:")]
            if length and len(body) >= length[0]:
                return body[:length[0]]
        part = connection.recv(65536)
        if not part:
            return None
        data += part


def connected(address):
    """With as few calls as can be: the clients share the processors with what they measure."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO,
                          struct.pack("ll", int(patiently(10)), 0))
    connection.connect(address)
    return connection


def client(address, message, seconds, keep, counts):
    end = time.monotonic() + seconds
    done, connection = 0, None
    while time.monotonic() < end:
        connection = connection or connected(address)
        connection.sendall(message)
        assert answer_of(connection), "an answer"
        done += 1
        if not keep:
            connection.close()
            connection = None
    counts.put(done)


def rate(address, message, args, keep=False):
    counts = multiprocessing.Queue()
    began = time.monotonic()
    clients = [multiprocessing.Process(target=client,
                                       args=(address, message, args.seconds, keep, counts))
               for _ in range(args.clients)]
    for one in clients:
        one.start()
    total = sum(counts.get(timeout=args.seconds + patiently(30)) for _ in clients)
    for one in clients:
        one.join()
    return total / (time.monotonic() - began)


def post(host, path, body, keep):
    connection = "keep-alive" if keep else "close"
    return (f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/ocsp-request\r\n"
            f"Connection: {connection}\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body


def says_good(address, message):
    with socket.create_connection(address, timeout=patiently(10)) as connection:
        connection.sendall(message)
        response = ocsp.load_der_ocsp_response(answer_of(connection))
    assert response.certificate_status == ocsp.OCSPCertStatus.GOOD


def measure(world, args):
    control = world.control
    leaf, issuer_certificate = chain_in(world.nodes["entry-1"].state / "identity" / "worker.pem")
    issuer = Issuer.of(control)
    asking = ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer_certificate, hashes.SHA1())
    body, with_nonce = (request.build().public_bytes(serialization.Encoding.DER) for request in (
        asking, asking.add_extension(x509.OCSPNonce(bytes(16)), critical=False)))
    for node in world.nodes.values():
        node.stop()
    port = free_port("0.0.0.0")  # openssl ocsp listens on every address
    responder = OpensslResponder(world.folder, port, issuer, signer=issuer.ocsp_delegate(),
                                 index=index_line(leaf))
    try:
        ours_at, openssl_at = (control.address, control.ports["ocsp"]), ("127.0.0.1", port)
        once, kept = post("ocsp", "/ocsp/", body, False), post("ocsp", "/ocsp/", body, True)
        signed = post("ocsp", "/ocsp/", with_nonce, False)
        says_good(ours_at, once)
        says_good(openssl_at, once)
        rates = {"ours": [], "openssl": [], "signed": [], "kept": []}
        for _ in range(args.turns):
            rates["ours"].append(rate(ours_at, once, args))
            rates["openssl"].append(rate(openssl_at, once, args))
            rates["signed"].append(rate(ours_at, signed, args))
        rates["kept"].append(rate(ours_at, kept, args, keep=True))
    finally:
        responder.stop()
    return {name: statistics.median(values) for name, values in rates.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--clients", type=int, default=4)
    args = spread.options_of(parser, seconds=0.3, turns=1, clients=2)
    with World() as world:
        rates = measure(world, args)
    rows = [{"name": "responses a second, a connection each", "unit": "1/s", "better": "higher",
             "ours": round(rates["ours"]), "openssl": round(rates["openssl"]),
             "ratio": round(rates["ours"] / rates["openssl"], 2)},
            {"name": "responses a second, each signed for its nonce", "unit": "1/s",
             "better": "higher", "ours": round(rates["signed"]),
             "openssl": round(rates["openssl"]),
             "ratio": round(rates["signed"] / rates["openssl"], 2)},
            {"name": "responses a second, connections kept", "unit": "1/s", "better": "higher",
             "ours": round(rates["kept"])}]
    for row in rows:
        print(json.dumps(row))
    spread.write(ROOT, "bench-ocsp", {"rows": rows, "clients": args.clients}, args)


if __name__ == "__main__":
    main()
