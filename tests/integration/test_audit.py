"""The audit log: everything that matters is in it, and nobody can take anything out unseen."""

import base64
import json
import re
import shutil
import socket
import subprocess
import unittest

from harness import folder
from harness.case import ControlCase, FabricCase
from harness.control import DATABASE, OWNER_EMAIL
from harness.process import BIN
from harness.wait import patiently, until


def verify(control, *heads):
    return subprocess.run(
        [str(BIN / "rap-control"), "audit", "verify", "--state", str(control.state),
         *[word for path in heads for word in ("--heads", str(path))]],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=patiently(60),
        check=False)


class Audit(ControlCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner.post("organizations", name="acme")
        cls.owner.post("organizations", name="rival")
        cls.owner.post("users", email="ada@acme.test", password="a long enough password")
        cls.owner.post("organizations/acme/members", email="ada@acme.test",
                       role="organization_owner")

    def sql(self, statement):
        return self.world.control.sql("psql", "--dbname", DATABASE, "-v", "ON_ERROR_STOP=1", "-qAt",
                                      "-c", statement)

    def test_who_did_what_is_recorded_newest_first(self):
        items = self.owner.get("audit")["items"]
        numbers = [item["seq"] for item in items]
        self.assertEqual(sorted(numbers, reverse=True), numbers)
        made = next(i for i in items if i["action"] == "organization.created")
        self.assertIn(OWNER_EMAIL, str(made))

    def test_a_refused_sign_in_is_recorded(self):
        try:
            self.world.control.api().as_user("ada@acme.test", "wrong")
        except Exception:  # pylint: disable=broad-except
            pass
        self.assertIn("denied", {i["outcome"] for i in self.owner.get("audit")["items"]})

    def test_an_organization_sees_its_own_entries_only(self):
        ada = self.world.control.api().as_user("ada@acme.test", "a long enough password")
        seen = ada.get("audit?organization=acme")["items"]
        self.assertTrue(seen)
        self.assertNotIn("rival", str(seen))
        self.refused(404, "organization_not_found", ada.get, "audit?organization=rival")

    def test_even_the_databases_superuser_cannot_change_an_entry(self):
        for statement in ("UPDATE audit_log SET actor_name = 'nobody'", "DELETE FROM audit_log",
                          "TRUNCATE audit_log"):
            done = self.sql(statement)
            self.assertNotEqual(0, done.returncode)
            self.assertIn("append-only", done.stderr)
        self.assertTrue(self.owner.get("audit/verify")["ok"])


class Tampered(ControlCase):
    def test_an_entry_changed_behind_the_triggers_is_found(self):
        self.assertTrue(self.owner.get("audit/verify")["ok"])
        done = self.world.control.sql(
            "psql", "--dbname", DATABASE, "-qAt", "-c", "SET session_replication_role = replica",
            "-c", "UPDATE audit_log SET actor_name = 'nobody' WHERE seq = 1")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertFalse(self.owner.get("audit/verify")["ok"])


class Exported(ControlCase):
    """Heads of the chain are signed and leave the database."""

    @classmethod
    def setUpClass(cls):
        cls.folder = folder.make()
        cls.syslog = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        cls.syslog.bind(str(cls.folder / "log"))
        cls.CONTROL_OPTIONS = ("--audit-heads-every", "1",
                               "--audit-syslog", str(cls.folder / "log"))
        super().setUpClass()
        cls.heads = cls.world.control.state / "audit-heads.jsonl"

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.syslog.close()
        shutil.rmtree(cls.folder, ignore_errors=True)

    def verify(self, *heads):
        return verify(self.world.control, *heads)

    def wait_for_head_of(self, seq):
        def heads():
            if not self.heads.exists():
                return []
            return [json.loads(base64.b64decode(json.loads(line)["payload"]))["seq"]
                    for line in self.heads.read_text().splitlines()]
        until(lambda: any(n >= seq for n in heads()), lambda: f"a head of {seq}: {heads()}", 30)

    def newest(self):
        return self.owner.get("audit?limit=1")["items"][0]

    def test_a_chain_that_was_written_anew_does_not_fit_the_heads(self):
        # What the database's superuser can do: change an entry and compute the chain anew.
        self.owner.post("organizations", name="first")
        before = self.newest()
        self.wait_for_head_of(before["seq"])
        copy = self.folder / "copy.jsonl"
        shutil.copy(self.heads, copy)
        self.owner.post("organizations", name="second")
        self.wait_for_head_of(self.newest()["seq"])
        shutil.copy(self.heads, copy)
        kept = self.folder / "syslog.txt"
        with kept.open("w", encoding="utf-8") as lines:
            self.syslog.setblocking(False)
            while True:
                try:
                    line = self.syslog.recv(4096).decode()
                except BlockingIOError:
                    break
                self.assertRegex(line, r"^<109>1 \d{4}-\d\d-\d\dT[\d:]+Z \S+ rap-control "
                                       r"\d+ AUDITHEAD \[auditHead@32473 seq=")
                lines.write(line + "\n")
        whole = self.verify(copy, kept)
        self.assertEqual(0, whole.returncode, whole.stderr)
        self.assertIn("exported heads fit", whole.stdout)
        self.assertIn("no exported head", self.verify().stdout)

        done = self.world.control.sql(
            "psql", "--dbname", DATABASE, "-v", "ON_ERROR_STOP=1", "-qAt",
            "-c", "SET session_replication_role = replica",
            "-c", f"UPDATE audit_log SET target_name = 'harmless' WHERE seq = {before['seq']}",
            "-c", """DO $$ DECLARE e audit_log; last bytea := decode(repeat('00', 32), 'hex');
                     BEGIN FOR e IN SELECT * FROM audit_log ORDER BY seq LOOP
                       e.previous_hash := last; e.hash := rap_audit_hash(e); last := e.hash;
                       UPDATE audit_log SET previous_hash = e.previous_hash, hash = e.hash
                         WHERE seq = e.seq;
                     END LOOP; UPDATE audit_head SET hash = last; END $$""")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertTrue(self.owner.get("audit/verify")["ok"], "by itself it fits together again")
        for heads in (copy, kept):
            found = self.verify(heads)
            self.assertEqual(1, found.returncode, found.stdout)
            named = re.search(r"first broken link is after entry (\d+) and not after entry (\d+)",
                              found.stderr)
            self.assertTrue(named, found.stderr)
            self.assertTrue(int(named[1]) < before["seq"] <= int(named[2]), found.stderr)

    def test_a_head_of_another_hand_is_named(self):
        forged = self.folder / "forged.jsonl"
        forged.write_text('{"payload":"e30=","payloadType":"application/vnd.rap.audit-head+json",'
                          '"signatures":[]}\n')
        done = self.verify(forged)
        self.assertEqual(1, done.returncode)
        self.assertIn("line 1", done.stderr)


class KeptByNodes(FabricCase):
    CONTROL_OPTIONS = ("--audit-heads-every", "1")

    def test_a_node_keeps_heads_that_the_chain_is_compared_with(self):
        for node in self.world.nodes.values():
            kept = node.state / "config" / "audit-heads.jsonl"
            node.agent.wait_for(kept.exists, f"a head kept by {node.name}")
            done = verify(self.world.control, kept)
            self.assertEqual(0, done.returncode, done.stderr)
            self.assertIn("1 exported heads fit", done.stdout)


if __name__ == "__main__":
    unittest.main()
