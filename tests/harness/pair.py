"""Two rap-fabric processes, each on a host of its own, and we as a third host beside them."""

import shutil
import unittest
import uuid

from harness import folder, frames, namespaces, sanitizers
from harness.channel import Channel
from harness.lone import Authority, LoneNode
from harness.wait import until


def set_up_hosts():
    """For setUpModule: the hosts, each joined with each. The module begins with
    namespaces.enter()."""
    if not namespaces.entered():
        raise unittest.SkipTest("network namespaces need root or user namespaces")
    Pair.hosts = namespaces.Namespaces("hostile", "listener", "dialler")
    unittest.addModuleCleanup(Pair.hosts.close)
    for one, other in (("hostile", "listener"), ("listener", "dialler"), ("hostile", "dialler")):
        Pair.hosts.cable(one, other)


class Pair(unittest.TestCase):
    """A dialler and a listener that know each other, and the authority of both. The test itself is
    the third host."""

    hosts = None

    def setUp(self):
        self.folder = folder.make()
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.addCleanup(sanitizers.assert_silent, self.folder)
        self.cluster = str(uuid.uuid4())
        self.authority = Authority()
        self.listener = self.node("listener")
        self.dialler = self.node("dialler")

    def node(self, name):
        node = LoneNode(self.folder, name, self.cluster, self.authority, self.hosts)
        self.addCleanup(node.stop)
        return node

    def start(self, **more):
        """Both run, configured to have a channel."""
        for node in (self.listener, self.dialler):
            node.start()
        self.listener.configure(peers=[self.listener.peer(self.dialler)], **more)
        self.dialler.configure(peers=[self.dialler.peer(self.listener, dial=True)], **more)

    def connect(self, **more):
        self.start(**more)
        for node, peer in self.both():
            node.wait_transition("established", peer=peer)
        until(lambda: all("bulk" in c["lanes"] for c in self.dialler.channels(self.listener))
              and self.dialler.channels(self.listener), "both lanes")

    def both(self):
        return ((self.listener, self.dialler), (self.dialler, self.listener))

    def hostile(self, node=None, proof=()):
        """We, with the certificate of `node` and its key, or another pair of them."""
        node = node or self.dialler
        ca = self.folder / "root.pem"
        ca.write_text(self.authority.pem)
        channel = Channel(self.listener, ca, **node.identity_files(*proof))
        self.addCleanup(channel.close)
        return channel

    def hello(self, node=None, **more):
        node = node or self.dialler
        ids = (uuid.UUID(self.cluster).bytes, uuid.UUID(node.id).bytes)
        return frames.frame(frames.HELLO, 0, frames.hello(
            *ids, trust_bundle_version=1, route_epoch=1, **more), 0)

    def only_listener(self, *, control=True):
        """The dialler does not run: we speak in its name."""
        self.listener.start(control=control)
        self.listener.configure(peers=[self.listener.peer(self.dialler)])
        until(lambda: self.listener.log("listener.open"), "the listener")

    def wait_refused_handshake(self, reason):
        until(lambda: f'"{reason}"' in self.listener.log("handshake.failed"),
              lambda: self.listener.log()[-1500:])

    def said_until_closed(self, channel):
        return [kind for kind, *_ in channel.received_until_closed()]
