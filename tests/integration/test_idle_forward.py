"""A forward that nobody uses for eleven minutes: the control plane ends a session that nobody
attached to after ten. The wall clock of all programs is set ahead while they run, so that it is
eleven minutes to them; no limit is shortened, and what passes on their monotonic clocks is real."""

import contextlib
import unittest

from harness.case import FabricCase
from harness.clock import StepsTogether
from harness.rap import Forward
from harness.stream import Stream
from harness.wait import until

ENDED_WITHIN_S = 30
MINUTES = 60


class IdleForward(FabricCase):
    def setUp(self):
        """All programs anew: what a staple is good for would be over after two steps."""
        world = self.world
        self.clock = StepsTogether(world.folder)
        self.passed_s = 0
        for node in world.nodes.values():
            node.stop()
        world.control.stop()
        world.control.serve(env=self.clock.environment)
        for node in world.nodes.values():
            node.start(env=self.clock.environment)
        world.wait_settled()
        until(self.works, "the fabric to serve", ENDED_WITHIN_S)
        self.watcher = self.person("watcher")

    def passes(self, seconds):
        self.passed_s += seconds
        self.clock.set(f"+{self.passed_s}s")

    def person(self, name):
        """Whose `rap` goes by the same clock."""
        person = self.world.person(name)
        person.extra_environment = self.clock.environment
        return person

    def states(self):
        """Of the sessions that live."""
        return sorted(s["state"] for s in self.watcher.json("sessions")["items"])

    def never_attached(self):
        """How many sessions were ended for that."""
        ended = self.watcher.json("sessions", "--ended")["items"]
        return sum(s["ended_because"] == "never_attached" for s in ended)

    def connected(self, forward):
        return contextlib.closing(Stream(forward.address, 60))

    def answers(self, forward):
        with self.connected(forward) as stream:
            stream.round_trip(b"still there")

    def test_forwards_that_rest_for_eleven_minutes_serve(self):
        never, rests, stays = (self.person(name) for name in ("never", "rests", "stays"))
        with Forward(never, "echo") as unused, Forward(rests, "echo") as used, \
                Forward(stays, "echo") as held, self.connected(held) as stream:
            self.answers(used)
            stream.round_trip(b"before")
            until(lambda: self.states() == ["active", "detached", "pending"],
                  lambda: f"two of three sessions to count as used: {self.states()}")
            before = self.never_attached()
            self.passes(11 * MINUTES)
            until(lambda: self.never_attached() > before, "the session to be ended",
                  ENDED_WITHIN_S)
            for forward in (unused, used, held):
                self.answers(forward)
                self.answers(forward)
                self.assertEqual([], forward.said)
            stream.round_trip(b"the connection that rested too")
        self.assertEqual(before + 1, self.never_attached())

    def test_a_forward_that_one_short_request_uses_now_and_then_goes_on(self):
        before = self.never_attached()
        with Forward(self.person("short"), "echo") as forward:
            for _ in range(3 * 12):
                self.answers(forward)
                self.passes(MINUTES / 3)
            self.answers(forward)
            self.assertEqual([], forward.said)
        self.assertEqual(before, self.never_attached())


if __name__ == "__main__":
    unittest.main()
