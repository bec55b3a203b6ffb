"""The delta channel: who is signed out or blocklisted is out on every node, hints or not, and nodes
enforce it from their own store while everything else is away."""

import contextlib
import os
import signal
import threading
import unittest
import uuid

from harness.case import FabricCase
from harness.data_plane import DataPlane
from harness.events import EventStream
from harness.wait import patiently, until
from harness.world import USER_EMAIL

# Above every interval at which a node asks on its own; how long it takes is for the simulator.
SOON_S = 45


class StreamThief:
    """Takes a node's event stream whenever it has one: no hint arrives."""

    def __init__(self, control, node):
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._steal, args=(control, node))
        self._thread.start()

    def _steal(self, control, node):
        while not self._stopped.is_set():
            with contextlib.suppress(OSError):
                stream = EventStream(control, node, timeout=2)
                with contextlib.closing(stream):
                    stream.read_to_end()

    def close(self):
        self._stopped.set()
        self._thread.join(patiently(SOON_S))


class DeltaChannel(FabricCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls.world.platform_owner()
        cls.entry = cls.world.nodes["entry-1"]
        cls.egress = cls.world.nodes["egress-1"]

    def setUp(self):
        self.wait_blocklisted(0)
        self.user = self.world.user()
        self.user_id = self.user.get("me")["id"]
        self.device = self.user.device.id

    def session(self, user=None):
        """(whose, what they need for its flows)"""
        user = user or self.user
        return user, user.start_session("echo")

    def connect(self, session):
        plane = DataPlane(*session, timeout=SOON_S)
        self.addCleanup(plane.close)
        return plane

    def live(self, user=None):
        """A flow that carries data."""
        plane = self.connect(self.session(user))
        self.assertIsNone(plane.request())
        self.assertEqual(b"alive", plane.echo(b"alive"))
        return plane

    def outcome(self, session):
        return self.connect(session).request()

    def list(self, kind, value, *more):
        self.admin.ok("admin", "blocklist", "add", kind, value, *more)
        self.addCleanup(self.admin.run, "admin", "blocklist", "remove", kind, value)

    def unlist(self, kind, value):
        self.admin.ok("admin", "blocklist", "remove", kind, value)

    @staticmethod
    def applied(node):
        return node.logged("security.applied")

    def wait_blocklisted(self, count, node=None):
        """Until the node's data plane enforces so many entries."""
        node = node or self.entry
        until(lambda: self.applied(node) and self.applied(node)[-1]["blocklisted"] == count,
              lambda: f"{count} entries at {node.name}: {self.applied(node)[-3:]}", SOON_S)

    def test_signing_out_ends_live_flows_and_what_was_not_used_yet(self):
        live = self.live()
        unused = self.session()
        self.admin.ok("admin", "users", "sign-out", USER_EMAIL)
        self.assertEqual("signed_out", live.over())
        self.assertEqual("signed_out", self.outcome(unused))
        self.refused(401, "signed_out", self.user.get, "me")
        self.user = self.world.user()
        self.live()

    def check_blocklisting(self, kind, value, refusal=(403, "blocklisted")):
        live = self.live()
        unused, later = self.session(), self.session()
        self.list(kind, value, "--reason", "a test")
        self.assertEqual("blocklisted", live.over())
        self.assertEqual("blocklisted", self.outcome(unused))
        self.refused(*refusal, self.session)
        self.assertIn(value, self.admin.ok("admin", "blocklist", "list"))
        self.unlist(kind, value)
        self.wait_blocklisted(0)
        self.assertIsNone(self.outcome(later))

    def test_a_blocklisted_user_is_out(self):
        self.check_blocklisting("user", self.user_id)

    def test_a_blocklisted_device_is_out_and_others_are_not(self):
        other = self.live(self.world.user())
        self.check_blocklisting("device", self.device, (401, "signed_out"))
        self.assertEqual(b"still here", other.echo(b"still here"))

    def test_a_blocklisted_address_is_out(self):
        self.check_blocklisting("ip", "127.0.0.0/8")

    def test_what_was_listed_for_a_while_is_let_in_again(self):
        live = self.live()
        self.list("device", self.device, "--for", "5s")
        self.assertEqual("blocklisted", live.over())
        until(lambda: self.device not in self.admin.ok("admin", "blocklist", "list"),
              "it to expire", SOON_S)
        self.live(self.world.user(self.user.device))

    def test_without_any_hint_it_takes_an_interval_and_no_more(self):
        thief = StreamThief(self.world.control, self.entry)
        self.addCleanup(thief.close)
        live = self.live()
        self.list("device", self.device)
        self.assertEqual("blocklisted", live.over())
        self.unlist("device", self.device)
        live = self.live(self.world.user())
        self.admin.ok("admin", "users", "sign-out", USER_EMAIL)
        self.assertEqual("signed_out", live.over())

    def test_a_node_that_was_away_catches_up_from_its_cursor(self):
        gone = str(uuid.uuid4())
        self.list("device", gone)
        self.wait_blocklisted(1)
        unused = self.session()
        self.entry.agent.stop()
        self.unlist("device", gone)
        self.list("device", str(uuid.uuid4()))
        self.list("device", self.device)
        self.entry.start()
        self.wait_blocklisted(2)
        self.assertEqual("blocklisted", self.outcome(unused))
        self.assertFalse(self.entry.logged("security.rebuilding", self.entry.agent.log()))

    def test_an_agent_that_is_killed_again_and_again_loses_nothing(self):
        rounds = 8
        for _ in range(rounds):
            self.list("device", str(uuid.uuid4()))
            self.entry.agent.kill()
            self.entry.start()
        self.wait_blocklisted(rounds)

    def check_rebuilding(self, harm):
        self.list("device", self.device)
        self.wait_blocklisted(1)
        self.entry.agent.stop()
        harm(self.entry.state / "security.db")
        (self.entry.state / "fabric.log").write_text("")
        os.kill(self.entry.fabric_pid(), signal.SIGKILL)
        self.entry.start()
        self.wait_blocklisted(1)

    def test_a_store_that_was_deleted_is_built_anew(self):
        self.check_rebuilding(lambda path: path.unlink())

    def test_a_store_that_was_damaged_is_built_anew(self):
        self.check_rebuilding(lambda path: path.write_bytes(b"no database" * 999))
        self.assertTrue(self.entry.logged("security.rebuilding", self.entry.agent.log()))

    def test_without_the_control_plane_what_is_known_stays_enforced(self):
        other = self.live(self.world.user())
        unused = self.session()
        self.list("device", self.device)
        self.wait_blocklisted(1)
        self.world.control.process.stop()
        self.assertEqual("blocklisted", self.outcome(unused))
        self.assertEqual(b"still here", other.echo(b"still here"))
        (self.entry.state / "fabric.log").write_text("")
        os.kill(self.entry.fabric_pid(), signal.SIGKILL)
        self.wait_blocklisted(1)
        self.world.control.serve()
        type(self).owner = self.world.owner = self.world.control.owner()
        self.world.wait_settled()


if __name__ == "__main__":
    unittest.main()
