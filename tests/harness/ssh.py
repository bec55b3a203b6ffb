"""The pieces of OpenSSH around `rap`."""

import contextlib
import os
import pathlib
import socket
import subprocess

from harness.process import BIN, Process
from harness.targets import Sshd
from harness.wait import patiently


class SshAgent:
    """An ssh-agent that holds one key; rap and ssh find it through `environment`."""

    def __init__(self, folder, key):
        self.socket = pathlib.Path(folder) / "ssh-agent.sock"
        self.process = Process(["ssh-agent", "-D", "-a", self.socket],
                               pathlib.Path(folder) / "ssh-agent.log")
        self.process.wait_for(self.answers, "ssh-agent")
        subprocess.run(["ssh-add", "-q", key], check=True, env={**os.environ, **self.environment})

    def answers(self):
        """Whether somebody listens: the socket is there before anybody does."""
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0

    @property
    def environment(self):
        return {"SSH_AUTH_SOCK": str(self.socket)}

    def close(self):
        self.process.stop()
        with contextlib.suppress(OSError):
            self.socket.unlink()


class SshHost:
    """An sshd that is a target of the world's fabric, and an ssh-agent that holds its key."""

    def __init__(self, world, address=None, *, prefix=()):
        self.world = world
        self.sshd = Sshd(world.folder, address or world.address, prefix=prefix)
        try:
            self.agent = SshAgent(world.folder, self.sshd.user_key)
        except BaseException:
            self.sshd.close()
            raise

    def offer(self, resource):
        """Makes it a resource with a pinned host key."""
        self.world.add_resource(resource, self.sshd.address, self.sshd.port, "ssh",
                                ssh_host_key=self.sshd.host_key)

    def person(self):
        """Who has the ssh-agent."""
        person = self.world.person()
        person.extra_environment = self.agent.environment
        return person

    def close(self):
        self.agent.close()
        self.sshd.close()


def scp(rap, sshd, resource, source, destination, *, prefix=()):
    """Stock scp with rap as its ProxyCommand; the host key is checked."""
    known = rap.home / "scp_known_hosts"
    known.write_text(f"{resource} {sshd.host_key}\n")
    subprocess.run(
        [*prefix, "scp", "-q", "-F", "none", "-i", sshd.user_key,
         "-o", f"ProxyCommand={BIN}/rap proxy --class file_transfer {resource}",
         "-o", f"UserKnownHostsFile={known}", "-o", "StrictHostKeyChecking=yes",
         "-o", f"HostKeyAlias={resource}", "-o", "BatchMode=yes", source, destination],
        check=True, timeout=patiently(300), env=rap.environment, stdin=subprocess.DEVNULL)
