"""Addresses that the host has only some time after the programs were started: rap-control is
started again by its unit until they are there, a node goes on without and opens its listeners then.
"""

import pathlib
import re
import subprocess
import threading
import unittest

from harness import namespaces
from harness.addresses import OneHost
from harness.case import FabricCase
from harness.wait import until
from harness.world import World

UNIT = pathlib.Path(__file__).resolve().parents[2] / "packaging/systemd/rap-control.service"
NAMES = ("control", "entry-1", "relay-1", "egress-1", "target")


class Addresses(OneHost):
    """Each program has an address of its own on this host, which comes and goes."""

    def __init__(self):
        super().__init__()
        for name in NAMES:
            self.give(name)

    def address(self, name):
        return f"10.78.0.{NAMES.index(name) + 1}"

    def give(self, name):
        subprocess.run(["ip", "addr", "add", f"{self.address(name)}/32", "dev", "lo"], check=True)

    def take(self, name):
        subprocess.run(["ip", "addr", "del", f"{self.address(name)}/32", "dev", "lo"], check=True)


class Unit:
    """Starts the control plane again as its unit does, until it serves."""

    def __init__(self, control):
        self.settings = dict(re.findall(r"^(\w+)=(.*)$", UNIT.read_text(), re.M))
        self.starts = 0
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(control,), daemon=True)
        self._thread.start()

    def _run(self, control):
        assert self.settings["Restart"] == "on-failure"
        while not self.ended.is_set():
            self.starts += 1
            try:
                control.serve()
                return
            except AssertionError:
                assert control.process.popen.returncode == 1
            self.ended.wait(float(self.settings["RestartSec"].removesuffix("s")))

    def join(self):
        self._thread.join()

    def stop(self):
        self.ended.set()
        self.join()


class LateAddress(FabricCase):
    @classmethod
    def setUpClass(cls):
        cls.hosts = Addresses()
        cls.world = World(hosts=cls.hosts)
        cls.addClassCleanup(cls.world.close)

    def test_the_control_plane_serves_once_its_address_is_there(self):
        control = self.world.control
        control.process.stop()
        self.hosts.take("control")
        unit = Unit(control)
        self.addCleanup(unit.stop)
        until(lambda: unit.starts > 1, "the control plane to be started again", 30)
        said, = {e["reason"] for e in control.log_events("control.failed")}
        self.assertRegex(said, rf"{self.hosts.address('control')}:\d+: Cannot assign requested "
                               "address. If the host gets that address later")
        self.hosts.give("control")
        unit.join()
        self.world.owner = control.owner()
        self.world.wait_settled()
        until(self.works, "a path through the fabric", 30)

    def test_a_node_opens_its_listeners_once_its_address_is_there(self):
        for name in ("relay-1", "entry-1"):
            with self.subTest(name):
                node = self.world.nodes[name]
                node.stop()
                self.hosts.take(name)
                node.start()
                listed = lambda name=name: next(
                    n for n in self.world.owner.get("nodes")["items"] if n["name"] == name)
                until(lambda listed=listed: [n["code"] for n in listed()["notices"]] ==
                      ["listener_failed"], "the owner to be told", 30)
                shown = self.world.platform_owner().ok("admin", "nodes", "list")
                self.assertRegex(shown, rf"{name}: .*{self.hosts.address(name)}:\d+: "
                                        "the host does not have that address")
                self.hosts.give(name)
                self.world.wait_settled()
                until(lambda listed=listed: not listed()["notices"], "the notice to go", 30)
                until(self.works, "a path through it", 30)


if __name__ == "__main__":
    if not namespaces.enter():
        LateAddress = unittest.skip("network namespaces need root or user namespaces")(LateAddress)
    unittest.main()
