"""Waiting for a condition instead of sleeping for a guess.

Every time that a test gives the programs is meant for an idle machine and goes through patiently():
it only decides when a test gives up, so a machine that is several times slower passes too.
"""

import os
import subprocess
import time

POLL_S = 0.02
MOST_POLL_S = 0.25
ATTEMPTS = 3
PATIENCE = float(os.environ.get("RAP_PATIENCE", "4"))


def patiently(seconds):
    """How long to wait on this machine for what takes at most `seconds` on an idle one."""
    return seconds * PATIENCE


def _bound(seconds, program):
    """Of what takes less than `seconds` on an idle machine and has `program` started: on a busy one
    as long as twenty of its starts, which take a tenth of a second idle."""
    began = time.monotonic()
    subprocess.run([program, "--version"], check=True, stdout=subprocess.DEVNULL)
    return max(seconds, 20 * (time.monotonic() - began))


def assert_within(seconds, program, attempt):
    """`attempt` does anew what is to take less than `seconds`, and returns how many it took. There
    are a few, as a machine that stands still for a moment spoils one of them."""
    took = []
    for _ in range(ATTEMPTS):
        took.append(attempt())
        if took[-1] < _bound(seconds, program):
            return
    raise AssertionError(f"it is to take less than {seconds} s and took {took}")


class NotInTime(AssertionError):
    pass


def until(condition, what, timeout=15.0):
    """Polls `condition` until it is true and returns its value. `what` completes 'waited for ...';
    it may be a function when the reason is only known at the end."""
    deadline = time.monotonic() + patiently(timeout)
    while True:
        began = time.monotonic()
        value = condition()
        if value:
            return value
        ended = time.monotonic()
        if ended > deadline:
            said = what() if callable(what) else what
            raise NotInTime(f"waited {patiently(timeout):g} s for {said}")
        # Half the time is left to the programs: many a look is a call that they have to answer.
        time.sleep(max(POLL_S, min(ended - began, MOST_POLL_S)))
