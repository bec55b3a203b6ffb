"""CPU seconds of processes between two moments, as the scheduler counted them (10 ms steps)."""

import os

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def used(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


class Meter:
    def __init__(self, pids):
        """pids: {name: process id}"""
        self.pids = pids
        self.start = {name: used(pid) for name, pid in pids.items()}

    def seconds(self):
        return {name: used(pid) - self.start[name] for name, pid in self.pids.items()}
