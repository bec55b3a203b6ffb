"""A session lives from its creation to its termination, which ends its live flows."""

import time
import unittest

from harness.case import FabricCase
from harness.process import BIN
from harness.wait import assert_within, until
from harness.world import ORGANIZATION

ENDED_WITHIN_S = 3.0


class Sessions(FabricCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.person = cls.world.person()
        cls.user = cls.world.user()

    def open(self):
        """A live stream and the id of its session."""
        before = {s["id"] for s in self.user.get("sessions?state=all")["items"]}
        stream = self.live_stream(self.person)
        new = {s["id"] for s in self.user.get("sessions?state=all")["items"]} - before
        self.assertEqual(1, len(new))
        return stream, new.pop()

    def state(self, session):
        return next(s["state"] for s in self.user.get("sessions?state=all")["items"]
                    if s["id"] == session)

    def test_a_session_with_flows_is_shown_as_active(self):
        _, session = self.open()
        until(lambda: self.state(session) == "active", "the session to be active")

    def test_a_session_that_only_short_requests_use_counts_as_used(self):
        stream, session = self.open()
        stream.close()
        until(lambda: self.state(session) == "detached", "the session to count as used")

    def test_what_has_ended_is_not_listed_among_the_living(self):
        _, session = self.open()
        self.person.ok("sessions", "terminate", session)
        living = [s["id"] for s in self.person.json("sessions")["items"]]
        self.assertNotIn(session, living)
        ended = self.person.json("sessions", "--ended")["items"]
        self.assertIn((session, "terminated_by_user"),
                      [(s["id"], s["ended_because"]) for s in ended])
        self.assertEqual(1, len(self.person.json("sessions", "list", "--ended", "--limit",
                                                 "1")["items"]))

    def test_terminating_a_session_ends_its_flows_and_spares_others(self):
        spared, _ = self.open()

        def terminated():
            doomed, session = self.open()
            self.person.ok("sessions", "terminate", session)
            asked = time.monotonic()
            self.assertTrue(doomed.ended())
            return time.monotonic() - asked
        assert_within(ENDED_WITHIN_S, BIN / "rap-fabric", terminated)
        spared.round_trip(b"spared")

    def test_a_terminated_session_takes_no_new_attachment(self):
        session = self.user.start_session("echo")
        self.user.delete(f"sessions/{session['session']['id']}")
        self.refused(409, "session_terminated", self.user.post,
                     f"sessions/{session['session']['id']}/attachments",
                     client_keys=self.user.keys.public)

    def test_nobody_ends_or_sees_the_session_of_another(self):
        _, session = self.open()
        self.owner.post("users", email="mallory@acme.test", password="a long enough password")
        self.owner.post(f"organizations/{ORGANIZATION}/members", email="mallory@acme.test",
                        role="organization_user")
        mallory = self.world.control.api().as_user("mallory@acme.test", "a long enough password")
        self.assertEqual([], mallory.get("sessions")["items"])
        self.refused(404, "session_not_found", mallory.delete, f"sessions/{session}")

    def test_a_disabled_node_loses_its_channels(self):
        extra = self.world.add_member("relay-2", ["relay"])
        self.world.wait_settled(links=4)
        self.owner.post("nodes/relay-2/disable")
        until(lambda: not [c for c in self.world.channels() if c["peer"] == extra.node_id],
              "the channels of the disabled node to end")


if __name__ == "__main__":
    unittest.main()
