"""The control plane is lost with its machine, and comes back from a backup made while it worked."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import signal
import subprocess
import unittest

from harness.backup_file import read_backup
from harness.case import ControlCase, FabricCase
from harness.process import BIN, end
from harness.wait import patiently, until

FOLLOWS_WITHIN_S = 15
PASSPHRASE = "a passphrase of a test"


def rap_control(*arguments, text_in=None):
    return subprocess.run([str(BIN / "rap-control"), *map(str, arguments)], text=True,
                          input=text_in, stdin=subprocess.DEVNULL if text_in is None else None,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=patiently(120),
                          check=False)


class Commands:
    """The commands, on a test's control plane."""

    def ok(self, *arguments, text_in=None):
        done = rap_control(*arguments, text_in=text_in)
        self.assertEqual(0, done.returncode, done.stderr)
        return done

    def fails(self, *arguments, text_in=None):
        done = rap_control(*arguments, text_in=text_in)
        self.assertEqual(1, done.returncode, done.stderr)
        self.assertEqual("", done.stdout)
        return done.stderr

    def lose_the_machine(self):
        control = self.world.control
        control.process.stop()
        if pid := control.postgres_pid():
            end(pid, signal.SIGINT)
        shutil.rmtree(control.state)

    def back_up(self, name="backup"):
        """With a passphrase."""
        file = self.world.folder / name
        self.ok("backup", file, "--state", self.world.control.state, "--passphrase-stdin",
                text_in=PASSPHRASE + "\n")
        return file

    def restore(self, file, state):
        return ["restore", file, "--state", state, "--passphrase-stdin"]


class LostMachine(Commands, FabricCase):
    def test_everything_comes_back_but_what_happened_since(self):
        world = self.world
        control = world.control
        elsewhere = world.folder / "elsewhere"
        elsewhere.mkdir()
        pinned = shutil.copy(control.root_ca, elsewhere / "root.crt")
        recipient = self.ok("backup-key", elsewhere / "key").stdout.strip()
        alice = world.person()
        stream = self.live_stream(alice)

        backup = elsewhere / "backup"
        made = self.ok("backup", backup, "--state", control.state, "--recipient", recipient)
        self.assertIn("THE ROOT'S KEY IS NOT IN IT", made.stderr)
        self.assertIn(str(control.root_key), made.stderr)
        self.assertEqual(0o600, backup.stat().st_mode & 0o777)
        for secret in (*control.pki.glob("*.key"), control.root_key):
            self.assertNotIn(secret.read_bytes().splitlines()[1], backup.read_bytes(), secret)
        content = read_backup(backup, elsewhere / "key")
        self.assertEqual(control.authority.name, content.manifest["cluster"])
        self.assertEqual({0o600}, {mode for mode, _ in content.files.values()})
        for key in control.pki.glob("*.key"):
            name = str(key.relative_to(control.state))
            self.assertEqual(key.read_bytes(), content.files[name][1])
        self.assertFalse([path for path in content.files if path.endswith("root.key")])
        self.assertTrue(content.dump.startswith(b"PGDMP"))
        stream.round_trip(b"after the backup")
        until(lambda: self.owner.metrics()["rap_control_last_backup_timestamp_seconds"]
              >= content.manifest["made_at"], "the metrics to tell of the backup", 30)
        self.owner.post("organizations", name="made-since")
        self.assertIn("backup.made", [e["action"] for e in self.owner.get("audit")["items"]])
        wanted = max(n["wanted_config_version"] for n in self.owner.get("nodes")["items"])

        self.lose_the_machine()
        stream.round_trip(b"without a control plane")
        self.ok("restore", "--check", backup, "--key-file", elsewhere / "key")
        control.state = world.folder / "control-2"
        self.assertIn("--root-sha256 is needed",
                      self.fails("restore", backup, "--state", control.state,
                                 "--key-file", elsewhere / "key"))
        self.ok("restore", backup, "--state", control.state, "--key-file", elsewhere / "key",
                "--root-sha256", content.manifest["root_sha256"])
        control.serve()
        self.owner = world.owner = control.owner()
        until(world.configured, lambda: f"nodes to follow: {self.owner.get('nodes')['items']}",
              FOLLOWS_WITHIN_S)
        self.assertGreater(
            min(n["wanted_config_version"] for n in self.owner.get("nodes")["items"]), wanted)
        self.assertEqual(pathlib.Path(pinned).read_text(), control.root_ca.read_text())

        stream.round_trip(b"after the restore")
        self.live_stream(alice)  # with the sign-in of before
        self.live_stream(world.person("alice-2"))
        names = [o["name"] for o in self.owner.get("organizations")["items"]]
        self.assertIn("acme", names)
        self.assertNotIn("made-since", names)

        told = {e["action"]: e for e in self.owner.get("audit")["items"]}
        self.assertIn("rap-control restore by", told["database.restored"]["actor"]["name"])
        self.assertEqual("restored_from_backup",
                         told["database.went_back"]["detail"]["found_by"])
        self.assertEqual([], control.log_events("database.went_back"),
                         "one history is begun, by the restore")
        until((control.state / "audit-heads.jsonl").exists, "a head of the new history", 90)
        verified = self.ok("audit", "verify", "--state", control.state, "--heads",
                           control.state / "audit-heads.jsonl")
        self.assertIn("whole", verified.stdout)


