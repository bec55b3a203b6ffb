"""PostgreSQL goes away: control says so with 503 and recovers by itself, live sessions go on."""

import os
import signal
import unittest

from harness.api import ApiError
from harness.case import FabricCase
from harness.wait import until


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


if __name__ == "__main__":
    unittest.main()
