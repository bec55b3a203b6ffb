"""The event channel of a node, opened by hand."""

import contextlib
import socket
import ssl
import time

from harness.wait import patiently


class EventStream:
    """GET /cp/v2/nodes/{id}/events with the node's certificate, up to the end of the head."""

    def __init__(self, control, node, timeout=10):
        identity = node.state / "identity"
        context = ssl.create_default_context(cafile=str(control.root_ca))
        context.load_cert_chain(identity / "chain.pem", identity / "node.key")
        raw = socket.create_connection((control.address, control.ports["node"]), patiently(timeout))
        self.socket = context.wrap_socket(raw, server_hostname=control.address)
        self.socket.sendall(f"GET /cp/v2/nodes/{node.node_id}/events HTTP/1.1\r\n"
                            f"Host: {control.address}\r\n\r\n".encode())
        self.received = b""
        while b"\r\n\r\n" not in self.received and self._more():
            pass
        self.head, _, self.received = self.received.partition(b"\r\n\r\n")
        self.status = int(self.head.split()[1]) if self.head else 0

    def _more(self):
        try:
            data = self.socket.recv(65536)
        except (ConnectionError, ssl.SSLError):
            return False
        self.received += data
        return bool(data)

    def wait_for(self, text):
        """Whether the stream brings the text before it ends, and soon: pings come for ever."""
        deadline = time.monotonic() + patiently(30)
        while text not in self.received:
            if time.monotonic() > deadline or not self._more():
                return False
        return True

    def read_to_end(self):
        while self._more():
            pass
        return self.received

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.close()
