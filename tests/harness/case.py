"""A test case whose tests share one world, and shorthands for refusals."""

import contextlib
import functools
import unittest

from harness.api import ApiError
from harness.data_plane import DataPlane
from harness.node import Node
from harness.rap import Forward
from harness.stream import Stream
from harness.wait import until
from harness.world import World


# A step that failed (a peer, a staple, a pull) is tried again after a minute at the latest.
SERVES_WITHIN_S = 30


class ControlCase(unittest.TestCase):
    """Only the control plane."""

    NODES = False
    CONTROL_OPTIONS = ()  # more options of `rap-control serve`
    MAKE_NODE = Node

    @classmethod
    def setUpClass(cls):
        cls.world = World(nodes=cls.NODES, control_options=cls.CONTROL_OPTIONS,
                          make_node=cls.MAKE_NODE)
        cls.addClassCleanup(cls.world.close)
        cls.owner = cls.world.owner

    def refused(self, status, code, call, *arguments, **more):
        """The call is refused with this status and problem code; returns the problem."""
        with self.assertRaises(ApiError) as caught:
            call(*arguments, **more)
        self.assertEqual((status, code), (caught.exception.status, caught.exception.code),
                         caught.exception.problem)
        self.assertTrue(caught.exception.problem.get("detail"), "a refusal says what to do")
        return caught.exception.problem


class FabricCase(ControlCase):
    """The whole fabric, with the resource `echo` granted to Alice."""

    NODES = True

    def live_stream(self, person=None, resource="echo"):
        """A stream through the fabric that carries data; it is closed with the test. What nodes
        report may still be of channels that are gone: it is tried until one stands."""
        person = person or self.world.person()
        failures = []
        return until(lambda: self._opened(person, resource, failures),
                     lambda: f"a stream through the fabric: {failures[-3:]}", SERVES_WITHIN_S)

    def _opened(self, person, resource, failures):
        with contextlib.ExitStack() as opened:
            said = []
            try:
                forward = opened.enter_context(Forward(person, resource))
                said = forward.said
                stream = opened.enter_context(contextlib.closing(Stream(forward.address)))
                stream.round_trip(b"alive")
            except (AssertionError, OSError) as failure:
                failures.append((str(failure), said))
                return None
            self.addCleanup(opened.pop_all().close)
            return stream

    @functools.cached_property
    def visitor(self):
        """Who tries whether the fabric serves."""
        return self.world.person("visitor")

    def serves(self):
        """A connection through the fabric."""
        with Forward(self.visitor, "echo") as forward, \
                contextlib.closing(Stream(forward.address)) as stream:
            stream.round_trip(b"through the fabric")

    def works(self):
        """Whether the fabric serves now: to be waited for after what nodes report of before."""
        try:
            self.serves()
        except (AssertionError, OSError):
            return False
        return True

    def request_flow(self, resource):
        """As `self.user`, asks an entry for a flow: the connection, and what was answered."""
        plane = DataPlane.start(self.user, resource, timeout=40)
        self.addCleanup(plane.close)
        return plane, plane.request()
