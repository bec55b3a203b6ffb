"""What people do with ssh by hand: a terminal that changes its size, other people's letters, ports
that lead either way."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import unittest

from harness.addresses import free_port
from harness.process import BIN
from harness.ssh_case import SshCase
from harness.stream import Stream
from harness.wait import patiently, until

LETTERS = "zażółć 東京 🙂"
# Says its size when that changes, and every line that is typed; ends with 42 at an interrupt.
PROGRAM = """/usr/bin/python3 -uc '
import os, signal, sys
signal.signal(signal.SIGWINCH, lambda *_: print("size", *os.get_terminal_size()))
signal.signal(signal.SIGINT, lambda *_: os._exit(42))
print("begun")
for line in sys.stdin:
    print("<" + line.strip() + ">")
'"""


class Terminal:
    """A person at a terminal, with `rap` in it."""

    def __init__(self, person, *words):
        self.shown = b""
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.execve(BIN / "rap", person.command(*words), person.environment)

    def resize(self, rows, columns):
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self._master, text.encode())

    def wait_for(self, text):
        while text.encode() not in self.shown:
            ready, _, _ = select.select([self._master], [], [], patiently(30))
            assert ready, f"waited for {text!r} after {self.shown!r}"
            self.shown += os.read(self._master, 4096)

    def status(self):
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self._master)
        return status


class SshTerminal(SshCase):
    @unittest.skipUnless(os.geteuid() == 0, "an sshd that is not root gives nobody a terminal")
    def test_a_terminal_has_its_size_its_letters_and_its_interrupt(self):
        terminal = Terminal(self.person, "ssh", "-tt", "office", PROGRAM)
        self.addCleanup(self.end, terminal.pid)
        terminal.wait_for("begun")
        terminal.resize(41, 123)
        terminal.wait_for("size 123 41")
        terminal.type(LETTERS + "\n")
        terminal.wait_for(f"<{LETTERS}>")
        terminal.type("\x03")
        self.assertEqual(42, terminal.status())

    @staticmethod
    def end(pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def forwarding(self, *options):
        running = self.person.popen("ssh", "-N", "-o", "ExitOnForwardFailure=yes", *options,
                                    "office", stdin=subprocess.DEVNULL)
        self.addCleanup(running.wait, patiently(10))
        self.addCleanup(running.terminate)

    def assert_leads_to_echo(self, port):
        def connected():
            try:
                return Stream(("127.0.0.1", port))
            except ConnectionRefusedError:
                return None
        stream = until(connected, "ssh to listen")
        self.addCleanup(stream.close)
        stream.round_trip(os.urandom(200_000))

    def test_ports_lead_there_and_back(self):
        echo = f"{self.world.echo.address}:{self.world.echo.port}"
        there, back = free_port("127.0.0.1"), free_port("127.0.0.1")
        self.forwarding("-L", f"127.0.0.1:{there}:{echo}")
        self.assert_leads_to_echo(there)
        self.forwarding("-R", f"127.0.0.1:{back}:{echo}")
        self.assert_leads_to_echo(back)

    def test_standard_input_and_output_lead_there(self):
        done = self.person.run("ssh", "-W", f"{self.world.echo.address}:{self.world.echo.port}",
                               "office", text_in="there and back")
        self.assertEqual((0, "there and back"), (done.returncode, done.stdout), done.stderr)

    def test_a_tree_of_many_files_is_copied(self):
        tree, copy = self.here("tree"), self.here("copy")
        for number in range(500):
            file = tree / str(number % 40) / str(number)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"%d" % number)
        done = self.do("scp", "-q", "-r", "-S", self.wrapper(), tree, f"office:{copy}", timeout=120)
        self.assertEqual(0, done.returncode, done.stderr)
        same = subprocess.run(["diff", "-r", tree, copy], capture_output=True, text=True,
                              check=False)
        self.assertEqual((0, ""), (same.returncode, same.stdout))


if __name__ == "__main__":
    unittest.main()
