"""docs/api/openapi.json is the API: byte for byte what the route table says of itself. Clients are
made of it (tools/api_types.py), so a change to a route shows as a change to that file."""

import difflib
import os
import pathlib
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("RAP_BUILD_DIR", ROOT / "build" / "release"))
FILE = "docs/api/openapi.json"
SHOWN_LINES = 20


def served():
    return subprocess.run([BUILD / "bin" / "rap-openapi"], check=True,
                          stdout=subprocess.PIPE).stdout


def difference(checked_in, said):
    """None when they are the same; else where they differ, and what to do."""
    if checked_in == said:
        return None
    lines = difflib.unified_diff(checked_in.decode().splitlines(), said.decode().splitlines(),
                                 FILE, "the route table", n=2, lineterm="")
    shown = list(lines)[:SHOWN_LINES] or ["only the ends of lines differ"]
    return "\n".join([f"{FILE} is not what is served. If the route table is right, run "
                      "'make openapi' and commit the file with it.", *shown])


class OpenApi(unittest.TestCase):
    def test_the_file_is_what_the_route_table_says(self):
        self.assertIsNone(difference((ROOT / FILE).read_bytes(), served()))


class TheComparison(unittest.TestCase):
    """Planted faults are found."""

    def test_a_member_that_only_one_side_has_is_shown_with_the_command_that_mends_it(self):
        said = served()
        without = said.replace(b'"join_token": {', b'"join_ticket": {', 1)
        self.assertNotEqual(said, without)
        found = difference(without, said)
        self.assertIn("make openapi", found)
        self.assertIn("join_ticket", found)

    def test_a_missing_newline_is_found(self):
        self.assertTrue(difference(served().rstrip(b"\n"), served()))


if __name__ == "__main__":
    unittest.main()
