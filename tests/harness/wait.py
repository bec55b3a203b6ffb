"""Waiting for a condition instead of sleeping for a guess."""

import time

POLL_S = 0.02


class NotInTime(AssertionError):
    pass


def until(condition, what, timeout=15.0):
    """Polls `condition` until it is true and returns its value. `what` completes 'waited for ...';
    it may be a function when the reason is only known at the end."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            said = what() if callable(what) else what
            raise NotInTime(f"waited {timeout:g} s for {said}")
        time.sleep(POLL_S)
