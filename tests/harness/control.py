"""rap-control with its private PostgreSQL."""

import json
import os
import pathlib
import subprocess

from harness import new_cluster
from harness.addresses import free_port
from harness.api import Api
from harness.process import BIN, Process, alive
from harness.wait import patiently

OWNER_EMAIL = "owner@example.test"
DATABASE = "rap"
OWNER_PASSWORD = "correct horse battery staple"


class Control:
    """`folder` holds the state; PostgreSQL's user must be able to reach it."""

    def __init__(self, folder, address, *, prefix=(), serve_options=()):
        self.folder = pathlib.Path(folder)
        self.state = self.folder / "control"
        self.address = address
        self.prefix = list(prefix)
        self.serve_options = list(serve_options)
        self.process = None
        self.ports = {"api": 0, "node": 0, "ocsp": 0}
        self.init_output = None

    def init(self):
        self.state.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700)
        new_cluster.put(self.state / "postgres")
        done = subprocess.run(
            [*self.prefix, str(BIN / "rap-control"), "init", "--state", str(self.state),
             "--host", self.address, "--owner-email", OWNER_EMAIL, "--owner-password-stdin"],
            input=OWNER_PASSWORD + "\n", text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=patiently(120), check=False)
        assert done.returncode == 0, f"rap-control init failed:\n{done.stdout}"
        self.init_output = done.stdout

    def serve(self, env=None):
        """Starts serving; a restart keeps the ports, for they are in the nodes' configuration."""
        ready = self.state / "run" / "ports.json"
        ready.unlink(missing_ok=True)
        self.ports = {name: port or free_port(self.address) for name, port in self.ports.items()}
        self.process = Process(
            [BIN / "rap-control", "serve", "--state", self.state,
             "--listen", f"{self.address}:{self.ports['api']}",
             "--node-listen", f"{self.address}:{self.ports['node']}",
             "--ocsp-listen", f"{self.address}:{self.ports['ocsp']}",
             "--public-url", f"https://{self.address}:{self.ports['api']}",
             "--node-url", f"{self.address}:{self.ports['node']}", *self.serve_options],
            self.folder / "control.log", prefix=self.prefix, env=env)
        self.process.wait_for(ready.exists, "rap-control to be ready", 40)

    @property
    def root_ca(self):
        return self.pki / "root.crt"

    @property
    def authority(self):
        """The folder with the keys of the one cluster."""
        cluster, = (self.state / "clusters").iterdir()
        return cluster

    @property
    def pki(self):
        return self.authority / "pki"

    @property
    def root_key(self):
        return self.authority / "root-ca" / "root.key"

    @property
    def url(self):
        return f"https://{self.address}:{self.ports['api']}"

    def api(self):
        return Api(self.address, self.ports["api"], self.root_ca)

    def owner(self):
        return self.api().as_user(OWNER_EMAIL, OWNER_PASSWORD)

    def postgres_pid(self):
        """The private cluster's postmaster, or None while there is none."""
        try:
            pid = int((self.state / "postgres" / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None
        return pid if alive(pid) else None

    def postgres_pids(self):
        """The postmaster and all its processes."""
        master = self.postgres_pid()
        children = pathlib.Path(f"/proc/{master}/task/{master}/children").read_text().split()
        return [master, *map(int, children)]

    def sql(self, program, *arguments):
        """Runs a PostgreSQL client as the private cluster's superuser."""
        as_owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        done = subprocess.run(
            [*as_owner, program, "--host", self.state / "pgsock", "--username", "postgres",
             *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
             timeout=patiently(60),
            check=False)
        return done

    def dump_database(self):
        done = self.sql("pg_dump", "--inserts", "--dbname", DATABASE)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def log_events(self, event):
        found = []
        for line in self.process.log().splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict) and entry.get("event") == event:
                found.append(entry)
        return found

    def stop(self):
        if self.process:
            self.process.stop()
        if pid := self.postgres_pid():
            subprocess.run(["kill", "-QUIT", str(pid)], check=False)


def reachable_by_postgres(folder):
    """When we are root the cluster runs as another user, who has to traverse down to it."""
    os.chmod(folder, 0o755)
    return folder
