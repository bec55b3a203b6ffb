"""What an organization's owner decides: which of its hosts become nodes and serve it, and for how
long an administrator of the platform may decide that in their place."""

import unittest

from harness.case import FabricCase
from harness.rap import DENIED, Forward
from harness.stream import Stream
from harness.wait import until
from harness.world import ORGANIZATION, POOL

PASSWORD = "a long enough password"
BOSS = "boss@acme.test"
KEEPER = "keeper@platform.test"


class Owners(FabricCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner.post("users", email=BOSS, password=PASSWORD)
        cls.owner.post(f"organizations/{ORGANIZATION}/members", email=BOSS,
                       role="organization_owner")
        cls.owner.post("users", email=KEEPER, password=PASSWORD, platform_role="platform_admin")
        cls.boss = cls.world.person("boss", BOSS, PASSWORD)
        cls.keeper = cls.world.person("keeper", KEEPER, PASSWORD)

    def denied(self, rap, *arguments):
        done = rap.run(*arguments)
        self.assertEqual(DENIED, done.returncode, done.stderr)
        return done.stderr

    def told(self):
        """What was done, and by whom, as the organization's owner reads it."""
        entries = self.boss.json("admin", "audit", "list", "--organization", ORGANIZATION)["items"]
        return {(e["action"], e["actor"]["name"]) for e in entries}

    def test_a_host_of_an_organization_serves_it_once_its_owner_approved(self):
        of_acme = ("--organization", ORGANIZATION)
        node = self.world.add_node("branch")
        node.start(self.keeper.ok("admin", "join-tokens", "create", "--node", "branch",
                                  *of_acme).strip())
        node.agent.wait_for(
            lambda: self.boss.json("admin", "enrolments", "list", *of_acme)["items"],
            "the host of the organization to ask")
        self.assertIn("its owner decides",
                      self.denied(self.world.platform_owner(), "admin", "enrolments", "approve",
                                  "branch"))
        self.denied(self.keeper, "admin", "enrolments", "approve", "branch", *of_acme)
        self.boss.ok("admin", "enrolments", "approve", "branch", *of_acme)
        chain = node.state / "identity" / "chain.pem"
        node.agent.wait_for(chain.exists, "the certificate of branch")
        self.boss.ok("admin", "pools", "add-node", ORGANIZATION, POOL, "branch")
        self.assertIn("branch,1 of the platform",
                      self.boss.ok("admin", "pools", "list", ORGANIZATION))
        self.owner.delete(f"organizations/{ORGANIZATION}/egress-pools/{POOL}/nodes/egress-1")
        self.addCleanup(self.owner.put,
                        f"organizations/{ORGANIZATION}/egress-pools/{POOL}/nodes/egress-1")
        until(lambda: frozenset(("branch", "relay-1")) in self.world.links(),
              lambda: f"a channel of branch: {self.world.channels()}", 30)
        with Forward(self.world.person(), "echo") as forward:
            stream = Stream(forward.address)
            self.addCleanup(stream.close)
            stream.round_trip(b"through a host of our own")
        self.assertLessEqual({("join_token.created", KEEPER), ("enrolment.approved", BOSS),
                              ("egress_pool.node_added", BOSS)}, self.told())
        self.boss.ok("admin", "nodes", "disable", "branch", *of_acme, "--yes")
        self.assertIn("whose owner disabled it",
                      self.denied(self.keeper, "admin", "nodes", "enable", "branch"))
        self.assertIn("is enabled", self.boss.ok("admin", "nodes", "enable", "branch", *of_acme))
        self.boss.ok("admin", "nodes", "revoke", "branch", *of_acme, "--yes")
        self.assertEqual([("branch", "revoked")],
                         [(n["name"], n["state"])
                          for n in self.boss.json("admin", "nodes", "list", *of_acme)["items"]])

    def test_somebody_is_invited_and_belongs_once_they_accept(self):
        guest, ghost = "guest@acme.test", "ghost@acme.test"
        self.owner.post("users", email=guest, password=PASSWORD)
        add = lambda email: self.boss.ok(  # noqa: E731
            "admin", "members", "add", ORGANIZATION, email, "--role", "organization_user")
        self.assertEqual(add(guest).replace(guest, ghost), add(ghost),
                         "whether there is an account is not said")
        waiting = self.boss.json("admin", "invitations", "list", ORGANIZATION)["items"]
        self.assertEqual([ghost, guest], [i["email"] for i in waiting])
        rap = self.world.person("guest", guest, PASSWORD)
        self.assertIn("Invited to", rap.ok("whoami"))
        self.assertNotEqual(0, rap.run("resources", "--organization", ORGANIZATION).returncode)
        self.assertEqual([(ORGANIZATION, BOSS)],
                         [(i["organization"], i["created_by"])
                          for i in rap.json("invitations", "list")["items"]])
        rap.ok("invitations", "accept", ORGANIZATION)
        rap.ok("resources", "--organization", ORGANIZATION)
        self.boss.ok("admin", "invitations", "withdraw", ORGANIZATION, ghost)
        self.assertLessEqual({("member.invited", BOSS), ("member.added", guest),
                              ("invitation.withdrawn", BOSS)}, self.told())

    def test_an_administrator_decides_for_an_owner_for_as_long_as_the_owner_lets_them(self):
        add = ("admin", "pools", "add-node", ORGANIZATION, POOL, "relay-1")
        self.assertIn("rap admin delegations add", self.denied(self.keeper, *add))
        right = (KEEPER, "approve_nodes", "--organization", ORGANIZATION)
        given = self.boss.run("admin", "delegations", "add", *right, "--for", "8h")
        self.assertEqual(0, given.returncode, given.stderr)
        self.assertIn("into the path of acme", given.stderr, "what it means is said")
        self.keeper.ok(*add)
        listed = self.boss.json("admin", "delegations", "list", "--organization", ORGANIZATION)
        self.assertEqual([(KEEPER, "approve_nodes", 8 * 3600)],
                         [(d["email"], d["right"], d["expires_at"] - d["created_at"])
                          for d in listed["items"]])
        self.boss.ok("admin", "delegations", "remove", *right)
        self.keeper.ok("admin", "pools", "remove-node", ORGANIZATION, POOL, "relay-1", "--yes")
        self.denied(self.keeper, *add)
        self.assertLessEqual({("delegation.added", BOSS), ("egress_pool.node_added", KEEPER),
                              ("delegation.removed", BOSS)}, self.told())


if __name__ == "__main__":
    unittest.main()
