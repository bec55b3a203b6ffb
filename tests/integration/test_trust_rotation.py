"""The platform's root is replaced while everything runs: nodes and people follow from the old one
to the new one."""

import shutil
import subprocess
import unittest

from harness.case import FabricCase
from harness.process import BIN
from harness.wait import patiently, until
from harness.world import enrol

ROTATION_S = 120


def fingerprints(pem_file):
    """The SHA-256 of every certificate in a file."""
    found = []
    text = pem_file.read_text()
    for part in text.split("-----END CERTIFICATE-----")[:-1]:
        done = subprocess.run(["openssl", "x509", "-noout", "-fingerprint", "-sha256"], text=True,
                              input=part + "-----END CERTIFICATE-----\n", check=True,
                              stdout=subprocess.PIPE)
        found.append(done.stdout.strip().split("=")[1])
    return found


class TrustRotation(FabricCase):
    def prepare(self, root_key, out):
        return subprocess.run(
            [BIN / "rap-control", "trust", "prepare", "--state", self.world.control.state,
             "--root-key", root_key, "--out-root-key", out],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=patiently(30), check=False)

    def trust(self):
        return self.owner.get("trust")

    def test_nodes_and_people_follow_to_the_new_root(self):
        world = self.world
        pki = world.control.pki
        old_root = world.folder / "old-root.crt"
        shutil.copy(world.control.root_ca, old_root)
        alice = world.person()
        sleeper = world.person("sleeper")  # does nothing until all is over
        stream = self.live_stream(alice)
        self.refused(409, "trust_not_prepared", self.owner.post, "trust/rotate")
        root_key = world.control.root_key
        wrong = self.prepare(pki / "token.key", world.folder / "never.key")
        self.assertEqual(1, wrong.returncode, wrong.stdout)
        done = self.prepare(root_key, world.folder / "new-root.key")
        self.assertEqual(0, done.returncode, done.stdout)
        self.assertEqual(0o600, (world.folder / "new-root.key").stat().st_mode & 0o777)
        new_root = world.folder / "new-root.crt"
        shutil.copy(pki / "next" / "root.crt", new_root)
        both = world.folder / "both-roots.pem"
        both.write_text(old_root.read_text() + new_root.read_text())
        self.owner.ca_file = both

        before = {name: (node.state / "identity" / "chain.pem").read_text()
                  for name, node in world.nodes.items()}
        worker_before = (world.nodes["entry-1"].state / "identity" / "worker.pem").read_text()
        self.assertEqual("distributing", self.owner.post("trust/rotate")["phase"])
        self.refused(409, "trust_rotating", self.owner.post, "trust/rotate")
        seen = []

        def over():
            phase = self.trust()["phase"]
            if phase not in seen:
                seen.append(phase)
            return phase == "stable"

        until(over, lambda: f"the rotation to end; it is {self.trust()}", ROTATION_S)
        stream.round_trip(b"under the new one, never interrupted")

        # What the entry met its clients with was replaced beneath the flow, too.
        worker = world.nodes["entry-1"].state / "identity" / "worker.pem"
        self.assertNotEqual(worker_before, worker.read_text())
        for name, node in world.nodes.items():
            with self.subTest(name):
                identity = node.state / "identity"
                self.assertNotEqual(before[name], (identity / "chain.pem").read_text())
                self.assertEqual(fingerprints(new_root), fingerprints(identity / "ca.pem"))
                checked = subprocess.run(
                    ["openssl", "verify", "-CAfile", new_root, "-untrusted",
                     identity / "chain.pem", identity / "chain.pem"],
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
                self.assertEqual(0, checked.returncode, checked.stdout)
        self.assertEqual(fingerprints(new_root), fingerprints(pki / "root.crt"))
        self.assertFalse((pki / "next").exists())
        world.wait_settled()

        # The server is under the new root, which these two never heard of over a connection that
        # they trusted: the old root's signature is enough.
        for person in (alice, sleeper):
            self.assertIn("echo", person.ok("resources"))
            self.assertEqual(fingerprints(new_root), fingerprints(person.home / "ca.pem"))
        self.live_stream(sleeper)

        # All of it is there after a restart.
        world.control.process.stop()
        world.control.serve()
        self.assertEqual("stable", self.trust()["phase"])
        world.wait_settled()



class LeftBehind(FabricCase):
    """A world of its own: a node that is away while the root is replaced without it."""

    def test_a_node_that_was_left_behind_says_so_and_its_host_enrols_again(self):
        world, owner = self.world, self.owner
        relay = world.nodes["relay-1"]
        early = owner.post("join-tokens", node_name="early")["join_token"]
        relay.stop()
        subprocess.run(
            [BIN / "rap-control", "trust", "prepare", "--state", world.control.state, "--root-key",
             world.control.root_key, "--out-root-key", world.folder / "new-root.key"],
            check=True, timeout=patiently(30), stdout=subprocess.DEVNULL)
        new_root = world.control.pki / "next" / "root.crt"
        both = world.folder / "both-roots.pem"
        both.write_text(world.control.root_ca.read_text() + new_root.read_text())
        owner.ca_file = both
        owner.post("trust/rotate")
        while (phase := owner.get("trust")["phase"]) != "stable":
            until(lambda: [n["name"] for n in owner.get("trust")["late_nodes"]] == [relay.name],
                  "only the relay to be late", 60)
            self.assertNotEqual(phase, owner.post("trust/rotate", force=True)["phase"])

        relay.start()
        relay.agent.wait_for(lambda: "it has been left behind" in relay.agent.log(),
                             "the relay to say that it was left behind")
        relay.wait_fabric()  # what has not said that it runs would not be found to be stopped
        relay.stop()
        # A token of before pins a root that is no more.
        host = world.add_node("early")
        host.start(early)
        until(lambda: "If the platform's root was replaced since the token was made"
              in host.agent.log(), "the old token to be explained", 20)

        owner.post("nodes/relay-1/revoke")
        shutil.rmtree(relay.state)
        world.nodes.pop(relay.name)
        enrol(owner, relay)
        owner.put("nodes/relay-1/roles", roles=["relay"])
        world.nodes[relay.name] = relay
        until(lambda: len(world.links()) >= 2, "the relay to be linked again", 60)


if __name__ == "__main__":
    unittest.main()