class BadDays(Commands, ControlCase):
    """A control plane without nodes, whose backups meet trouble."""

    def test_no_backup_is_better_than_a_bad_one(self):
        control = self.world.control
        file = self.back_up()
        whole = file.read_bytes()
        bent = self.world.folder / "bent"
        new = self.world.folder / "new"
        for content, why in ((whole[:-1], "damaged"), (whole[:45 + 65552], "cut short"),
                             (b"x" + whole[1:], "no backup"),
                             (whole[:11] + b"\2" + whole[12:], "newer rap-control")):
            bent.write_bytes(content)
            said = self.fails(*self.restore(bent, new), text_in=PASSPHRASE)
            self.assertIn(why, said)
            self.assertIn(str(bent), said)
        self.assertIn("passphrase does not open",
                      self.fails(*self.restore(file, new), text_in="another passphrase"))
        self.assertIn("not empty",
                      self.fails(*self.restore(file, control.state), text_in=PASSPHRASE))
        self.assertFalse(new.exists())

    def test_standard_output_carries_a_backup_and_nothing_else(self):
        file = self.world.folder / "piped"
        with open(file, "wb") as sink:
            done = subprocess.run(
                [str(BIN / "rap-control"), "backup", "-", "--state", self.world.control.state,
                 "--passphrase-stdin"], input=PASSPHRASE.encode(), stdout=sink,
                stderr=subprocess.PIPE, timeout=patiently(60), check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        self.ok("restore", "--check", file, "--passphrase-stdin", text_in=PASSPHRASE)

    def test_a_backup_that_was_killed_on_its_way_out_is_told(self):
        control = self.world.control
        command = [str(BIN / "rap-control"), "backup", "-", "--state", str(control.state),
                   "--passphrase-stdin"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as process:
            fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)  # it cannot come to its end
            process.stdin.write(PASSPHRASE.encode())
            process.stdin.close()
            self.assertEqual(b"rap-backup", process.stdout.read(10))
            process.kill()
        told = [e["action"] for e in control.owner().get("audit")["items"]]
        self.assertIn("backup.begun", told)
        self.assertNotIn("backup.made", told)

    @unittest.skipUnless(os.geteuid() == 0, "mounting a small disk needs root")
    def test_a_full_disk_is_said_and_leaves_the_backup_before(self):
        disk = self.world.folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk],
                                 check=False)
        if mounted.returncode:
            self.skipTest("this machine lets nobody mount a tmpfs")
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=False)
        (disk / "backup").write_text("the one before")
        said = self.fails("backup", disk / "backup", "--state", self.world.control.state,
                          "--passphrase-stdin", text_in=PASSPHRASE)
        self.assertIn("No space left on device", said)
        self.assertEqual(["backup"], [entry.name for entry in disk.iterdir()])
        self.assertEqual("the one before", (disk / "backup").read_text())

    def test_a_restore_that_was_killed_is_repeated_and_nobody_serves_meanwhile(self):
        file = self.back_up()
        state = self.world.folder / "killed"
        command = [str(BIN / "rap-control"), *map(str, self.restore(file, state))]
        for milestone in ("restoring/clusters", "postgres/PG_VERSION", "postgres/rap_ready"):
            with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                                  start_new_session=True) as process:
                process.stdin.write(PASSPHRASE.encode())
                process.stdin.close()
                until(lambda m=milestone: (state / m).exists() or process.poll() is not None,
                      f"the restore to come to {milestone}", 60)
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            self.assertNotEqual(0, process.returncode)
            said = rap_control("serve", "--state", state, "--public-url", "https://127.0.0.1:1",
                               "--node-url", "127.0.0.1:1")
            self.assertEqual(1, said.returncode)
            self.assertIn("repeat 'rap-control restore'", said.stderr)
        self.ok(*self.restore(file, state), text_in=PASSPHRASE)
        self.ok("audit", "verify", "--state", state)
        self.assertFalse((state / "restoring").exists())
        self.lose_the_machine()
        self.world.control.state = state
        self.world.control.serve()
        entries = [e["action"] for e in self.world.control.owner().get("audit")["items"]]
        self.assertEqual(1, entries.count("database.restored"))


if __name__ == "__main__":
    unittest.main()
