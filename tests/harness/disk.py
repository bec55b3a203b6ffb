"""A disk of its own for a node's state directory."""

import subprocess


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
