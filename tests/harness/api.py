"""A client of the REST API that trusts only the platform's root, and proves its device."""

import http.client
import json
import ssl

from harness import metrics
from harness.device import Device
from harness.sealed_flow import ClientKeys
from harness.wait import patiently


class ApiError(Exception):
    def __init__(self, method, path, status, problem):
        super().__init__(f"{method} {path}: {status} {problem}")
        self.status = status
        self.problem = problem
        self.code = problem.get("code") if isinstance(problem, dict) else None


class Api:
    """`device` is None for who proves none: what they sign in for is bare. `source` is the address
    that calls come from; None: whichever the system takes."""

    def __init__(self, host, port, ca_file, token=None, device=None, source=None):
        self.host, self.port, self.ca_file, self.token = host, port, ca_file, token
        self.device = device
        self.source = (source, 0) if source else None
        self.keys = ClientKeys()  # of the flows of whoever this is

    def raw(self, method, path, body=None, headers=None, timeout=20):
        """(status, headers, body bytes) of one request, proven once more where a nonce is asked."""
        if self.device is None:
            return self.once(method, path, body, headers, timeout)
        for _ in range(2):
            proven = self.device.prove(self.ca_file, method, path, body, headers or {})
            answer = self.once(method, path, body, proven, timeout)
            if not self.device.asked_again(answer[0], answer[2]):
                break
        return answer

    def once(self, method, path, body=None, headers=None, timeout=20):
        """The same as it is, on a connection of its own."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        connection = http.client.HTTPSConnection(self.host, self.port, context=context,
                                                 timeout=patiently(timeout),
                                                 source_address=self.source)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def call(self, method, path, body=None, token=None):
        headers = {}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        if token := token or self.token:
            headers["Authorization"] = f"Bearer {token}"
        status, _, content = self.raw(method, "/api/v1/" + path, body, headers)
        value = json.loads(content) if content else None
        if status >= 400:
            raise ApiError(method, path, status, value)
        return value

    def get(self, path):
        return self.call("GET", path)

    def post(self, path, **body):
        return self.call("POST", path, body)

    def start_session(self, resource, **more):
        """What a client is given for flows to the resource, of its own keys."""
        return self.post("sessions", resource=resource, client_keys=self.keys.public, **more)

    def put(self, path, **body):
        return self.call("PUT", path, body or None)

    def delete(self, path):
        return self.call("DELETE", path)

    def metrics(self):
        status, _, content = self.raw("GET", "/metrics",
                                      headers={"Authorization": f"Bearer {self.token}"})
        assert status == 200, content
        return metrics.parse(content.decode())

    def as_user(self, email, password, device=None):
        """The same API signed in as somebody, on a device of its own."""
        there = Api(self.host, self.port, self.ca_file, device=device or Device())
        there.token = there.call("POST", "auth/login",
                                 {"email": email, "password": password})["token"]
        return there
