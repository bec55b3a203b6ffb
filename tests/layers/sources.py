"""The files of the repository that the layer tests look at."""

import importlib.util
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("RAP_BUILD_DIR", ROOT / "build" / "release"))

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def files(*patterns):
    """Files of the work tree that git tracks or would track, as paths relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT, check=True, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL).stdout.decode().split("\0")
    return [pathlib.PurePosixPath(name) for name in sorted(set(listed))
            if name and (ROOT / name).is_file()]


def is_test(path):
    """Whether a file belongs to its room's tests: itself one, or shared by them."""
    return path.stem.endswith("_test") or path.stem.startswith("test_")


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def includes(text):
    """(line number, is system, name) of each include of a C++ text."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if match := INCLUDE.match(line):
            found.append((number, match[1] == "<", match[2]))
    return found


def without_comments(text):
    """C++ text with comments and string literals blanked, line numbers kept."""
    token = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)
    return token.sub(lambda m: "\n" * m[0].count("\n"), text)


def tool(name):
    """tools/NAME.py as a module."""
    spec = importlib.util.spec_from_file_location(f"tools_{name}", ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
