"""A host in a branch office that reaches nothing but the office's HTTP proxy becomes a node: it
enrols, is told its configuration and every change of it, and shows fresh staples.

    branch-1 ---- gate (tinyproxy) ---- control
"""

import socket
import unittest

from harness import namespaces
from harness.case import ControlCase
from harness.enrolment import JoinToken
from harness.proxy import Proxy
from harness.wait import until
from harness.world import World

BRANCH = "branch-1"


class BehindAProxy(ControlCase):
    @classmethod
    def setUpClass(cls):
        cls.hosts = namespaces.Namespaces("control", "gate", BRANCH, "target")
        cls.addClassCleanup(cls.hosts.close)
        cls.hosts.cable("control", "gate")
        cls.hosts.cable("gate", BRANCH)
        cls.world = World(nodes=False, hosts=cls.hosts)
        cls.addClassCleanup(cls.world.close)
        cls.owner = cls.world.owner
        folder = cls.world.folder / "gate"
        folder.mkdir()
        cls.proxy = Proxy(folder, cls.hosts.address("gate"), prefix=cls.hosts.prefix("gate"))
        cls.addClassCleanup(cls.proxy.close)

    def listed(self):
        return next((n for n in self.owner.get("nodes")["items"] if n["name"] == BRANCH), {})

    def invited(self, node, **environment):
        """The agent is started with a join token, in this environment."""
        token = self.owner.post("join-tokens", node_name=node.name)["join_token"]
        node.start(token, env=environment)
        return token

    def test_a_host_that_reaches_nothing_but_the_proxy_becomes_a_node(self):
        control = self.world.control
        with self.assertRaises(OSError, msg="there is another way"):
            socket.create_connection((self.hosts.address(BRANCH), 1), 2)
        node = self.world.add_node(BRANCH)
        token = self.invited(node)
        until(lambda: node.logged("enrolment.unreachable", node.agent.log()),
              "the agent to say that there is no way without the proxy")
        node.stop()
        node.start(token, env={"HTTPS_PROXY": self.proxy.url})
        pending = until(lambda: self.owner.get("enrolments?state=pending")["items"],
                        "the enrolment", 30)
        self.owner.post(f"enrolments/{pending[0]['id']}/approve")
        self.owner.put(f"nodes/{BRANCH}/roles", roles=["relay"])
        until(lambda: self.listed().get("config_version", -1) ==
              self.listed().get("wanted_config_version"), "its configuration", 30)
        before = self.listed()["config_version"]
        self.owner.put(f"nodes/{BRANCH}/roles", roles=["relay", "egress"])
        until(lambda: self.listed()["config_version"] > before, "a change to reach it", 30)
        staple = node.state / "identity" / "chain.ocsp"
        until(staple.exists, lambda: f"a staple: {list(node.state.rglob('*ocsp*'))}", 30)
        said = JoinToken(token).said["url"].removeprefix("https://")
        self.assertEqual({said, f"{control.address}:{control.ports['node']}"},
                         set(self.proxy.tunnels()) - {f"{control.address}:{control.ports['ocsp']}"})


if __name__ == "__main__":
    if not namespaces.enter():
        BehindAProxy = unittest.skip("network namespaces need root or user namespaces")(
            BehindAProxy)
    unittest.main()
