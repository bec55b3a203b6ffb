"""The folder of a test: below TMPDIR (tools/tests_folder.sh), else /var/tmp, since a Unix socket's
path has 108 bytes and both are short."""

import os
import pathlib
import tempfile


def make(prefix="rap-"):
    """A new one, for its owner alone; whoever makes it removes it."""
    return pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir=os.environ.get("TMPDIR", "/var/tmp")))
