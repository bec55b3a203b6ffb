"""A program under test: its log in a file, its end certain."""

import contextlib
import os
import pathlib
import signal
import subprocess

from harness.wait import patiently, until

BUILD = pathlib.Path(os.environ.get(
    "RAP_BUILD_DIR", pathlib.Path(__file__).resolve().parents[2] / "build" / "release"))
BIN = BUILD / "bin"
STOP_TIMEOUT_S = 10.0


def alive(pid):
    """Whether a process runs; a zombie does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def end(pid, sig=signal.SIGTERM, timeout=STOP_TIMEOUT_S):
    """Signals a process that may not be our child and waits until it is gone."""
    try:
        os.kill(pid, sig)
    except ProcessLookupError:
        return
    until(lambda: not alive(pid), f"process {pid} to end after {signal.Signals(sig).name}", timeout)


def given(argument):
    """The processes that run with this argument, whoever started them."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if str(argument).encode() in entry.read_bytes().split(b"\0"):
                found.append(int(entry.parent.name))
    return found


class Process:
    def __init__(self, command, log, *, env=None, prefix=(), preexec=None):
        self.command = [*prefix, *map(str, command)]
        self.log_path = pathlib.Path(log)
        with open(self.log_path, "ab") as sink:
            self.popen = subprocess.Popen(  # pylint: disable=consider-using-with
                self.command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
                start_new_session=True, env={**os.environ, **(env or {})}, preexec_fn=preexec)

    @property
    def pid(self):
        return self.popen.pid

    @property
    def running(self):
        return self.popen.poll() is None

    def log(self):
        return self.log_path.read_text(errors="replace")

    def log_tail(self, lines=15):
        return "\n".join(self.log().splitlines()[-lines:])

    def wait_for(self, condition, what, timeout=20.0):
        """Like until(), but gives up at once when the process has ended."""
        def check():
            if not self.running:
                raise AssertionError(f"{self.command[0]} ended with status {self.popen.returncode} "
                                     f"while we waited for {what}:\n{self.log_tail()}")
            return condition()
        return until(check, lambda: f"{what}; its log ends:\n{self.log_tail()}", timeout)

    def kill(self):
        self.popen.kill()
        self.popen.wait(patiently(STOP_TIMEOUT_S))

    def stop(self):
        if self.running:
            self.popen.terminate()
            try:
                self.popen.wait(patiently(STOP_TIMEOUT_S))
            except subprocess.TimeoutExpired:
                self.kill()
