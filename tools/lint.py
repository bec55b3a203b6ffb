"""Runs clang-tidy over the C++ sources, several at a time, skipping those that have not changed
since they were last found clean: neither the file, nor a project header it reaches, nor the
configuration.

usage: lint.py --build DIR [--jobs N]      DIR holds compile_commands.json
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLANG_TIDY = "clang-tidy-19"
# The path-sensitive analysis of tests costs more than all the rest and finds nothing; and a test
# may waste a copy, and give the odd argument on purpose.
NOT_IN_TESTS = ("-clang-analyzer-*,-performance-*,-bugprone-switch-missing-default-case,"
                "-bugprone-suspicious-missing-comma,-bugprone-string-constructor,"
                "-bugprone-branch-clone")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def reached(source, seen):
    """The source and every project header it includes, directly or not."""
    if source in seen or not source.exists():
        return seen
    seen[source] = source.read_bytes()
    for name in INCLUDE.findall(seen[source].decode(errors="replace")):
        for folder in (ROOT / "src", source.parent):
            if (folder / name).exists():
                reached(folder / name, seen)
                break
    return seen


def fingerprint(source, command):
    digest = hashlib.sha256(command.encode())
    digest.update((ROOT / ".clang-tidy").read_bytes())
    for path, content in sorted(reached(source, {}).items()):
        digest.update(str(path).encode() + b"\0" + content)
    return digest.hexdigest()


def lint(build, source):
    is_test = source.name.endswith("_test.cpp") or source.name.startswith("test_")
    fewer = [f"--checks={NOT_IN_TESTS}"] if is_test else []
    # g++ flags that clang does not know must not count as findings.
    run = subprocess.run(
        [CLANG_TIDY, "-p", build, "--quiet", "--extra-arg=-Wno-unknown-warning-option",
         "--warnings-as-errors=*", *fewer, str(source)],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return run.returncode == 0, run.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", required=True)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()

    cache = ROOT / "build" / "lint-cache"
    cache.mkdir(parents=True, exist_ok=True)
    work = []
    for entry in json.loads((pathlib.Path(options.build) / "compile_commands.json").read_text()):
        source = pathlib.Path(entry["file"])
        if ROOT / "build" in source.parents:
            continue  # generated, and only while building
        stamp = cache / fingerprint(source, entry["command"])
        if not stamp.exists():
            work.append((source, stamp))

    dirty = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        runs = {pool.submit(lint, options.build, source): (source, stamp) for source, stamp in work}
        for done in concurrent.futures.as_completed(runs):
            source, stamp = runs[done]
            clean, output = done.result()
            if clean:
                stamp.touch()
            else:
                dirty += 1
                print(f"{source.relative_to(ROOT)}:\n{output}", flush=True)
    print(f"lint: {len(work)} files checked, {dirty} with findings")
    return 1 if dirty else 0


if __name__ == "__main__":
    sys.exit(main())
