"""The files of a PostgreSQL cluster in which nothing is yet, as `rap-control init` makes them. It
takes a second of a core for that and makes the same each time: tests have them made once a build,
and their `init` goes on from there, as it does where it was cut short. The unit tests of `init`, of
the private PostgreSQL and of a restore, and what follows the guides, have them made anew."""

import fcntl
import os
import pathlib
import shutil
import subprocess

from harness import folder
from harness.process import BUILD
from harness.wait import patiently

INITDB = ("--username", "postgres", "--encoding", "UTF8", "--locale", "C", "--auth", "peer",
          "--no-sync")


def put(data):
    """There is a new cluster in `data`, which is not there yet, for PostgreSQL's user."""
    newest = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"),
                 key=lambda path: int(path.parts[-3]), default=None)
    if newest is None:
        return  # and init says so, or knows another place
    kept = BUILD / "tests" / f"cluster-{newest.parts[-3]}-{os.geteuid()}"
    kept.parent.mkdir(exist_ok=True)
    with open(kept.with_suffix(".lock"), "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until it is closed
        if not kept.exists():
            _make(newest, kept)
    subprocess.run(["cp", "-a", kept, data], check=True)


def _make(initdb, kept):
    top = folder.make()
    try:
        data = top / "data"
        data.mkdir(mode=0o700)
        as_owner = []
        if os.geteuid() == 0:
            top.chmod(0o755)
            shutil.chown(data, "postgres", "postgres")
            as_owner = ["runuser", "-u", "postgres", "--"]
        subprocess.run([*as_owner, initdb, "--pgdata", data, *INITDB], check=True, cwd="/",
                       stdout=subprocess.DEVNULL, timeout=patiently(60))
        unfinished = kept.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        subprocess.run(["cp", "-a", data, unfinished], check=True)
        unfinished.rename(kept)
    finally:
        shutil.rmtree(top, ignore_errors=True)
