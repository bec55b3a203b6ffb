"""What sanitizers said in the logs of programs under test, and what a program says that an
exception ends. It may have been started anew by whoever supervises it, and the test have passed."""

import pathlib

MARKS = ("WARNING: ThreadSanitizer", "ERROR: AddressSanitizer", "ERROR: LeakSanitizer",
         "runtime error: ", "terminate called")
SHOWN_LINES = 60


def assert_silent(folder):
    """No log below `folder` holds a report. To be called once everything has ended."""
    for log in sorted(pathlib.Path(folder).rglob("*.log")):
        lines = log.read_text(errors="replace").splitlines()
        for number, line in enumerate(lines):
            if any(mark in line for mark in MARKS):
                report = "\n".join(lines[number:number + SHOWN_LINES])
                raise AssertionError(f"a fault is reported in {log.name}:\n{report}")


def share_of_memory(program):
    """How many times as much memory as by itself a program may hold that a sanitizer watches."""
    binary = pathlib.Path(program).read_bytes()
    return 8 if any(mark in binary for mark in (b"__asan_init", b"__tsan_init")) else 1
