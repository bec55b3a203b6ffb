"""A test case around the SSH resource `office`, which has a pinned host key, and a person whose
ssh-agent holds the key for it and who has `rap` on the path."""

import os
import subprocess

from harness.case import FabricCase
from harness.process import BIN
from harness.ssh import SshHost
from harness.wait import patiently


class SshCase(FabricCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        host = SshHost(cls.world)
        cls.addClassCleanup(host.close)
        cls.sshd, cls.agent = host.sshd, host.agent
        host.offer("office")
        cls.world.wait_settled()
        cls.person = host.person()
        cls.person.extra_environment["PATH"] = f"{BIN.resolve()}:{os.environ['PATH']}"

    def here(self, name):
        return self.world.folder / name

    def do(self, *command, text_in=None, timeout=60, **more):
        """A program of the person's machine."""
        return subprocess.run(list(map(str, command)), env={**self.person.environment, **more},
                              text=True, input=text_in,
                              stdin=subprocess.DEVNULL if text_in is None else None,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=patiently(timeout), check=False)

    def config(self, name="ssh_config"):
        """What `rap ssh-config` prints, in a file."""
        path = self.here(name)
        path.write_text(self.person.ok("ssh-config"))
        return path

    def wrapper(self):
        """`rap ssh` for what takes one program only."""
        path = self.here("rap-ssh")
        path.write_text('#!/bin/sh\nexec rap ssh "$@"\n')
        path.chmod(0o755)
        return path

    def living_sessions(self):
        return [s for s in self.person.json("sessions")["items"] if s["state"] != "terminated"]
