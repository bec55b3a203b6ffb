"""`rap` and a node's agent in a network that lets nobody out but through an HTTP proxy."""

import os
import pathlib
import signal
import tempfile
import unittest

from harness.case import FabricCase
from harness.proxy import Proxy
from harness.rap import Forward
from harness.stream import Stream
from harness.wait import until
from harness.world import USER_EMAIL, USER_PASSWORD


class Proxies(FabricCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.wait_settled()
        cls.person = cls.world.person()
        cls.api = f"{cls.world.control.address}:{cls.world.control.ports['api']}"
        entry = cls.world.nodes["entry-1"]
        cls.entry = f"{entry.address}:{entry.ports['data']}"

    def proxy(self, **options):
        folder = tempfile.TemporaryDirectory()  # pylint: disable=consider-using-with
        self.addCleanup(folder.cleanup)
        proxy = Proxy(pathlib.Path(folder.name), self.world.control.address, **options)
        self.addCleanup(proxy.close)
        return proxy

    def through(self, url, **more):
        self.person.extra_environment = {"HTTPS_PROXY": url, **more}
        self.addCleanup(setattr, self.person, "extra_environment", {})

    def test_all_that_rap_does_goes_through_the_proxy(self):
        proxy = self.proxy()
        self.through(proxy.url)
        self.person.login(self.world.control.url, USER_EMAIL, USER_PASSWORD,
                          self.world.control.root_ca)
        forward = Forward(self.person, "echo")
        self.addCleanup(forward.close)
        stream = Stream(forward.address)
        self.addCleanup(stream.close)
        stream.round_trip(os.urandom(200_000))
        self.assertEqual({self.api, self.entry}, set(proxy.tunnels()))

    def test_a_proxy_that_wants_a_password_is_given_it(self):
        proxy = self.proxy(authorize=True)
        self.through(proxy.authorized_url)
        self.person.ok("sessions")
        self.through(proxy.url)
        done = self.person.run("sessions")
        self.assertNotEqual(0, done.returncode)
        self.assertIn(f"the proxy {proxy.address} refuses: 407", done.stderr)
        self.assertIn("put http://USER:PASSWORD@HOST:PORT into HTTPS_PROXY", done.stderr)

    def test_what_no_proxy_names_is_reached_without_it(self):
        proxy = self.proxy()
        self.through(proxy.url, NO_PROXY="localhost,127.0.0.0/8")
        self.person.ok("sessions")
        self.assertEqual([], proxy.tunnels())

    def test_a_proxy_that_is_not_there_is_what_is_said(self):
        proxy = self.proxy()
        proxy.close()
        self.through(proxy.url)
        done = self.person.run("sessions")
        self.assertIn(f"the proxy {proxy.address} cannot be reached: Connection refused",
                      done.stderr)

    def test_a_value_that_names_no_proxy_is_refused_and_not_ignored(self):
        self.through("socks5://127.0.0.1:1080")
        done = self.person.run("sessions")
        self.assertNotEqual(0, done.returncode)
        self.assertIn("HTTPS_PROXY names a proxy of the kind socks5", done.stderr)

    def test_a_node_keeps_its_link_through_the_proxy(self):
        proxy = self.proxy()
        relay = self.world.nodes["relay-1"]
        control = self.world.control
        node_listener = f"{control.address}:{control.ports['node']}"
        relay.agent.stop()
        relay.start(env={"HTTPS_PROXY": proxy.url})
        self.addCleanup(relay.start)
        self.addCleanup(lambda: relay.agent.stop())  # pylint: disable=unnecessary-lambda
        until(lambda: node_listener in proxy.tunnels(), "the relay to ask for a tunnel")
        self.world.wait_settled()
        # A change reaches it, though its only way is the proxy's.
        fabric = relay.fabric_pid()
        os.kill(fabric, signal.SIGKILL)
        relay.wait_fabric(but_not=fabric)
        self.world.wait_settled()


if __name__ == "__main__":
    unittest.main()
