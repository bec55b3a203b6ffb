"""The stock OpenSSH client through the fabric: sessions, copies, host keys."""

import hashlib
import os
import subprocess
import unittest

from harness.case import FabricCase
from harness.ssh import SshHost, scp
from harness.wait import patiently

MIB = 1024 * 1024


class Ssh(FabricCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        host = SshHost(cls.world)
        cls.addClassCleanup(host.close)
        cls.sshd = host.sshd
        host.offer("office-ssh")
        cls.world.wait_settled()
        cls.person = host.person()

    def test_a_command_runs_there_and_its_status_comes_back(self):
        done = self.person.run("ssh", "office-ssh", "--", "echo over the fabric; exit 7")
        self.assertEqual(("over the fabric\n", 7), (done.stdout, done.returncode), done.stderr)

    def test_standard_input_reaches_the_command(self):
        done = self.person.run("ssh", "office-ssh", "--", "sha256sum", text_in="x" * MIB)
        self.assertIn(hashlib.sha256(b"x" * MIB).hexdigest(), done.stdout)

    def test_a_file_arrives_whole_in_both_directions(self):
        folder = self.world.folder
        original, there, back = (folder / name for name in ("original", "there", "back"))
        original.write_bytes(os.urandom(16 * MIB))
        to = f"{self.sshd.user}@office-ssh"
        scp(self.person, self.sshd, "office-ssh", original, f"{to}:{there}")
        scp(self.person, self.sshd, "office-ssh", f"{to}:{there}", back)
        self.assertEqual(original.read_bytes(), there.read_bytes())
        self.assertEqual(original.read_bytes(), back.read_bytes())

    def test_a_server_with_another_host_key_is_refused(self):
        other = self.world.folder / "impostor_key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
        key = " ".join(other.with_suffix(".pub").read_text().split()[:2])
        self.world.add_resource("impostor", self.sshd.address, self.sshd.port, "ssh",
                                ssh_host_key=key)
        self.world.wait_settled()
        done = self.person.run("ssh", "impostor", "--", "true")
        self.assertNotEqual(0, done.returncode)
        self.assertIn("Host key verification failed", done.stderr)

    def test_two_sessions_at_once_do_not_mix(self):
        commands = [f"seq {n}00000 {n}09999" for n in (1, 2, 3)]
        running = [self.person.popen("ssh", "office-ssh", "--", command, text=True,
                                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
                   for command in commands]
        for n, each in zip((1, 2, 3), running):
            output, _ = each.communicate(timeout=patiently(60))
            self.assertEqual([str(i) for i in range(n * 100000, n * 100000 + 10000)],
                             output.split())


if __name__ == "__main__":
    unittest.main()
