"""Who may see and reach which resource. What one may not know looks like what does not exist."""

import unittest

from harness import rap as exits
from harness.case import FabricCase
from harness.world import ORGANIZATION, POOL, USER_EMAIL


class Resources(FabricCase):
    def test_unknown_and_unauthorized_resources_answer_the_same(self):
        self.world.add_resource("hidden", "127.0.0.1", 1, grant=False)
        user = self.world.user()
        unknown = self.refused(404, "resource_not_found", user.start_session, "nothing",
                               organization=ORGANIZATION)
        hidden = self.refused(404, "resource_not_found", user.start_session, "hidden",
                              organization=ORGANIZATION)
        strip = lambda problem: str(problem).replace("hidden", "NAME").replace("nothing", "NAME")
        self.assertEqual(strip(unknown), strip(hidden))

    def test_the_command_line_says_so_and_exits_with_not_found(self):
        done = self.world.person("finder").run("proxy", "nothing")
        self.assertEqual(exits.NOT_FOUND, done.returncode, done.stderr)
        self.assertIn("nothing", done.stderr)

    def test_a_user_sees_granted_resources_only_and_no_addresses(self):
        self.world.add_resource("ungranted", "127.0.0.1", 1, grant=False)
        items = self.world.user().get(f"organizations/{ORGANIZATION}/resources")["items"]
        self.assertEqual(["echo"], [item["name"] for item in items])
        self.assertEqual({"id", "name", "protocol", "disabled"}, set(items[0]))

    def test_a_withdrawn_grant_ends_access(self):
        self.world.add_resource("lent", self.world.echo.address, self.world.echo.port)
        user = self.world.user()
        user.start_session("lent")
        self.owner.delete(f"organizations/{ORGANIZATION}/resources/lent/grants/{USER_EMAIL}")
        self.refused(404, "resource_not_found", user.start_session, "lent")

    def test_a_tenant_learns_no_topology(self):
        user = self.world.user()
        for path in ("nodes", "channels", "join-tokens", "enrolments"):
            self.refused(403, "forbidden", user.get, path)
        known = str(user.start_session("echo"))
        # It seals flows for its egress, by the egress's id.
        self.assertIn(self.world.nodes["egress-1"].node_id, known)
        self.assertNotIn(self.world.nodes["relay-1"].node_id, known)
        for node in ("relay-1", "egress-1"):
            self.assertNotIn(node, known)
            for port in self.world.nodes[node].ports.values():
                self.assertNotIn(f":{port}", known)

    def test_another_organization_is_invisible(self):
        self.owner.post("organizations", name="rival")
        self.owner.post("users", email="eve@rival.test", password="another long password")
        self.owner.post("organizations/rival/members", email="eve@rival.test",
                        role="organization_owner")
        eve = self.world.control.api().as_user("eve@rival.test", "another long password")
        self.assertEqual(["rival"], [o["name"] for o in eve.get("organizations")["items"]])
        for path in ("resources", "egress-pools", "members"):
            self.refused(404, "organization_not_found", eve.get,
                         f"organizations/{ORGANIZATION}/{path}")
        self.refused(404, "organization_not_found", eve.post,
                     f"organizations/{ORGANIZATION}/resources", name="x", protocol="tcp",
                     host="127.0.0.1", port=1, egress_pool=POOL)

    def test_a_resource_that_serves_no_person_cannot_be_made(self):
        create = lambda **more: self.owner.post(
            f"organizations/{ORGANIZATION}/resources",
            **{"name": "odd", "protocol": "tcp", "host": "127.0.0.1", "port": 22,
               "egress_pool": POOL, **more})
        self.refused(400, "invalid_member", create, protocol="gopher")
        self.refused(400, "invalid_member", create, port=70000)
        self.refused(400, "invalid_member", create, host="not a host")
        self.refused(404, "egress_pool_not_found", create, egress_pool="nowhere")


if __name__ == "__main__":
    unittest.main()
