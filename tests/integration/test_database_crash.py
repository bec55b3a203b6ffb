"""PostgreSQL is killed after each single statement of what must not be lost: nothing acknowledged
is lost, nothing is done by halves, no token is used twice, and the same call again succeeds."""

import http.client
import json
import shutil
import ssl
import unittest

from harness import folder, pki, sanitizers
from harness.addresses import OneHost
from harness.api import ApiError
from harness.control import DATABASE, Control, reachable_by_postgres
from harness.enrolment import JoinToken
from harness.postgres import Postgres, Wire
from harness.wait import patiently, until


class DatabaseCrash(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = reachable_by_postgres(folder.make())
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.addClassCleanup(sanitizers.assert_silent, cls.folder)
        address = OneHost().address("control")
        wire = cls.folder / "wire"
        wire.mkdir()
        cls.control = Control(cls.folder, address,
                              serve_options=["--database-url", f"host={wire} dbname={DATABASE}"])
        cls.control.init()
        cls.postgres = Postgres(cls.control.state / "postgres", cls.folder)
        cls.postgres.stop()
        cls.postgres.start()
        cls.addClassCleanup(cls.postgres.stop)
        cls.wire = Wire(cls.postgres, wire)
        cls.addClassCleanup(cls.wire.close)
        cls.control.serve()
        cls.addClassCleanup(cls.control.process.stop)
        cls.api = cls.control.api()
        cls.owner = cls.control.owner()
        cls.count = 0

    def invited(self):
        type(self).count += 1
        name = f"host-{self.count}"
        return JoinToken(self.owner.post("join-tokens", node_name=name)["join_token"], name)

    def enrolled(self):
        token = self.invited()
        token.id = self.api.post("enrolments", **token.enrolment)["id"]
        return token

    def member(self):
        token = self.enrolled()
        self.approve(token)
        return token

    def approve(self, token):
        self.owner.post(f"enrolments/{token.id}/approve")

    def node(self, token):
        return next(n for n in self.owner.get("nodes")["items"] if n["id"] == token.node)

    def certificates(self, token):
        return [c["status"] for c in self.owner.get("certificates")["items"]
                if c.get("node") == token.node]

    def call_as(self, token, what, body):
        """A call of the node listener with the certificate the node was given."""
        if not hasattr(token, "files"):
            answer = self.api.post(f"enrolments/{token.id}/status", poll_secret=token.poll_secret)
            token.files = [self.folder / f"{token.name}.{kind}" for kind in ("crt", "key")]
            token.files[0].write_text(answer["certificate_chain"])
            token.files[1].write_text(pki.key_pem(token.key))
        context = ssl.create_default_context(cafile=str(self.control.root_ca))
        context.load_cert_chain(*token.files)
        connection = http.client.HTTPSConnection(self.control.address, self.control.ports["node"],
                                                 context=context, timeout=patiently(20))
        try:
            path = f"/cp/v2/nodes/{token.node}/{what}"
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = json.loads(answer.read() or b"null")
            if answer.status >= 400:
                raise ApiError("POST", path, answer.status, content)
            return content
        finally:
            connection.close()

    def after_every_statement(self, prepare, act, check):
        """Kills the database after the first statement of act(subject), then, with another subject,
        after the second, and so on until act() has no more. check(subject, acknowledged) looks at
        what there is then, and once more when act() was repeated."""
        for statements in range(1, 100):
            subject = prepare()
            self.wire.cut_after(statements)
            acknowledged = True
            try:
                act(subject)
            except ApiError as error:
                self.assertEqual((503, "database_unavailable"), (error.status, error.code))
                acknowledged = False
            if not self.wire.disarm():
                self.assertTrue(acknowledged)
                self.assertGreater(statements, 3, "there were statements to be killed after")
                return
            self.postgres.start()
            until(lambda: self.api.raw("GET", "/readyz")[0] == 200, "control to be ready again", 30)
            with self.subTest(statements=statements, acknowledged=acknowledged):
                check(subject, acknowledged)
                act(subject)
                check(subject, True)
        self.fail("it never ended")

    def test_enrolment(self):
        def check(token, acknowledged):
            mine = [e for e in self.owner.get("enrolments")["items"]
                    if e["node_name"] == token.name]
            self.assertIn(len(mine), (1,) if acknowledged else (0, 1))
            self.assertEqual("pending" if mine else "invited", self.node(token)["state"])
            if acknowledged:
                with self.assertRaises(ApiError) as refused:
                    self.api.post("enrolments", **token.another_enrolment())
                self.assertEqual("join_token_used", refused.exception.code)

        self.after_every_statement(
            self.invited, lambda token: self.api.post("enrolments", **token.enrolment), check)

    def test_approval(self):
        def check(token, acknowledged):
            state = self.node(token)["state"]
            self.assertIn(state, ("approved",) if acknowledged else ("pending", "approved"))
            self.assertEqual(["active"] if state == "approved" else [], self.certificates(token))
            answer = self.api.post(f"enrolments/{token.id}/status", poll_secret=token.poll_secret)
            self.assertEqual(state, answer["state"])

        self.after_every_statement(self.enrolled, self.approve, check)

    def test_acknowledgement(self):
        node = self.member()
        versions = iter(range(1, 100))

        def acknowledge(version):
            self.call_as(node, "configs/acks", {"acks": [{"type": "node_config",
                                                          "version": version}]})

        def check(version, acknowledged):
            seen = self.node(node)["config_version"]
            self.assertIn(seen, (version,) if acknowledged else (version - 1, version))

        self.after_every_statement(lambda: next(versions), acknowledge, check)

    def test_revocation(self):
        witness = self.member()

        def check(token, acknowledged):
            state = self.node(token)["state"]
            self.assertIn(state, ("revoked",) if acknowledged else ("approved", "revoked"))
            self.assertEqual(["revoked" if state == "revoked" else "active"],
                             self.certificates(token))
            try:
                self.call_as(token, "checkin", {"versions": {}})
                heard = True
            except ApiError as refused:
                self.assertEqual("certificate_revoked", refused.code)
                heard = False
            self.assertEqual(state == "approved", heard)
            self.call_as(witness, "configs/pull", {"have": 0})

        def member_with_certificate():
            token = self.member()
            self.call_as(token, "checkin", {"versions": {}})
            return token

        self.after_every_statement(
            member_with_certificate,
            lambda token: self.owner.post(f"nodes/{token.name}/revoke"), check)

    def test_what_was_acknowledged_survives_a_kill_at_once(self):
        token = self.member()
        self.owner.post(f"nodes/{token.name}/revoke")
        self.postgres.kill()
        self.postgres.start()
        until(lambda: self.api.raw("GET", "/readyz")[0] == 200, "control to be ready again", 30)
        self.assertEqual("revoked", self.node(token)["state"])
        self.assertTrue(self.owner.get("audit/verify")["ok"])


if __name__ == "__main__":
    unittest.main()
