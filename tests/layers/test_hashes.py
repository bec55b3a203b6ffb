"""Keys that others choose are in no hash table: whoever knows the hash, and everybody does, puts as
many as they like into one bucket, and each look-up of anybody else walks through it."""

import pathlib
import re
import unittest

import sources

# What strangers, members and their programs choose: texts, the ids that clients make, digests of
# keys that they try until they like them.
CHOSEN = re.compile(
    r"\bunordered_(?:multi)?(?:map|set)<\s*(?:std::)?"
    r"(string|string_view|TokenId|DeviceId|ChannelId|array<|IpAddress|policy::IpAddress)")

# Tables whose texts are ours, with the reason.
OURS = {
    "src/control/store/postgres/connection.hpp": "the text of our own statements",
    "src/io/http/server/http_server.cpp": "event streams by node, whose ids the platform makes",
    "src/snapshot/configuration/increment.cpp":
        "values of one document, once, as an administrator wrote them",
}


def faults(path, text):
    code = sources.without_comments(text)
    return [f"{path}:{number}: {match[0]}" for number, line in enumerate(code.splitlines(), 1)
            if (match := CHOSEN.search(line))]


class Hashes(unittest.TestCase):
    def test_keys_that_others_choose_are_in_ordered_tables(self):
        found = {}
        for path in sources.files("src/*.hpp", "src/*.cpp"):
            if not sources.is_test(path) and (wrong := faults(path, sources.read(path))):
                found[str(path)] = wrong
        self.assertEqual([], [f for path in sorted(found.keys() - OURS.keys())
                              for f in found[path]])
        self.assertEqual(set(), OURS.keys() - found.keys(), "an exception that is none any more")


class TheRules(unittest.TestCase):
    """Planted faults are found."""

    def planted(self, line):
        return faults(pathlib.PurePosixPath("src/base/x.hpp"), line)

    def test_a_table_of_chosen_keys_is_found(self):
        for key in ("TokenId", "std::string", "DeviceId", "std::string_view"):
            self.assertTrue(self.planted(f"std::unordered_map<{key}, int> table_;"), key)
            self.assertTrue(self.planted(f"std::unordered_set<{key}> table_;"), key)

    def test_keys_that_we_make_may_be_hashed(self):
        for line in ("std::unordered_map<NodeId, int> table_;", "std::map<TokenId, int> table_;",
                     "// std::unordered_map<TokenId, int>"):
            self.assertEqual([], self.planted(line))


if __name__ == "__main__":
    unittest.main()
