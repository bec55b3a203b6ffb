"""The database goes back: it is replaced by an older copy, and nodes, commands and revocations go
on with it within one check-in; a node whose certificate the copy does not know stays in."""

import shutil
import signal
import subprocess
import unittest

from harness.case import FabricCase
from harness.process import end
from harness.wait import until

FOLLOWS_WITHIN_S = 15


class RestoredDatabase(FabricCase):
    def stop_control(self):
        self.world.control.process.stop()
        if pid := self.world.control.postgres_pid():
            end(pid, signal.SIGINT)

    def replace_database(self, copy, into):
        shutil.rmtree(into, ignore_errors=True)
        subprocess.run(["cp", "-a", copy, into], check=True)

    def audited(self, action):
        return [e for e in self.owner.get("audit")["items"] if e["action"] == action]

    def wait_followed(self):
        until(self.world.configured,
              lambda: f"nodes to follow: {self.owner.get('nodes')['items']}", FOLLOWS_WITHIN_S)

    def test_nodes_commands_and_revocations_follow_an_older_copy(self):
        world = self.world
        control = world.control
        database = control.state / "postgres"
        copy = world.folder / "copy"
        self.stop_control()
        self.replace_database(database, copy)
        control.serve()
        self.owner = world.owner = control.owner()
        for n in range(10):
            world.add_resource(f"lost-{n}", world.address, 1, grant=False)
        relay = world.add_member("relay-2", ["relay"])
        self.wait_followed()
        lost = self.owner.get("nodes")["items"][0]["wanted_config_version"]

        self.stop_control()
        self.replace_database(copy, database)
        control.serve()
        self.owner = world.owner = control.owner()
        world.add_resource("after", world.address, world.echo.port)
        self.wait_followed()
        self.assertGreater(self.owner.get("nodes")["items"][0]["wanted_config_version"], lost)
        self.assertEqual("server_knew_more",
                         self.audited("database.went_back")[0]["detail"]["found_by"])
        listed = world.platform_owner().run("admin", "nodes", "list").stdout
        self.assertIn("entry-1", listed)
        self.assertTrue(control.log_events("database.went_back"))

        alice = world.person()
        stream = self.live_stream(alice, "after")
        session, = [s for s in world.user().get("sessions")["items"] if s["state"] != "terminated"]
        world.user().delete(f"sessions/{session['id']}")
        until(stream.ended, "the command to end the session", FOLLOWS_WITHIN_S)

        self.owner.post("nodes/relay-1/revoke")
        until(lambda: not any("relay-1" in link for link in world.links()),
              lambda: f"nobody to go by the revoked relay: {world.links()}", FOLLOWS_WITHIN_S)
        # The copy is older than this node, which says so.
        until(lambda: "does not know this node" in relay.agent.log(),
              "relay-2 to say why it is out", FOLLOWS_WITHIN_S)

    def set_fabric_address(self, node, address):
        done = self.world.control.sql(
            "psql", "--dbname", "rap", "--command",
            f"UPDATE nodes SET fabric_advertise = '{address}' WHERE name = '{node}'")
        self.assertEqual((0, "UPDATE 1\n"), (done.returncode, done.stdout), done.stderr)

    def test_a_node_that_moved_since_the_copy_is_named_with_both_addresses(self):
        def node():
            return next(n for n in self.owner.get("nodes")["items"] if n["name"] == "relay-1")

        def told():
            return [n for n in node()["notices"] if n["code"] == "address_differs"]

        now = node()["fabric_advertise"]
        self.set_fabric_address("relay-1", "192.0.2.9:4444")
        self.addCleanup(self.set_fabric_address, "relay-1", now)
        until(told, "the owner to be told", FOLLOWS_WITHIN_S)
        notice, = told()
        for part in (now, "192.0.2.9:4444", "readmit relay-1"):
            self.assertIn(part, notice["text"])

    def test_a_certificate_that_the_copy_does_not_know_is_adopted(self):
        control = self.world.control
        node = next(n for n in self.owner.get("nodes")["items"] if n["name"] == "egress-1")
        gone = control.sql("psql", "--dbname", "rap", "--command",
                           f"DELETE FROM node_certificates WHERE node_id = '{node['id']}'")
        self.assertEqual(0, gone.returncode, gone.stderr)
        until(lambda: self.audited("certificate.adopted"), "the certificate to be adopted",
              FOLLOWS_WITHIN_S)
        self.assertEqual("egress-1", self.audited("certificate.adopted")[0]["target"]["name"])
        listed = [c for c in self.owner.get("certificates")["items"] if c.get("node") == node["id"]]
        self.assertIn("active", [c["status"] for c in listed])


if __name__ == "__main__":
    unittest.main()
