"""A program whose wall clock is wrong, by libfaketime."""

import os
import pathlib


def off_by(offset):
    """The environment of a program whose wall clock is so far off ("-10s", "+100d")."""
    library, = pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1")
    return {"LD_PRELOAD": str(library), "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # The sanitizer's runtime wants to be loaded first, and asks what time it is while it
            # allocates, which the library that is asked does too.
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
                            ":allocator_release_to_os_interval_ms=-1"}


class StepsTogether:
    """One wall clock for several programs, which a test sets while they run: they read the file
    each time. What passes on their monotonic clocks is real."""

    def __init__(self, folder):
        self._file = pathlib.Path(folder) / "clock"
        self.environment = {**off_by("+0s"), "FAKETIME_TIMESTAMP_FILE": str(self._file),
                            "FAKETIME_NO_CACHE": "1"}
        del self.environment["FAKETIME"]
        self.set("+0s")

    def set(self, offset):
        """As of off_by()."""
        written = self._file.with_suffix(".new")
        written.write_text(offset + "\n")
        written.chmod(0o644)
        written.rename(self._file)
