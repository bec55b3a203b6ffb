"""Tools of others that run ssh by themselves, with what `rap` gives them: Ansible, and what an
editor does for work on another machine (VS Code Remote; Debian has no package of it, so that its
calls of ssh are made here as it makes them)."""

import json
import os
import shutil
import signal
import subprocess
import unittest

from harness import socks
from harness.addresses import free_port
from harness.process import alive
from harness.ssh_case import SshCase
from harness.stream import Stream
from harness.wait import patiently, until

PLAYBOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - name: A file arrives
      ansible.builtin.copy:
        src: "{{ source }}"
        dest: "{{ copy }}"
        mode: "0600"
    - name: A command runs
      ansible.builtin.command: cat {{ copy }}
      register: shown
      changed_when: false
    - name: Its output came back
      ansible.builtin.assert:
        that: shown.stdout == lookup('file', source)
    - name: A file comes back
      ansible.builtin.fetch:
        src: "{{ copy }}"
        dest: "{{ back }}"
        flat: true
"""

# What an editor sends to the shell that it starts there: start a server on a port of that machine,
# say which, and stay.
BOOTSTRAP = """
exec /usr/bin/python3 -c '
import socket, sys
listener = socket.create_server(("127.0.0.1", 0))
print("listeningOn=%d" % listener.getsockname()[1], flush=True)
while True:
    connection, _ = listener.accept()
    while data := connection.recv(65536):
        connection.sendall(data)
    connection.close()
'
"""


class Ansible(SshCase):
    @classmethod
    def setUpClass(cls):
        if not shutil.which("ansible-playbook"):
            raise unittest.SkipTest("ansible-core is not installed")
        super().setUpClass()
        cls.inventory = cls.world.folder / "inventory"
        cls.inventory.write_text("office ansible_python_interpreter=/usr/bin/python3\n")

    def ansible(self, program, *arguments, **environment):
        """Its connections are kept for the next task by a master of ssh, which ends soon."""
        done = self.do(program, "-i", self.inventory, *arguments,
                       ANSIBLE_SSH_ARGS=f"-o ControlMaster=auto -o ControlPersist=5s "
                                        f"{environment.pop('options', '')}",
                       ANSIBLE_SSH_CONTROL_PATH_DIR=f"/tmp/rap-ansible-{os.getpid()}",
                       ANSIBLE_REMOTE_TEMP=str(self.here("ansible-remote")),
                       # An sshd that is not root gives nobody a terminal.
                       ANSIBLE_SSH_USETTY=str(os.geteuid() == 0),
                       ANSIBLE_NOCOLOR="1", ANSIBLE_HOST_KEY_CHECKING="True", **environment)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return done.stdout

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(f"/tmp/rap-ansible-{os.getpid()}", ignore_errors=True)

    def test_a_host_answers_by_the_configuration_that_rap_writes(self):
        said = self.ansible("ansible", "office", "-m", "ping", options=f"-F {self.config()}")
        self.assertIn('"ping": "pong"', said)

    def test_a_playbook_runs_by_the_configuration_that_rap_writes(self):
        source, copy, back = (self.here(f"playbook-{name}") for name in ("source", "copy", "back"))
        source.write_text("carried by a playbook")
        playbook = self.here("playbook.yml")
        playbook.write_text(PLAYBOOK)
        extra = json.dumps({"source": str(source), "copy": str(copy), "back": str(back)})
        said = self.ansible("ansible-playbook", "-e", extra, playbook,
                            options=f"-F {self.config()}")
        self.assertRegex(said, r"office\s+: ok=4 .*failed=0")
        self.assertEqual(source.read_text(), back.read_text())
        # One session was enough for all of it, and ends with the master.
        until(lambda: not self.living_sessions(), "the session to end with the master", 30)

    def test_a_host_answers_by_rap_ssh_in_place_of_ssh(self):
        said = self.ansible("ansible", "office", "-m", "ping",
                            ANSIBLE_SSH_EXECUTABLE=str(self.wrapper()))
        self.assertIn('"ping": "pong"', said)


class Editor(SshCase):
    """As VS Code Remote: ssh -T -D PORT HOST bash …, a script on its standard input, and a server
    on the other machine that is reached by the dynamic forward while the window is open."""

    def opened(self, *command):
        """The window: ssh with its forward, and the port of the server that was started there."""
        port = free_port("127.0.0.1")
        running = subprocess.Popen(
            [*map(str, command), "-T", "-D", str(port), "-o", "ConnectTimeout=15", "office",
             "bash", "--login", "-c", "bash"], env=self.person.environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.close, running)
        running.stdin.write(BOOTSTRAP)
        running.stdin.close()
        for line in running.stdout:
            if line.startswith("listeningOn="):
                return running, port, int(line.removeprefix("listeningOn="))
        self.fail(running.stderr.read())

    @staticmethod
    def close(running):
        if running.poll() is None:
            running.send_signal(signal.SIGTERM)
        running.wait(patiently(20))
        running.stdout.close()
        running.stderr.close()

    def stream(self, port, there):
        stream = Stream.over(socks.connect(port, ("127.0.0.1", there)))
        self.addCleanup(stream.close)
        return stream

    def assert_a_window_works(self, *command):
        until(lambda: not self.living_sessions(), "earlier sessions to end")
        running, port, there = self.opened(*command)
        streams = [self.stream(port, there)]  # the server takes one after another
        streams[0].round_trip(os.urandom(200_000))
        self.assertEqual(1, len(self.living_sessions()), "one session for all of it")
        self.assertIsNone(running.poll())
        self.close(running)
        until(lambda: not alive(running.pid), "ssh to end")
        until(lambda: not self.living_sessions(), "the session to end with the window")

    def test_a_window_works_by_rap_ssh(self):
        self.assert_a_window_works("rap", "ssh")

    def test_a_window_works_by_the_configuration_that_rap_writes(self):
        self.assert_a_window_works("ssh", "-F", self.config())

    def test_a_second_terminal_goes_by_the_first_ones_master(self):
        path = f"/tmp/rap-editor-{os.getpid()}"  # short: the name of a socket has a limit
        shared = ("-o", f"ControlPath={path}")
        running, port, there = self.opened("ssh", "-F", self.config(), "-o", "ControlMaster=yes",
                                           *shared)
        done = self.do("ssh", "-F", self.config(), *shared, "office", "echo beside it")
        self.assertEqual("beside it\n", done.stdout, done.stderr)
        self.assertEqual(1, len(self.living_sessions()))
        self.stream(port, there).round_trip(b"the window goes on")
        self.close(running)


if __name__ == "__main__":
    unittest.main()
