r"""A pool of two egresses of which only one gets to the target.

                                        egress-1 ------ target
                                       /
   client ------ entry-1 ------ relay-1                 sshd
                                       \
                                        egress-2

Each name is a network namespace with one address of its own; a line is a cable. All have one to the
control plane.
"""

import time
import unittest

from harness import namespaces
from harness.ssh import SshHost
from harness.wait import patiently, until
from harness.world import ORGANIZATION, POOL, World

HOSTS = ("client", "control", "entry-1", "relay-1", "egress-1", "egress-2", "target")
SESSIONS = 20
CABLES = (("client", "entry-1"), ("entry-1", "relay-1"), ("relay-1", "egress-1"),
          ("relay-1", "egress-2"), ("egress-1", "target"))


class TwoEgresses(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hosts = namespaces.Namespaces(*HOSTS)
        cls.addClassCleanup(cls.hosts.close)
        for cable in CABLES:
            cls.hosts.cable(*cable)
        for host in HOSTS:
            if host not in ("control", "target"):
                cls.hosts.cable(host, "control")
        cls.world = World(hosts=cls.hosts)
        cls.addClassCleanup(cls.world.close)
        cls.world.add_member("egress-2", roles=["egress"])
        owner = cls.world.owner
        owner.put(f"organizations/{ORGANIZATION}/egress-pools/{POOL}/nodes/egress-2")
        cls.address = cls.hosts.address("target")
        cls.host = SshHost(cls.world, cls.address, prefix=cls.hosts.prefix("target"))
        cls.addClassCleanup(cls.host.close)
        cls.person = cls.host.person()
        cls.resources = 0

    def setUp(self):
        # An entry remembers which egress does not reach a resource, so each test has its own.
        type(self).resources += 1
        self.resource = f"office-{self.resources}"
        self.host.offer(self.resource)
        self.world.wait_settled(links=3)
        until(self.settled, "the configuration of both egresses")

    def settled(self):
        return all(node["config_version"] == node["wanted_config_version"]
                   for node in self.world.owner.get("nodes")["items"])

    def assert_every_session_succeeds(self):
        began = time.monotonic()
        for i in range(SESSIONS):
            done = self.person.run("ssh", self.resource, "--", "echo $SSH_CONNECTION")
            self.assertEqual(0, done.returncode, f"session {i + 1} of {SESSIONS}: {done.stderr}")
            self.assertEqual(self.hosts.address("egress-1"), done.stdout.split()[0])
        return time.monotonic() - began

    def test_every_session_succeeds_when_one_has_no_route_to_the_target(self):
        self.assert_every_session_succeeds()

    def test_every_session_succeeds_when_what_one_sends_to_the_target_is_lost(self):
        # The relay forwards no packets, and says nothing of it.
        self.hosts.run("egress-2", "ip", "route", "add", f"{self.address}/32",
                       "via", self.hosts.address("relay-1"), "onlink", "dev", "relay-1")
        self.addCleanup(self.hosts.run, "egress-2", "ip", "route", "del", f"{self.address}/32")
        took = self.assert_every_session_succeeds()
        self.assertLess(took, patiently(40), "what was lost once is not waited for every time")

    def test_both_failing_is_said_with_what_says_most_of_the_target(self):
        self.world.add_resource("nobody", self.address, 9, "tcp")
        until(self.settled, "the configuration of both egresses")
        done = self.person.run("proxy", "nobody")
        self.assertNotEqual(0, done.returncode)
        self.assertIn("target_refused", done.stderr, "egress-1 gets to the host")


if __name__ == "__main__":
    if not namespaces.enter():
        TwoEgresses = unittest.skip("network namespaces need root or user namespaces")(TwoEgresses)
    unittest.main()
