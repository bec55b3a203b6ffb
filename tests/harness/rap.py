"""A person's command line: `rap` with a home of its own."""

import json
import os
import pathlib
import subprocess
import threading

from harness.process import BIN
from harness.wait import patiently

# What the exit codes of rap mean.
OK, FAILED, USAGE, NOT_SIGNED_IN, DENIED, NOT_FOUND, UNREACHABLE, UNTRUSTED = range(8)
OF_SSH = 255  # of `rap ssh`, for all that is not the remote command's status


class Rap:
    def __init__(self, home, *, prefix=()):
        self.home = pathlib.Path(home)
        self.home.mkdir(exist_ok=True)
        self.prefix = list(prefix)
        self.extra_environment = {}

    def command(self, *arguments):
        return [*self.prefix, str(BIN / "rap"), *map(str, arguments)]

    @property
    def environment(self):
        return {**os.environ, "RAP_HOME": str(self.home), "HOME": str(self.home),
                **self.extra_environment}

    def run(self, *arguments, text_in=None, timeout=60):
        return subprocess.run(self.command(*arguments), env=self.environment, text=True,
                              input=text_in, stdin=subprocess.DEVNULL if text_in is None else None,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=patiently(timeout),
                              check=False)

    def ok(self, *arguments, text_in=None, timeout=60):
        done = self.run(*arguments, text_in=text_in, timeout=timeout)
        assert done.returncode == 0, (f"rap {' '.join(map(str, arguments))} ended with "
                                      f"{done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def json(self, *arguments, text_in=None):
        return json.loads(self.ok(*arguments, "--json", text_in=text_in))

    def login(self, url, email, password, ca_file):
        self.ok("login", "--server", url, "--email", email, "--password-stdin", "--ca-file",
                ca_file, text_in=password + "\n")

    def popen(self, *arguments, **options):
        return subprocess.Popen(self.command(*arguments), env=self.environment, **options)


class Forward:
    """`rap forward RESOURCE`: a local port that leads to the resource while this is open."""

    def __init__(self, rap, resource, *options):
        self.popen = rap.popen("forward", resource, "--json", *options, text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
        first = self.popen.stdout.readline()
        if not first:
            raise AssertionError(f"rap forward ended: {self.popen.communicate()[1]}")
        listening = json.loads(first)["listening"]
        host, port = listening.rsplit(":", 1)
        self.address = (host, int(port))
        self.said = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.popen.stderr:
            self.said.append(line)

    def close(self):
        if self.popen.poll() is None:
            self.popen.terminate()
        self.popen.wait(patiently(10))
        self._reader.join(patiently(5))
        self.popen.stdout.close()
        self.popen.stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
