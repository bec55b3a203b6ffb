"""A control plane's private PostgreSQL run by the test instead: behind a wire that counts what is
answered and can kill the server after any statement, with a standby, or beside another one."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import threading

from harness.process import alive
from harness.wait import patiently, until

PORT = 5432
READY_FOR_QUERY = ord("Z")


class Postgres:
    """The cluster in `data`, which nobody else runs; `folder` holds its sockets."""

    def __init__(self, data, folder):
        self.data = pathlib.Path(data)
        self.sockets = pathlib.Path(folder) / "pgreal"
        self.sockets.mkdir(parents=True)
        self.sockets.chmod(0o777)
        self.log = self.sockets / "postgres.log"
        self.listens = ""  # more settings of its start
        self._one_at_a_time = threading.Lock()
        self._bin = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))

    def _run(self, program, *arguments, output=subprocess.DEVNULL):
        as_owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        done = subprocess.run([*as_owner, self._bin / program, *arguments], check=False,
                              timeout=patiently(60), stdin=subprocess.DEVNULL, stdout=output,
                              text=True)
        assert done.returncode == 0, self.log.read_text()[-2000:]
        return done.stdout

    @classmethod
    def another(cls, folder, address, port):
        """A new cluster that listens at an address too, where its superuser needs no password and
        everybody else does; it is not started yet."""
        made = cls(pathlib.Path(folder) / "postgres", folder)
        made.data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(made.data, "postgres", "postgres")
        made._run("initdb", "--pgdata", made.data, "--username", "postgres", "--auth", "trust",
                  "--no-sync")
        (made.data / "pg_hba.conf").write_text(
            "local all postgres trust\nhost all postgres 127.0.0.0/8 trust\n"
            "host all all 127.0.0.0/8 scram-sha-256\n")
        made.listens = f"-c listen_addresses={address} -c port={port}"
        return made

    def _pg_ctl(self, *arguments):
        self._run("pg_ctl", "--silent", "--wait", "--pgdata", self.data, *arguments)

    def pids(self):
        try:
            master = int((self.data / "postmaster.pid").read_text().split()[0])
            children = pathlib.Path(f"/proc/{master}/task/{master}/children").read_text().split()
        except (OSError, ValueError, IndexError):
            return []
        return [master, *map(int, children)]

    def start(self):
        with self._one_at_a_time:
            self._start()

    def _start(self):
        if not any(alive(pid) for pid in self.pids()):
            # A zombie would pass for a server that runs where nobody reaps orphans.
            for mark in (self.data / "postmaster.pid", self.sockets / f".s.PGSQL.{PORT}.lock"):
                mark.unlink(missing_ok=True)
        # What a killed server gave the kernel is not lost: waiting for the disk proves nothing.
        self._pg_ctl("start", "--log", self.log, "--options",
                     "-c fsync=off -c listen_addresses='' -c max_connections=100 "
                     "-c unix_socket_permissions=0777 "
                     f"-c unix_socket_directories='{self.sockets}' {self.listens}")

    def kill(self):
        """As a power cut would, but for what the kernel has: all of it, at once."""
        with self._one_at_a_time:
            self._kill()

    def _kill(self):
        for pid in self.pids()[:1]:
            os.kill(pid, signal.SIGSTOP)  # so that it makes no further child
        pids = self.pids()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until(lambda: not any(alive(pid) for pid in pids), "PostgreSQL to be gone")

    def sql(self, statement):
        """What the superuser gets for it, as text."""
        return self._run("psql", "--no-psqlrc", "--tuples-only", "--no-align", "--host",
                         self.sockets, "--username", "postgres", "--dbname", "postgres",
                         "--command", statement, output=subprocess.PIPE).strip()

    def allow_standbys(self):
        """From its next start on."""
        with open(self.data / "pg_hba.conf", "a", encoding="ascii") as rules:
            rules.write("local replication all peer map=rap\n")

    def standby(self, folder):
        """A copy that follows this one, which runs; it is not started yet."""
        data = pathlib.Path(folder) / "postgres"
        data.mkdir(parents=True, mode=0o700)
        owner = self.data.stat()
        os.chown(data, owner.st_uid, owner.st_gid)
        other = Postgres(data, folder)
        self._run("pg_basebackup", "--host", self.sockets, "--username", "postgres", "--pgdata",
                  data, "--checkpoint", "fast", "--write-recovery-conf")
        return other

    def promote(self):
        self._pg_ctl("promote")

    def stop(self):
        if any(alive(pid) for pid in self.pids()):
            self._pg_ctl("stop", "--mode", "fast")


class Wire:
    """Clients connect to `folder` as they would to the server's socket directory."""

    def __init__(self, postgres, folder):
        self.folder = pathlib.Path(folder)
        self._postgres = postgres
        self._left = None  # statements to let through before the cut; None: all
        self._lock = threading.Lock()
        self.cut = False
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.folder / f".s.PGSQL.{PORT}"))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_after(self, statements):
        """The server dies when it has carried out so many more, and cannot say so of the last."""
        with self._lock:
            self._left = statements
            self.cut = False

    def disarm(self):
        """Whether it was cut."""
        with self._lock:
            self._left = None
            return self.cut

    def close(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(str(self._postgres.sockets / f".s.PGSQL.{PORT}"))
            except OSError:
                client.close()
                server.close()
                continue
            for relay in (self._requests, self._answers):
                threading.Thread(target=relay, args=(client, server), daemon=True).start()

    @staticmethod
    def _end(*sockets):
        for one in sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _requests(self, client, server):
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                server.sendall(data)
        self._end(client, server)  # and the other thread closes them

    def _answers(self, client, server):
        """Counts ReadyForQuery messages, but for the one that ends the start of a connection."""
        pending, started = b"", False
        with client, server, contextlib.suppress(OSError):
            while data := server.recv(65536):
                pending += data
                while len(pending) >= 5:
                    size = 1 + int.from_bytes(pending[1:5], "big")
                    if len(pending) < size:
                        break
                    if pending[0] == READY_FOR_QUERY:
                        if started and self._is_the_last():
                            self._end(client, server)
                            return
                        started = True
                    pending = pending[size:]
                client.sendall(data)
            self._end(client, server)

    def _is_the_last(self):
        with self._lock:
            if self._left is None:
                return False
            self._left -= 1
            if self._left > 0:
                return False
            self._left = None
            self.cut = True
        self._postgres.kill()
        return True
