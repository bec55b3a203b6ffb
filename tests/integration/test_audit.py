"""The audit log: everything that matters is in it, and nobody can take anything out unseen."""

import unittest

from harness.case import ControlCase
from harness.control import DATABASE, OWNER_EMAIL


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


if __name__ == "__main__":
    unittest.main()
