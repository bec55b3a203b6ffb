"""A program whose wall clock is wrong, by libfaketime."""

import os
import pathlib


def off_by(offset):
    """The environment of a program whose wall clock is so far off ("-10s", "+100d")."""
    library, = pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1")
    return {"LD_PRELOAD": str(library), "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # The sanitizer's runtime wants to be loaded first.
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
