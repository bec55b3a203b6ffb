"""What stands in the answers of the control plane's listeners beside their bodies: HEAD has all of
GET but the body, and who may keep an answer is said in each."""

import http.client
import ssl
import unittest

from harness.case import ControlCase
from harness.wait import patiently

OPEN = ("/healthz", "/readyz", "/api/v1/readyz", "/api/v1/trust-bundle", "/api/v1/openapi.json")
DIFFER = ("date",)  # between two answers


class HttpAnswers(ControlCase):
    def setUp(self):
        control = self.world.control
        self.api = http.client.HTTPSConnection(
            control.address, control.ports["api"], timeout=patiently(10),
            context=ssl.create_default_context(cafile=str(control.root_ca)))
        self.status = http.client.HTTPConnection(control.address, control.ports["ocsp"],
                                                 timeout=patiently(10))
        for connection in (self.api, self.status):
            self.addCleanup(connection.close)

    @staticmethod
    def ask(connection, method, path, **headers):
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        head = {name.lower(): value for name, value in answer.getheaders()
                if name.lower() not in DIFFER}
        return answer.status, head, body

    def assert_head_is_get_without_a_body(self, connection, path, **headers):
        status, head, body = self.ask(connection, "GET", path, **headers)
        self.assertTrue(body, path)
        self.assertEqual((status, head, b""), self.ask(connection, "HEAD", path, **headers), path)
        self.assertEqual(str(len(body)), head["content-length"], path)
        self.assertNotEqual("close", head.get("connection"), "the connection goes on")
        return status, head

    def test_head_is_get_without_a_body_on_the_api(self):
        for path in OPEN:
            status, head = self.assert_head_is_get_without_a_body(self.api, path)
            self.assertEqual(200, status, path)
            self.assertEqual("no-store", head["cache-control"])
        status, head = self.assert_head_is_get_without_a_body(self.api, "/api/v1/me")
        self.assertEqual((401, "no-store"), (status, head["cache-control"]))
        status, head = self.assert_head_is_get_without_a_body(self.api, "/api/v1/nothing")
        self.assertEqual((404, "no-store"), (status, head["cache-control"]))

    def test_a_head_is_asked_by_who_is_signed_in_and_proves_the_device(self):
        bearer = {"Authorization": f"Bearer {self.owner.token}"}
        got, asked = (self.owner.raw(method, "/api/v1/me", headers=bearer)
                      for method in ("GET", "HEAD"))
        self.assertEqual((200, "no-store"), (got[0], got[1]["cache-control"]))
        self.assertEqual((200, got[1]["content-length"], b""),
                         (asked[0], asked[1]["content-length"], asked[2]))

    def test_a_path_without_get_has_no_head_and_says_what_it_has(self):
        status, head, body = self.ask(self.api, "HEAD", "/api/v1/auth/login")
        self.assertEqual((405, "POST", b""), (status, head["allow"], body))
        self.assertEqual("no-store", head["cache-control"])
        status, head, _ = self.ask(self.api, "DELETE", "/healthz")
        self.assertEqual((405, "GET, HEAD"), (status, head["allow"]))

    def test_a_revocation_list_may_be_kept_and_its_head_be_asked_for(self):
        status, head = self.assert_head_is_get_without_a_body(self.status, "/crl")
        self.assertEqual((200, "max-age=300"), (status, head["cache-control"]))
        tag = {"If-None-Match": head["etag"]}
        for method in ("GET", "HEAD"):
            status, again, body = self.ask(self.status, method, "/crl", **tag)
            self.assertEqual((304, b"", head["etag"]), (status, body, again["etag"]))


if __name__ == "__main__":
    unittest.main()
