"""Disks that are small, read-only or slow, under a node's state directory."""

import os
import pathlib
import subprocess

from harness.process import BUILD


class Disk:
    """A small one in memory, with what the node had. `case` is the test that it is for, and skips
    where nobody may mount one."""

    def __init__(self, case, node, options="size=4m,mode=0700"):
        self.state = node.state
        node.stop()
        moved = self.state.with_name("moved")
        self.state.rename(moved)
        self.state.mkdir()
        if not self._mount("-t", "tmpfs", "-o", options, "tmpfs"):
            case.skipTest("this machine lets nobody mount a tmpfs")
        case.addCleanup(self._unmount)
        subprocess.run(["cp", "-a", f"{moved}/.", self.state], check=True)

    def _mount(self, *options):
        return not subprocess.run(["mount", *options, self.state], check=False).returncode

    def _unmount(self):
        subprocess.run(["umount", "-l", self.state], check=False)

    def turn_read_only(self):
        """For whoever opens a file from now on: one that is open can be written on."""
        assert self._mount("--bind", self.state) and self._mount("-o", "remount,bind,ro")

    def turn_writable(self):
        self._unmount()


class SlowDisk:
    """What a program waits for its disk, which a test sets while it runs."""

    def __init__(self, folder):
        self._file = pathlib.Path(folder) / "slow-disk"
        self.environment = {"LD_PRELOAD": str(BUILD / "tests" / "libslow_disk.so"),
                            "RAP_SLOW_DISK": str(self._file), "ASAN_OPTIONS":
                            os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
        self.takes(0)

    def takes(self, milliseconds):
        """So long for each file that is to be safe on it."""
        written = self._file.with_suffix(".new")
        written.write_text(f"{milliseconds}\n")
        written.rename(self._file)
