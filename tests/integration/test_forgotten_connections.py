"""A network that forgets connections: a laptop slept, or what translates addresses lost its table.
Neither end is told, and nothing crosses any more."""

import contextlib
import os
import time
import unittest

from harness.case import FabricCase
from harness.process import BIN
from harness.proxy import ForgetfulProxy
from harness.rap import Forward
from harness.stream import Stream
from harness.wait import assert_within

GOES_ON_WITHIN_S = 30
SERVES_AGAIN_WITHIN_S = 30


class ForgottenConnections(FabricCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.wait_settled()
        cls.proxy = ForgetfulProxy(cls.world.control.address)
        cls.addClassCleanup(cls.proxy.close)
        cls.person = cls.world.person("sleeper")
        cls.person.extra_environment = {"HTTPS_PROXY": cls.proxy.url}

    @contextlib.contextmanager
    def connected(self, forward):
        with contextlib.closing(Stream(forward.address, 60)) as stream:
            stream.round_trip(os.urandom(1000))
            yield stream

    def test_a_connection_that_was_forgotten_goes_on_in_time(self):
        """By the same entry: there is no other."""
        with Forward(self.person, "echo") as forward:
            def goes_on():
                with self.connected(forward) as stream:
                    self.proxy.forget()
                    began = time.monotonic()
                    stream.round_trip(b"goes on")
                    return time.monotonic() - began
            assert_within(GOES_ON_WITHIN_S, BIN / "rap", goes_on)

    def test_a_forward_serves_whoever_comes_next(self):
        with Forward(self.person, "echo") as forward:
            def serves():
                with self.connected(forward):
                    self.proxy.forget()
                    began = time.monotonic()
                    with self.connected(forward):
                        return time.monotonic() - began
            assert_within(SERVES_AGAIN_WITHIN_S, BIN / "rap", serves)


if __name__ == "__main__":
    unittest.main()
