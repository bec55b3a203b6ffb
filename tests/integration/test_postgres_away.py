"""PostgreSQL goes away: control says so with 503 and recovers by itself, live sessions go on. What
is scraped tells of it meanwhile, and the audit log afterwards."""

import os
import shutil
import signal
import unittest

from harness import metrics
from harness.api import ApiError
from harness.case import ControlCase, FabricCase
from harness.control import DATABASE, Control
from harness.postgres import Postgres
from harness.process import end
from harness.wait import until

SAID_FROM_S = 3  # a shorter outage is no entry


class PostgresAway(FabricCase):
    def status(self, path="/readyz"):
        return self.world.control.api().raw("GET", path, timeout=30)[0]

    def call_is_refused_with_503(self):
        try:
            self.owner.get("me")
        except ApiError as e:
            self.assertIn(e.status, (503,), e)
            self.assertEqual("database_unavailable", e.code)
            return True
        return False

    def assert_recovers(self):
        until(lambda: self.status() == 200, "control to be ready again", 30)
        # No connection of before the fault is used again: once ready, every call succeeds.
        for _ in range(20):
            self.owner.get("me")
        self.world.wait_settled()

    def test_a_killed_database_is_started_again(self):
        stream = self.live_stream()
        until(lambda: self.status() == 200, "control to be ready")
        postmaster = self.world.control.postgres_pid()
        os.kill(postmaster, signal.SIGKILL)
        stream.round_trip(b"while the database is dead")
        # An orphaned backend may answer once more: ready means something under a new postmaster.
        until(lambda: self.world.control.postgres_pid() not in (None, postmaster),
              "the database to be started again", 30)
        self.assert_recovers()
        stream.round_trip(b"after it came back")
        verdict = self.owner.get("audit/verify")
        self.assertTrue(verdict["ok"], verdict)

    def test_a_hanging_database_means_503_and_nothing_else_stops(self):
        stream = self.live_stream()
        hanging = self.world.control.postgres_pids()
        for pid in hanging:
            os.kill(pid, signal.SIGSTOP)
        try:
            until(self.call_is_refused_with_503, "a call to be refused with 503", 40)
            self.assertEqual(503, self.status())
            self.assertEqual(200, self.status("/healthz"))
            stream.round_trip(b"while the database hangs")
        finally:
            for pid in hanging:
                os.kill(pid, signal.SIGCONT)
        self.assert_recovers()
        stream.round_trip(b"after it woke up")


class Scraped(ControlCase):
    """Two rap-control on a PostgreSQL that the test runs, and a scraper of both."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        first = cls.world.control
        first.process.stop()
        if pid := first.postgres_pid():
            end(pid)
        cls.postgres = Postgres(first.state / "postgres", cls.world.folder)
        cls.postgres.start()
        cls.addClassCleanup(cls.postgres.stop)
        url = ["--database-url", f"host={cls.postgres.sockets} dbname={DATABASE}"]
        first.serve_options = url
        folder = cls.world.folder / "second"
        folder.mkdir(mode=0o755)
        second = Control(folder, first.address, serve_options=url)
        shutil.copytree(first.state, second.state,
                        ignore=shutil.ignore_patterns("postgres", "pgsock", "run", "*.lock"))
        (second.state / "run").mkdir()
        cls.servers = (first, second)
        for server in cls.servers:
            server.serve()
            cls.addClassCleanup(server.process.stop)

    def scrape(self, server, token):
        """(status, figures)"""
        status, _, body = server.api().raw("GET", "/metrics", timeout=30,
                                           headers={"Authorization": f"Bearer {token}"})
        return status, metrics.parse(body.decode()) if status == 200 else {}

    def figures(self, server):
        status, told = self.scrape(server, self.token)
        self.assertEqual(200, status)
        return told

    def entries(self):
        return [e for e in self.owner.get("audit")["items"] if e["action"] == "database.was_away"]

    def test_an_outage_is_a_metric_meanwhile_and_an_entry_of_each_server_afterwards(self):
        self.owner = self.world.control.owner()
        rap = self.world.platform_owner()
        self.token = rap.ok("admin", "metrics-tokens", "create", "prometheus").strip()
        for server in self.servers:
            told = self.figures(server)
            self.assertEqual(1, told["rap_control_database_up"])
            self.assertEqual(0, told["rap_control_database_outages_total"])
            self.assertIn("rap_database_histories", told)
        self.postgres.stop()
        for server in self.servers:
            until(lambda server=server: self.figures(server)["rap_control_database_up"] == 0,
                  "the outage to be told")
            until(lambda server=server: SAID_FROM_S + 1 <
                  self.figures(server)["rap_control_database_away_seconds_total"],
                  "it to be long enough")
            self.assertNotIn("rap_database_histories", self.figures(server))
            self.assertEqual(503, self.scrape(server, "rapmt_" + 43 * "A")[0])
        self.postgres.start()
        for server in self.servers:
            until(lambda server=server: self.figures(server)["rap_control_database_up"] == 1,
                  "the database to be back", 30)
        until(lambda: len(self.entries()) >= len(self.servers), "the entries", 40)
        for server in self.servers:
            self.assertEqual(1, self.figures(server)["rap_control_database_outages_total"])
        entries = self.entries()
        self.assertEqual(len(self.servers), len(entries))
        for entry in entries:
            detail = entry["detail"]
            self.assertEqual(("system", "rap-control"),
                             (entry["actor"]["kind"], entry["actor"]["name"]))
            self.assertEqual(os.uname().nodename, entry["target"]["name"])
            self.assertEqual(1, detail["times"])
            self.assertIn(detail["cause"], ("no_answer", "shutting_down"))
            self.assertGreaterEqual(detail["seconds"], SAID_FROM_S)
            self.assertAlmostEqual(detail["until"] - detail["from"], detail["seconds"], delta=2)
        self.assertIn("database.was_away", rap.ok("admin", "audit", "list"))
        self.assertIn("whole", rap.ok("admin", "audit", "verify"))


if __name__ == "__main__":
    unittest.main()
