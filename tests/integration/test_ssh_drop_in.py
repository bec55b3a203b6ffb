"""`rap ssh` where others expect ssh, and plain ssh over `rap ssh-config`."""

import contextlib
import json
import os
import pty
import signal
import socket
import subprocess
import unittest

from harness import socks
from harness.addresses import free_port
from harness.process import BIN, alive
from harness.rap import OF_SSH
from harness.ssh_case import SshCase
from harness.wait import patiently, until
from harness.world import ORGANIZATION


class DropIn(SshCase):
    # --- words ---------------------------------------------------------------------------------

    def test_words_after_the_resource_arrive_as_they_are(self):
        for words, status in (("[ -d /tmp ]", 0), ("[[ a = a ]]", 0), ("[ -d /nowhere ]", 1),
                              ('[ "0,1" = 0,1 ]', 0)):
            done = self.person.run("ssh", "office", "--", words)
            self.assertEqual(status, done.returncode, (words, done.stderr))
        done = self.person.run("ssh", "office", "df", "-h", "/")
        self.assertIn("Mounted on", done.stdout, done.stderr)
        done = self.person.run("ssh", "office", "ls", "-la", "/")
        self.assertIn(" tmp", done.stdout, done.stderr)
        done = self.person.run("ssh", "office", "echo", "--json", "--help", "-V")
        self.assertEqual("--json --help -V\n", done.stdout, done.stderr)

    def test_options_of_ssh_and_the_user_are_taken(self):
        done = self.person.run("ssh", "-4", "-C", "-o", "BatchMode=yes", "-A",
                               f"{self.sshd.user}@office", "test -n \"$SSH_AUTH_SOCK\" && whoami")
        self.assertEqual(f"{self.sshd.user}\n", done.stdout, done.stderr)
        self.assertEqual(0, self.person.run("ssh", "-V").returncode)
        done = self.person.run("ssh", "-G", "office")
        self.assertIn("hostkeyalias rap-", done.stdout, done.stderr)

    def test_a_dynamic_forward_of_ssh_works(self):
        port = free_port("127.0.0.1")
        running = self.person.popen("ssh", "-N", "-D", f"127.0.0.1:{port}", "office",
                                    stdin=subprocess.DEVNULL)
        self.addCleanup(running.wait, 10)
        self.addCleanup(running.terminate)

        with socks.connect(port, (self.sshd.address, self.sshd.port)) as connection:
            self.assertEqual(b"SSH-2.0", connection.recv(7, socket.MSG_WAITALL))

    # --- statuses ------------------------------------------------------------------------------

    def test_the_status_is_the_commands_or_255(self):
        for status in (0, 3, 5, 7):
            done = self.person.run("ssh", "office", f"exit {status}")
            self.assertEqual(status, done.returncode, done.stderr)
        self.assertEqual(OF_SSH, self.person.run("ssh", "nothing", "true").returncode)
        self.assertEqual(OF_SSH, self.person.run("ssh").returncode)
        stranger = self.world.person("stranger")
        stranger.ok("logout")
        self.assertEqual(OF_SSH, stranger.run("ssh", "office", "exit 0").returncode)
        done = stranger.run("ssh", "--json", "office", "exit 0")
        self.assertEqual("not_signed_in", json.loads(done.stderr)["error"]["code"])

    # --- others that call ssh ------------------------------------------------------------------

    def test_rsync_copies_over_it(self):
        source = self.here("rsync-source")
        source.mkdir()
        (source / "a file").write_bytes(os.urandom(100_000))
        done = self.do("rsync", "-a", "-e", "rap ssh", f"{source}/",
                       f"{self.sshd.user}@office:{self.here('rsync-copy')}/")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual((source / "a file").read_bytes(),
                         (self.here("rsync-copy") / "a file").read_bytes())

    def test_git_pushes_and_clones_over_it(self):
        bare, work, clone = (self.here(name) for name in ("bare.git", "work", "clone"))
        who = ("-c", "user.name=Alice", "-c", "user.email=alice@acme.test")
        over = {"GIT_SSH_COMMAND": "rap ssh", "GIT_CONFIG_GLOBAL": "/dev/null"}
        for command in (("git", "init", "-q", "--bare", bare), ("git", "init", "-q", work),
                        ("git", *who, "-C", work, "commit", "-q", "--allow-empty", "-m", "first"),
                        ("git", "-C", work, "push", "-q", f"{self.sshd.user}@office:{bare}",
                         "HEAD:refs/heads/main"),
                        ("git", "clone", "-q", "-b", "main", f"office:{bare}", clone)):
            done = self.do(*command, **over)
            self.assertEqual(0, done.returncode, (command, done.stderr))
        self.assertEqual("first", self.do("git", "-C", clone, "log", "--format=%s").stdout.strip())

    # --- one connection for many ---------------------------------------------------------------

    def test_a_master_lives_as_long_as_its_commands_on_one_session(self):
        # ControlPath is short: the name of a socket has a limit.
        path = f"/tmp/rap-cm-{os.getpid()}"
        options = ("-o", "ControlMaster=auto", "-o", f"ControlPath={path}",
                   "-o", "ControlPersist=10m")
        self.addCleanup(self.person.run, "ssh", *options, "-O", "exit", "office")
        until(lambda: not self.living_sessions(), "earlier sessions to end")
        first = self.person.popen("ssh", *options, "office", "sleep 2; echo one", text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        until(lambda: os.path.exists(path), "the master")
        second = self.person.popen("ssh", *options, "office", "sleep 5; echo two", text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.assertEqual("one\n", first.communicate(timeout=patiently(30))[0])
        self.assertEqual("two\n", second.communicate(timeout=patiently(30))[0])
        self.assertEqual((0, 0), (first.returncode, second.returncode))
        self.assertEqual(1, len(self.living_sessions()), "no session that nobody uses")
        self.person.ok("ssh", *options, "-O", "exit", "office")
        until(lambda: not self.living_sessions(), "the session to end with the master")

    # --- plain ssh -----------------------------------------------------------------------------

    def test_plain_ssh_scp_sftp_and_rsync_work_with_its_configuration(self):
        config = self.config()
        environment = {"RAP_HOME": "/nowhere"}  # an editor's, say
        ssh = ("ssh", "-F", config)
        done = self.do(*ssh, "office", "echo plain", **environment)
        self.assertEqual("plain\n", done.stdout, done.stderr)
        source, copy = self.here("plain-source"), self.here("plain-copy")
        source.write_bytes(os.urandom(100_000))
        for command in (("scp", "-q", "-F", config, source, f"office:{copy}-scp"),
                        ("rsync", "-e", f"ssh -F {config}", source, f"office:{copy}-rsync"),
                        ("sftp", "-q", "-F", config, "-b", "/dev/null", "office")):
            done = self.do(*command, **environment)
            self.assertEqual(0, done.returncode, (command, done.stderr))
        for kind in ("scp", "rsync"):
            self.assertEqual(source.read_bytes(), self.here(f"plain-copy-{kind}").read_bytes())
        done = self.do("scp", "-q", "-S", self.wrapper(), source, f"office:{copy}-wrapped")
        self.assertEqual(0, done.returncode, done.stderr)

    # --- host keys -----------------------------------------------------------------------------

    def test_a_key_taken_on_first_use_does_not_outlive_the_pinned_one(self):
        other = self.here("other_key")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
        key = " ".join(other.with_suffix(".pub").read_text().split()[:2])
        hashed = ("-o", "HashKnownHosts=yes")
        self.world.add_resource("Tofu", self.sshd.address, self.sshd.port, "ssh")
        self.world.wait_settled()
        config = self.config("tofu_config")
        for _ in range(2):
            done = self.person.run("ssh", *hashed, "Tofu", "true")
            self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("|1|", (self.person.home / "known_hosts").read_text())
        self.world.owner.delete(f"organizations/{ORGANIZATION}/resources/Tofu")
        self.world.add_resource("Tofu", self.sshd.address, self.sshd.port, "ssh",
                                ssh_host_key=key)
        self.world.wait_settled()
        done = self.person.run("ssh", *hashed, "Tofu", "true")
        self.assertEqual(OF_SSH, done.returncode)
        self.assertIn("Host key verification failed", done.stderr)
        done = self.do("ssh", "-F", config, "tofu", "true")
        self.assertEqual(OF_SSH, done.returncode)
        self.assertIn("pinned host key", done.stderr, "a configuration from before the pin")

    # --- signals -------------------------------------------------------------------------------

    def test_term_ends_ssh_and_the_session_and_says_so(self):
        until(lambda: not self.living_sessions(), "earlier sessions to end")
        running = self.person.popen("ssh", "office", "echo begun; exec sleep 60", text=True,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE)
        self.assertEqual("begun\n", running.stdout.readline())
        children = self.children(running.pid)
        self.assertTrue(children)
        running.terminate()
        said = running.communicate(timeout=patiently(20))[1]
        self.assertEqual(OF_SSH, running.returncode)
        self.assertIn("SIGTERM", said)
        until(lambda: not any(alive(child) for child in children), "ssh to end")
        until(lambda: not self.living_sessions(), "the session to end")

    def test_no_session_outlives_its_terminal(self):
        # The kernel, the leader's end and ssh each send a hang-up to whoever is in the foreground.
        until(lambda: not self.living_sessions(), "earlier sessions to end")
        for end in ("terminal", "leader"):
            pid, master = pty.fork()
            if pid == 0:
                os.execve(BIN / "rap", self.person.command("ssh", "-tt", "office",
                                                           "echo begun; exec sleep 60"),
                          self.person.environment)
            said = b""
            while b"begun" not in said:
                said += os.read(master, 4096)
            self.assertEqual(1, len(self.living_sessions()))
            if end == "leader":
                os.kill(pid, signal.SIGHUP)
            else:
                os.close(master)
            os.waitpid(pid, 0)
            if end == "leader":
                os.close(master)
            until(lambda: not self.living_sessions(), f"the session to end with its {end}")

    def test_an_interrupt_of_everybody_in_the_foreground_ends_the_session_too(self):
        until(lambda: not self.living_sessions(), "earlier sessions to end")
        running = self.person.popen("ssh", "office", "echo begun; exec sleep 60", text=True,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    start_new_session=True)
        self.assertEqual("begun\n", running.stdout.readline())
        os.killpg(running.pid, signal.SIGINT)
        running.communicate(timeout=patiently(20))
        until(lambda: not self.living_sessions(), "the session to end")

    def test_nohup_protects_it(self):
        mark = self.here("nohup-done")
        running = subprocess.Popen(
            ["nohup", *self.person.command("ssh", "office", f"sleep 3; touch {mark}")],
            env=self.person.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        until(lambda: self.children(running.pid), "ssh to start")
        until(self.living_sessions, "its session")
        for pid in (running.pid, *self.children(running.pid)):
            os.kill(pid, signal.SIGHUP)
        self.assertEqual(0, running.wait(patiently(30)))
        self.assertTrue(mark.exists())

    @staticmethod
    def children(pid):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
                return [int(each) for each in file.read().split()]
        return []


if __name__ == "__main__":
    unittest.main()
