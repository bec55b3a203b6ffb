"""The database fails over to its standby: control finds the one that takes writes by itself, with a
--database-url that names both."""

import shutil
import unittest

from harness import folder as folders
from harness import sanitizers
from harness.addresses import OneHost
from harness.api import ApiError
from harness.control import DATABASE, Control, reachable_by_postgres
from harness.postgres import Postgres
from harness.wait import until


class DatabaseFailover(unittest.TestCase):
    def setUp(self):
        folder = reachable_by_postgres(folders.make())
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        self.addCleanup(sanitizers.assert_silent, folder)
        second = folder / "second"
        self.control = Control(folder, OneHost().address("control"), serve_options=[
            "--database-url", f"host={folder / 'pgreal'},{second / 'pgreal'} dbname={DATABASE} "
                              "target_session_attrs=read-write"])
        self.control.init()
        self.first = Postgres(self.control.state / "postgres", folder)
        self.first.stop()
        self.first.allow_standbys()
        self.first.start()
        self.addCleanup(self.first.stop)
        second.mkdir()
        second.chmod(0o755)
        self.second = self.first.standby(second)
        self.second.start()
        self.addCleanup(self.second.stop)
        self.control.serve()
        self.addCleanup(self.control.process.stop)
        self.owner = self.control.owner()
        self.owner.post("organizations", name="before")
        until(self.caught_up, "the standby to have all")

    def caught_up(self):
        return "t" == self.first.sql("SELECT replay_lsn = pg_current_wal_lsn() "
                                     "FROM pg_stat_replication")

    def try_to_add(self, name):
        try:
            self.owner.post("organizations", name=name)
        except ApiError as error:
            self.assertEqual((503, "database_unavailable"), (error.status, error.code))
            return False
        return True

    def assert_serves_from_the_second(self):
        until(lambda: self.try_to_add("after"), "control to serve again", 30)
        # No connection of before is used again: all see what was written since.
        for _ in range(20):
            names = {o["name"] for o in self.owner.get("organizations")["items"]}
            self.assertLessEqual({"before", "after"}, names)
        self.assertEqual(200, self.control.api().raw("GET", "/readyz")[0])
        self.assertTrue(self.owner.get("audit/verify")["ok"])

    def test_the_second_takes_over_when_the_first_stops(self):
        self.first.stop()
        self.assertFalse(self.try_to_add("meanwhile"), "nobody takes writes")
        self.second.promote()
        self.assert_serves_from_the_second()

    def test_a_first_that_runs_on_and_takes_no_writes_is_left(self):
        self.second.promote()
        self.first.sql("ALTER SYSTEM SET default_transaction_read_only = on")
        self.first.sql("SELECT pg_reload_conf()")
        self.assert_serves_from_the_second()
        until(lambda: len(self.control.log_events("hints.listening")) > 1,
              "control to listen where changes are announced now", 30)


if __name__ == "__main__":
    unittest.main()
