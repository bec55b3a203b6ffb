"""Installing what the project needs leaves the services of the machine as they were."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tools" / "packages.sh"

# Each notes how it was called. `systemctl is-enabled` says yes of what the file `enabled` names.
NOTE = '#!/bin/bash\necho "${0##*/} $*" >>"$CALLS"\n'
FAKES = {"dpkg-query": "exit 1\n",
         "systemctl": '[[ $1 != is-enabled ]] || grep -qx "$3" "$ENABLED"\n',
         "sudo": 'exec "$@"\n', "env": 'shift; exec "$@"\n',
         "apt-get": "", "tee": "cat >/dev/null\n", "chmod": "", "rm": ""}


class Packages(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.calls = self.folder / "calls"
        for name, does in FAKES.items():
            fake = self.folder / "bin" / name
            fake.parent.mkdir(exist_ok=True)
            fake.write_text(NOTE + does)
            fake.chmod(0o755)

    def install(self, group, enabled):
        """The calls that the script makes on a machine without any of the packages."""
        (self.folder / "enabled").write_text("".join(name + "\n" for name in enabled))
        self.calls.write_text("")
        done = subprocess.run(
            [shutil.which("bash"), SCRIPT, group], text=True, check=False, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "CALLS": str(self.calls),
                 "ENABLED": str(self.folder / "enabled")})
        self.assertEqual(0, done.returncode, done.stdout)
        return self.calls.read_text().splitlines()

    def test_a_service_that_somebody_had_enabled_stays_so(self):
        calls = self.install("demo", enabled=["postgresql"])
        self.assertTrue([c for c in calls if c.startswith("apt-get") and "postgresql-15" in c])
        self.assertNotIn("systemctl disable postgresql", calls)
        self.assertIn("systemctl disable ssh", calls, "what came with the package is off")

    def test_a_service_that_comes_with_a_package_stays_off(self):
        calls = self.install("demo", enabled=[])
        self.assertIn("systemctl disable postgresql", calls)
        self.assertFalse([c for c in calls if "enable postgresql" in c])


if __name__ == "__main__":
    unittest.main()
