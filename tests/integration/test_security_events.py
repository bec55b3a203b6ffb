"""High-risk events of the data plane, from where they happen into the audit log."""

import json
import os
import pathlib
import tempfile
import unittest

from harness import tokens
from harness.case import FabricCase
from harness.data_plane import DataPlane
from harness.wait import until
from harness.world import ORGANIZATION


class SecurityEvents(FabricCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        hosts = pathlib.Path(folder.name) / "hosts"
        hosts.write_text("169.254.169.254 meta.test\n")
        os.environ["CARES_HOSTS"] = str(hosts)
        cls.addClassCleanup(os.environ.pop, "CARES_HOSTS")
        super().setUpClass()
        cls.key = tokens.load_key(cls.world.control.pki / "token.key")
        cls.user = cls.world.user()

    def connect(self, started):
        plane = DataPlane(self.user, started)
        self.addCleanup(plane.close)
        return plane

    def entries(self, kind, query=""):
        entries = self.owner.get("audit?limit=1000" + query)["items"]
        return [e for e in entries if e["action"] == f"security.{kind}"
                and ("organization_id" in e) == bool(query)]

    def audited(self, kind):
        """How often it happened, as the audit log says."""
        return sum(e["detail"]["count"] for e in self.entries(kind))

    def test_a_replay_and_a_forgery_are_audited_once_over_restarts_of_agent_and_server(self):
        started = self.user.start_session("echo")
        plane = self.connect(started)
        entry = self.world.nodes["entry-1"]
        self.assertIsNone(plane.request(1))
        self.assertEqual("token_replayed", plane.request(3))
        self.assertEqual("token_invalid", self.connect(started).request(token="no token"))
        until(lambda: self.audited("token_replayed") and self.audited("token_forged"),
              "both to be audited")
        forged = self.entries("token_forged")[0]
        self.assertEqual(("node", "entry-1"), (forged["actor"]["kind"], forged["actor"]["name"]))
        self.assertTrue(forged["detail"]["source"])
        told = self.entries("token_replayed", f"&organization={ORGANIZATION}")
        self.assertEqual(1, len(told), "whose token it was is told, too")
        self.assertEqual("echo", told[0]["target"]["name"])
        self.assertNotIn("entry-1", json.dumps(told), "and learns no topology")

        # What happens while nobody takes it is not lost.
        entry.agent.stop()
        self.assertEqual("token_replayed", plane.request(5))
        self.world.control.process.stop()
        entry.start()
        self.world.control.serve()
        until(lambda: self.audited("token_replayed") == 2, "the second one")
        misused = tokens.altered(plane.token, self.key, entry=self.world.nodes[
            "relay-1"].node_id)
        self.assertEqual("wrong_entry", self.connect(started).request(token=misused))
        until(lambda: self.audited("token_misused"), "the next one")
        self.assertEqual((2, 1, 1), tuple(map(self.audited, (
            "token_replayed", "token_forged", "token_misused"))), "and nothing comes twice")
        self.assertTrue(self.owner.get("audit/verify")["ok"])

    def test_a_denied_address_is_audited_for_its_organization(self):
        self.world.add_resource("metadata", "meta.test", 80)
        self.world.wait_settled()
        self.assertEqual("target_denied", self.request_flow("metadata")[1])
        told = until(lambda: self.entries("target_denied", f"&organization={ORGANIZATION}"),
                     "it to be audited")
        self.assertEqual("169.254.169.254", told[0]["detail"]["address"])
        self.assertEqual("metadata", told[0]["target"]["name"])


if __name__ == "__main__":
    unittest.main()
