"""PostgreSQL is moved to another server, and the private one made anew, by the commands of
docs/operations/postgresql.md: they are read from that page and run as they stand there, but for
names of hosts, directories and files.

Debian 12 has one major version only, so that the new server is of the old one's."""

import os
import pathlib
import re
import shutil
import subprocess
import unittest

from harness.addresses import free_port
from harness.case import ControlCase, FabricCase
from harness.control import DATABASE
from harness.postgres import Postgres
from harness.process import BIN, end
from harness.wait import patiently, until

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/operations/postgresql.md"
FOLLOWS_WITHIN_S = 15
PASSWORD = "a password of a test"
UNIT = {"systemctl stop rap-control": "stop", "systemctl start rap-control": "start"}


def blocks(section):
    """The commands below a heading of the page, block by block."""
    text = PAGE.read_text().split(f"\n## {section}\n")[1].split("\n## ")[0]
    return re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


class Guide:
    """Follows the page; a test says what its names stand for, and what the unit does."""

    names = {}

    def put_names(self, text):
        for name in sorted(self.names, key=len, reverse=True):  # "…-new" before what it begins with
            text = text.replace(name, str(self.names[name]))
        return text

    def follow(self, block, folder, *, as_superuser=False):
        commands = []
        for line in [*self.put_names(block).splitlines(), ""]:
            if line and line not in UNIT:
                commands.append(line)
                continue
            if commands:
                self.sh("\n".join(commands), folder, as_superuser)
            commands = []
            if line:
                getattr(self, UNIT[line])()

    def sh(self, script, folder, as_superuser):
        user = ["runuser", "-u", "postgres", "--"] if as_superuser and os.geteuid() == 0 else []
        done = subprocess.run(
            [*user, "bash", "-euo", "pipefail", "-c", script], cwd=folder, check=False,
            env={**os.environ, "PGUSER": "postgres",
                 "PATH": f"{BIN.resolve()}:{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=patiently(60))
        self.assertEqual(0, done.returncode, f"{script}\n{done.stdout}")

    def stop(self):
        """As the unit, whose private PostgreSQL ends too."""
        self.world.control.process.stop()
        if pid := self.world.control.postgres_pid():
            end(pid)

    def start(self):
        self.world.control.serve()


class ServerOfYours(Guide, FabricCase):
    def stop(self):
        self.world.control.process.stop()

    def test_nodes_and_people_follow_to_another_server(self):
        world, control = self.world, self.world.control
        super().stop()
        first = Postgres(control.state / "postgres", world.folder)
        first.start()
        self.addCleanup(first.stop)
        control.serve_options = ["--database-url", f"host={first.sockets} dbname={DATABASE}"]
        control.serve()
        self.owner = world.owner = control.owner()
        self.owner.post("organizations", name="before")
        alice = world.person()
        stream = self.live_stream(alice)
        wanted = max(n["wanted_config_version"] for n in self.owner.get("nodes")["items"])

        address, port = world.address, free_port(world.address)
        place = world.folder / "second"
        place.mkdir()
        second = Postgres.another(place, address, port)
        second.start()
        self.addCleanup(second.stop)
        hands = world.folder / "hands"  # where the commands are typed
        hands.mkdir()
        (hands / "rap.password").write_text(PASSWORD + "\n")
        if os.geteuid() == 0:
            shutil.chown(hands, "postgres", "postgres")
        self.names = {"host=db-1.example.org": f"host={first.sockets}",
                      "host=db-2.example.org": f"host={address} port={port}",
                      "db-2.example.org:5432": f"{address}:{port}",
                      "db-2.example.org": f"{address}:{port}",
                      "/etc/rap/pgpass": hands / "pgpass", ":PASSWORD": f":{PASSWORD}"}
        prepare, copy, option, passwords, start = blocks("A server of yours")
        self.follow(prepare, hands, as_superuser=True)
        self.follow(copy, hands, as_superuser=True)
        stream.round_trip(b"without a control plane")
        (hands / "pgpass").write_text(self.put_names(passwords))
        (hands / "pgpass").chmod(0o600)
        control.serve_options = self.put_names(option).split()
        self.follow(start, hands)
        first.stop()

        self.owner = world.owner = control.owner()
        self.assertIn("before", [o["name"] for o in self.owner.get("organizations")["items"]])
        until(world.configured, lambda: f"nodes to follow: {self.owner.get('nodes')['items']}",
              FOLLOWS_WITHIN_S)
        self.assertGreater(
            min(n["wanted_config_version"] for n in self.owner.get("nodes")["items"]), wanted)
        self.assertEqual(200, control.api().raw("GET", "/readyz")[0])
        self.assertIn("whole", world.platform_owner().ok("admin", "audit", "verify"))
        found = [e["detail"]["found_by"] for e in self.owner.get("audit")["items"]
                 if e["action"] == "database.went_back"]
        self.assertEqual("database_elsewhere", found[0])
        stream.round_trip(b"after the move")
        self.live_stream(alice)  # with the sign-in of before


class PrivateServer(Guide, ControlCase):
    def test_it_is_made_anew_from_a_backup(self):
        world, control = self.world, self.world.control
        self.owner.post("organizations", name="before")
        hands = world.folder / "hands"
        hands.mkdir()
        (hands / "passphrase").write_text("a passphrase of a test\n")
        (hands / "passphrase").chmod(0o600)
        self.names = {"/var/lib/rap-control-new": world.folder / "control-new",
                      "/var/lib/rap-control-old": world.folder / "control-old",
                      "/var/lib/rap-control": control.state}
        written = (control.state / "postgres" / "PG_VERSION").read_text()
        once, = blocks("The private server")
        self.follow(once, hands)
        self.owner = world.owner = control.owner()
        self.assertIn("before", [o["name"] for o in self.owner.get("organizations")["items"]])
        self.assertTrue(self.owner.get("audit/verify")["ok"])
        self.assertEqual(written, (world.folder / "control-old/postgres/PG_VERSION").read_text())


if __name__ == "__main__":
    unittest.main()
