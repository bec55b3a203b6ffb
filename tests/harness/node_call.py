"""Calls of the node listener with a node's own certificate, by hand."""

import http.client
import json
import ssl

from harness.wait import patiently


class NodeCalls:
    """`node` needs its identity only; its agent may run or not. One kept connection."""

    def __init__(self, control, node, timeout=30):
        identity = node.state / "identity"
        context = ssl.create_default_context(cafile=str(control.root_ca))
        context.load_cert_chain(identity / "chain.pem", identity / "node.key")
        self._path = f"/cp/v2/nodes/{node.node_id}/"
        self._connection = http.client.HTTPSConnection(
            control.address, control.ports["node"], context=context,
            timeout=patiently(timeout))

    def post(self, what, **body):
        """(status, answer)"""
        self._connection.request("POST", self._path + what, json.dumps(body),
                                 {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")

    def close(self):
        self._connection.close()
