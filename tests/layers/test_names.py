"""One word for one thing: no two rooms give a type, or a header, the same name."""

import collections
import re
import unittest

import layers
import sources

# A type that is defined outside of other types and of functions, and what an alias stands for.
DEFINED = re.compile(r"(?:^|(?<=[;}\n]))\s*(?:template\s*<[^{;]*?>\s*)?"
                     r"(?:(?:struct|class|union|enum(?:\s+class)?)\s+(\w+)\s*(?:final\s*)?"
                     r"(?::(?!:)[^{;]*)?$"
                     r"|using\s+(\w+)\s*=\s*([^;]*);)")
NAMESPACE = re.compile(r"\bnamespace(?:\s+([\w:]+))?\s*$")

# What may have a name twice, and why.
SHARED_TYPES = {
    "Event": "each core has its own: step(now, Event)",
    "Action": "each core has its own: step() returns them",
}
# The simulator stands in for what it has no use for under the names of that.
STAND_INS = ("sim",)

SHARED_HEADERS = {
    "ports.hpp": "the ports of its room",
    "routes.hpp": "the routes of its room",
    "database.hpp": "the port, and the same in PostgreSQL",
}
SQL = "control/store/sql/"  # a repository in SQL has the name of the concept it keeps


def types_in(text):
    """(name, namespace, what it stands for) of each type that a C++ text defines in a namespace."""
    text = re.sub(r"(?m)^\s*#.*$", "", sources.without_comments(text))
    found, scopes, begun = [], [], 0
    for match in re.finditer(r"[{};]", text):
        before = text[begun:match.end() if match[0] == ";" else match.start()]
        begun = match.end()
        in_namespace = all(kind == "namespace" for kind, _ in scopes)
        defined = DEFINED.search(before.strip()) if in_namespace else None
        namespace = "::".join(name for _, name in scopes if name)
        if match[0] == ";":
            if defined and defined[2]:
                found.append((defined[2], namespace, " ".join(defined[3].split())))
        elif match[0] == "{":
            opened = NAMESPACE.search(before)
            if defined and defined[1]:
                found.append((defined[1], namespace, ""))
            scopes.append(("namespace", opened[1] or "") if opened else ("block", ""))
        elif scopes:
            scopes.pop()
    return found


def abbreviates(name, stands_for):
    """Whether an alias is the end of the name that it stands for, or that name."""
    return bool(re.search(rf"{name}(<[^>]*>)?$", stands_for, re.IGNORECASE))


def type_faults(texts):
    """Types that have a name twice, given {path below src: text}."""
    defined = collections.defaultdict(list)
    for path, text in texts.items():
        for name, namespace, stands_for in types_in(text):
            if not abbreviates(name, stands_for):
                defined[name].append((path, namespace))
    found = []
    for name, places in sorted(defined.items()):
        if name in SHARED_TYPES or not any(path.endswith(".hpp") for path, _ in places):
            continue
        if len(places) > 1:
            found.append(f"{name}: " + ", ".join(f"{path} ({n})" for path, n in sorted(places)))
    return found


def header_faults(paths, rooms):
    """Headers that have the name of another room's."""
    named = collections.defaultdict(list)
    for path in paths:
        name = path.rsplit("/", 1)[-1]
        if path.endswith(".hpp") and name not in SHARED_HEADERS and not path.startswith(SQL):
            named[name].append(path)
    return [f"{name}: {', '.join(sorted(at))}" for name, at in sorted(named.items())
            if len({layers.room_of(path, rooms) for path in at}) > 1]


class Names(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.rooms = layers.read(sources.read(layers.FILE))

    def shipped(self):
        """The files below src that are no tests, and not of a room of stand-ins."""
        paths = (path for path in sources.files("src/*.hpp", "src/*.cpp")
                 if not sources.is_test(path))
        return [path.as_posix().removeprefix("src/") for path in paths
                if layers.room_of(path.relative_to("src"), self.rooms) not in STAND_INS]

    def test_no_two_rooms_give_a_type_the_same_name(self):
        texts = {path: sources.read(f"src/{path}") for path in self.shipped()}
        self.assertGreater(len(texts), 500)
        self.assertEqual([], type_faults(texts))

    def test_no_two_rooms_give_a_header_the_same_name(self):
        self.assertEqual([], header_faults(self.shipped(), self.rooms))


class TheRules(unittest.TestCase):
    """Planted faults are found."""

    HEADER = "namespace rap::a {\nstruct Peer {\n  int x;\n};\n}  // namespace rap::a\n"

    def planted(self, text, path="b/x.hpp"):
        return type_faults({"a/peer.hpp": self.HEADER, path: text})

    def test_a_type_of_another_room_is_found(self):
        for kind in ("struct Peer {};", "class Peer final : public Base {};",
                     "enum class Peer : std::uint8_t { one };", "using Peer = std::string;",
                     "template <class T>\nstruct Peer {};"):
            self.assertTrue(self.planted(f"namespace rap::b {{\n{kind}\n}}\n"), kind)

    def test_a_type_of_a_source_is_found(self):
        self.assertTrue(self.planted("namespace rap::b {\nnamespace {\nstruct Peer {};\n}\n}\n",
                                     "b/x.cpp"))

    def test_what_is_declared_named_inside_or_abbreviated_passes(self):
        for kind in ("struct Peer;", "class Table {\n  struct Peer {};\n};",
                     "using Peer = a::Peer;", "using Peer = ObservedPeer;",
                     "// struct Peer {\nvoid f() {\n  struct Peer {};\n}",
                     "struct Peer::Impl final : Base {\n};"):
            self.assertEqual([], self.planted(f"namespace rap::b {{\n{kind}\n}}\n"), kind)

    def test_a_type_is_found_in_its_namespace(self):
        self.assertEqual([("Peer", "rap::a", "")], types_in(self.HEADER))

    def test_a_header_of_another_room_is_found(self):
        rooms = layers.read("a | pure | | | | .\nb | pure | | | | .\n")
        self.assertTrue(header_faults(["a/peer.hpp", "b/peer.hpp"], rooms))
        self.assertEqual([], header_faults(["a/peer.hpp", "b/peers.hpp"], rooms))
        self.assertEqual([], header_faults(["a/ports.hpp", "b/ports.hpp"], rooms))


if __name__ == "__main__":
    unittest.main()
