"""Clocks that are wrong by ten years, and step there and back while programs run: whose clock it is
is said to everybody who meets it, nobody else's is blamed, nothing is lost, and all heals by itself
when the clock is right again."""

import contextlib
import unittest

from harness import clock
from harness.case import FabricCase
from harness.rap import NOT_SIGNED_IN, UNTRUSTED, Forward
from harness.stream import Stream
from harness.wait import until

AHEAD, BEHIND, RIGHT = "+3650d", "-3650d", "+0s"
SKEW_S = 3650 * 24 * 3600
SAID_WITHIN_S = 30
THIS_HOST = "This host's clock, or the control plane's, is wrong: set it right."


class WrongClocks(FabricCase):
    def setUp(self):
        self.entry = self.world.nodes["entry-1"]

    def with_a_clock(self, node):
        """The node anew, by a clock that can be set while it runs."""
        its = clock.StepsTogether(node.folder)
        node.stop()
        node.start(env=its.environment)
        self.addCleanup(self.world.wait_settled)
        self.addCleanup(node.start)
        self.addCleanup(node.stop)
        self.world.wait_settled()
        until(self.works, "the fabric to serve", SAID_WITHIN_S)
        return its

    def listed(self, name):
        return next(n for n in self.owner.get("nodes")["items"] if n["name"] == name)

    def skews(self):
        """How often the entry's agent said that its clock is off."""
        return len(self.entry.logged("clock.skewed", self.entry.agent.log()))

    def identity(self, node):
        return {file.name: file.read_bytes() for file in (node.state / "identity").iterdir()
                if file.suffix in (".key", ".pem", ".json")}

    def test_an_entry_whose_clock_steps_by_years_is_named_and_serves_when_it_is_right_again(self):
        its = self.with_a_clock(self.entry)
        before, said = self.identity(self.entry), self.skews()
        person = self.world.person()
        for offset, skew in ((AHEAD, SKEW_S), (BEHIND, -SKEW_S)):
            its.set(offset)
            until(lambda skew=skew: abs(self.listed("entry-1").get("clock_skew_s", 0) - skew) < 9,
                  f"the owner to see a clock of {offset}", SAID_WITHIN_S)
            self.assertEqual(["clock_off"],
                             [n["code"] for n in self.listed("entry-1")["notices"]])
            done = person.run("proxy", "echo", text_in="")
            self.assertNotEqual(0, done.returncode)
            self.assertIn("that node's clock is wrong, and not this machine's", done.stderr)
            its.set(RIGHT)
            until(self.works, f"the fabric to serve after a clock of {offset}", SAID_WITHIN_S)
            self.assertEqual(before, self.identity(self.entry), "nothing is renewed or lost")
            until(lambda: not self.listed("entry-1")["notices"], "the notice to go", SAID_WITHIN_S)
        self.assertEqual(2, self.skews() - said, "once each time")

    def test_a_flow_survives_a_clock_that_steps_back_by_years(self):
        its = self.with_a_clock(self.entry)
        said = self.skews()
        with Forward(self.world.person(), "echo") as forward, \
                contextlib.closing(Stream(forward.address, 60)) as stream:
            stream.round_trip(b"before")
            its.set(BEHIND)
            until(lambda: self.skews() > said, "the agent to see it", SAID_WITHIN_S)
            stream.round_trip(b"meanwhile")
            its.set(RIGHT)
            stream.round_trip(b"after")

    def test_a_node_that_starts_years_behind_says_whose_clock_it_is_and_comes_back(self):
        egress = self.world.nodes["egress-1"]
        its = self.with_a_clock(egress)
        egress.stop()
        its.set(BEHIND)
        egress.start(env=its.environment)
        until(lambda: any(THIS_HOST in said["detail"]
                          for said in egress.logged("control.away", egress.agent.log())),
              "the agent to say whose clock it is", SAID_WITHIN_S)
        its.set(RIGHT)
        until(self.works, "the node to be back, without anybody's help", 60)

    def test_a_host_whose_clock_is_years_off_is_enrolled_when_it_is_right(self):
        for name, offset in (("new-ahead", AHEAD), ("new-behind", BEHIND)):
            node = self.world.add_node(name)
            its = clock.StepsTogether(node.folder)
            its.set(offset)
            token = self.owner.post("join-tokens", node_name=name)["join_token"]
            node.start(token, env=its.environment)
            until(lambda node=node: any(
                THIS_HOST in said["detail"]
                for said in node.logged("enrolment.unreachable", node.agent.log())),
                "the agent to say whose clock it is", SAID_WITHIN_S)
            its.set(RIGHT)
            pending = until(lambda: self.owner.get("enrolments?state=pending")["items"],
                            "the enrolment with the same token", SAID_WITHIN_S)
            self.owner.post(f"enrolments/{pending[0]['id']}/approve")
            until((node.state / "identity" / "chain.pem").exists, "its certificate", SAID_WITHIN_S)
            node.stop()

    def test_a_person_is_told_of_the_clock_of_their_own_machine(self):
        person = self.world.person("late")
        person.extra_environment = clock.off_by(BEHIND)
        done = person.run("sessions")
        self.assertEqual(UNTRUSTED, done.returncode)
        self.assertIn("not of the time that this machine's clock shows", done.stderr)
        person.extra_environment = clock.off_by(AHEAD)
        self.assertEqual(NOT_SIGNED_IN, person.run("sessions").returncode)
        person.extra_environment = {}
        person.ok("sessions")


if __name__ == "__main__":
    unittest.main()
