"""The key that signs data-plane tokens is replaced while people work."""

import unittest

from harness.case import FabricCase
from harness.rap import OK
from harness.wait import until


class TokenKey(FabricCase):
    def key(self):
        return self.owner.get("trust/token-key")

    def served(self, rap):
        done = rap.run("proxy", "echo", text_in="")
        self.assertEqual(OK, done.returncode, done.stderr)
        self.assertNotIn("passed over", done.stderr)

    def test_sessions_go_on_while_the_key_is_replaced(self):
        world, owner = self.world, self.owner
        pki = world.control.pki
        rap, boss = world.person(), world.platform_owner()
        stream = self.live_stream(rap)
        first, file_before = self.key(), (pki / "token.key").read_text()
        self.assertEqual("stable", first["phase"])

        begun = boss.json("admin", "trust", "rotate-token-key")
        self.assertEqual(("distributing", first["kid"]), (begun["phase"], begun["kid"]))
        self.served(rap)
        until(lambda: self.key()["phase"] == "overlapping", "every node to know the next key", 30)
        self.served(rap)
        stream.round_trip(b"under the old key and the new")

        ended = owner.post("trust/token-key/rotate", force=True)
        self.assertEqual(("stable", begun["next_kid"]), (ended["phase"], ended["kid"]))
        until(world.configured, "the nodes to forget the old key")
        self.served(rap)
        self.assertNotEqual(file_before, (pki / "token.key").read_text())
        self.assertFalse((pki / "token.next.key").exists())

        world.control.process.stop()
        world.control.serve()
        self.assertEqual(begun["next_kid"], self.key()["kid"])
        world.wait_settled()
        self.served(rap)
        stream.round_trip(b"never interrupted")


if __name__ == "__main__":
    unittest.main()
