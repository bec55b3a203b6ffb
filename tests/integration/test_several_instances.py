"""Two rap-control on one database: whichever a node or a person talks to, it is the same control
plane, and what is changed through one is hinted by both."""

import shutil
import unittest

from harness.case import FabricCase
from harness.control import DATABASE, Control
from harness.events import EventStream
from harness.node_call import NodeCalls
from harness.wait import until


class SeveralInstances(FabricCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        first = cls.world.control
        folder = cls.world.folder / "second"
        folder.mkdir(mode=0o755)
        cls.second = Control(folder, first.address, serve_options=[
            "--database-url", f"host={first.state / 'pgsock'} dbname={DATABASE}"])
        # The same keys; nothing else of the first one's state.
        shutil.copytree(first.state, cls.second.state,
                        ignore=shutil.ignore_patterns("postgres", "pgsock", "run", "*.lock"))
        (cls.second.state / "run").mkdir()
        cls.second.serve()
        cls.addClassCleanup(lambda: cls.second.process.stop())  # whichever runs by then
        cls.second_owner = cls.second.owner()

    def setUp(self):
        self.node = self.world.nodes["entry-1"]
        self.node.agent.stop()
        self.addCleanup(self.node.start)

    def stream(self):
        stream = EventStream(self.second, self.node)
        self.addCleanup(stream.close)
        self.assertEqual(200, stream.status)
        return stream

    def calls(self, control):
        calls = NodeCalls(control, self.node)
        self.addCleanup(calls.close)
        return calls

    def test_a_change_through_one_is_hinted_by_the_other(self):
        stream = self.stream()
        self.world.add_resource("through-the-first", "127.0.0.1", 9, grant=False)
        self.assertTrue(stream.wait_for(b"event: config.pending\n"), stream.received)

    def test_what_one_was_told_the_other_says_at_once(self):
        first, second = self.calls(self.world.control), self.calls(self.second)
        for calls in (first, second):
            self.assertEqual(200, calls.post("deltas/pull", blocklist_since=0)[0])
        self.second_owner.post("blocklist", kind="ip", value="203.0.113.9")
        for calls in (first, second):
            found = until(lambda calls=calls: calls.post("deltas/pull", blocklist_since=0)[1]
                          ["blocklist"], "the new entry")
            self.assertEqual("203.0.113.9", found[0]["value"])
        pulled = second.post("configs/pull", have=0)[1]
        self.assertEqual(pulled["configs"][0]["version"],
                         first.post("configs/pull", have=0)[1]["configs"][0]["version"])

    def test_a_lost_announcement_delays_a_hint_and_nothing_else(self):
        stream = self.stream()
        listening = ("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                     "WHERE query LIKE 'LISTEN%'")
        done = self.world.control.sql("psql", "--dbname", DATABASE, "--command", listening)
        self.assertEqual(0, done.returncode, done.stderr)
        self.world.add_resource("meanwhile", "127.0.0.1", 9, grant=False)
        self.assertEqual(200, self.calls(self.second).post("checkin", versions={})[0])
        self.assertTrue(stream.wait_for(b"event: config.pending\n"), stream.received)

    def test_one_that_dies_takes_nothing_with_it(self):
        self.second.process.kill()
        self.assertEqual(200, self.calls(self.world.control).post("checkin", versions={})[0])
        self.second.serve()
        self.assertEqual(200, self.calls(self.second).post("checkin", versions={})[0])


if __name__ == "__main__":
    unittest.main()
