"""A use case of the control plane is handed the few ports it needs: no struct holds everything, and
what all rooms share knows no class of a room above it. A transaction has every repository, so the
file that uses one says so by including its header."""

import re
import unittest

import sources

MOST_PORTS = 6
CORE = "src/control/core/"

STRUCT = re.compile(r"\b(?:struct|class)\s+(\w+)[^;{}()]*\{")
MEMBER = re.compile(r"^[\w:<>,\s]+?[&*\s]\s*\w+\s*(?:=[^=]*|\{[^{}]*\})?$")
REFERENCE = re.compile(r"&\s*\w+\s*$")
DECLARED = re.compile(r"^\s*(?:class|struct)\s+(\w+);", re.MULTILINE)
# A transaction is where all repositories meet, each by its name alone.
REPOSITORY = re.compile(r"\w+Repository")
HOME = re.compile(r"^class (\w+Repository);\s*// (\S+)$", re.MULTILINE)
PART = re.compile(r"virtual (\w+Repository)& (\w+)\(\) = 0")
USE = re.compile(r"\b(?:tx|transaction)_?\.(\w+)\(\)")


def body_from(code, start):
    """What is between the brace that ends at `start` and its partner, without what is in braces."""
    depth, out = 1, []
    for char in code[start:]:
        depth += {"{": 1, "}": -1}.get(char, 0)
        if depth == 0:
            break
        if depth == 1 or (depth == 2 and char == "{"):
            out.append(char)
    return "".join(out)


def overfull(path, text):
    """Structs that hold more than they may: members of one called ...Ports, else references."""
    code = sources.without_comments(text)
    found = []
    for match in STRUCT.finditer(code):
        statements = [s.strip() for s in re.split(r"[;{}]", body_from(code, match.end()))]
        if match[1].endswith("Ports"):
            count = sum(bool(MEMBER.match(s)) for s in statements)
        else:
            count = sum(bool(REFERENCE.search(s)) and "(" not in s for s in statements)
        if count > MOST_PORTS:
            found.append(f"{path}: {match[1]} holds {count}, more than {MOST_PORTS}")
    return found


def foreign_declarations(path, text):
    """Classes that a file of control/core declares and that are no repositories."""
    return [f"{path}: {name}" for name in DECLARED.findall(text) if not REPOSITORY.fullmatch(name)]


def homes(text):
    """{the name of a part of a transaction: the header of its repository}, as database.hpp says."""
    header = {name: f"control/{path}" for name, path in HOME.findall(text)}
    return {part: header[name] for name, part in PART.findall(text) if name in header}


def unsaid(path, text, own_header, home):
    """Repositories that a file uses and whose headers neither it nor its own header includes."""
    included = {name for _, _, name in sources.includes(text + "\n" + own_header)}
    used = set(USE.findall(sources.without_comments(text)))
    return [f"{path} uses {part}() and does not include {home[part]}"
            for part in sorted(used & home.keys()) if home[part] not in included]


class Ports(unittest.TestCase):
    def test_nothing_of_the_control_plane_is_handed_everything(self):
        found = []
        for path in sources.files("src/control/*.hpp"):
            found += overfull(path, sources.read(path))
        self.assertEqual([], found)

    def test_the_core_knows_no_class_of_a_room_above_it(self):
        found = []
        for path in sources.files(f"{CORE}*.hpp"):
            found += foreign_declarations(path, sources.read(path))
        self.assertEqual([], found)

    def test_a_file_includes_the_repositories_it_uses(self):
        home = homes(sources.read(f"{CORE}database.hpp"))
        self.assertGreater(len(home), 20)
        found = []
        for path in sources.files("src/control/*.cpp", "src/control/*.hpp"):
            if not sources.is_test(path):
                own = path.with_suffix(".hpp")
                own_header = sources.read(own) if (sources.ROOT / own).is_file() else ""
                found += unsaid(path, sources.read(path), own_header, home)
        self.assertEqual([], found)

    def test_every_repository_is_where_its_name_is_declared(self):
        text = sources.read(f"{CORE}database.hpp")
        declared = [n for n in DECLARED.findall(text) if REPOSITORY.fullmatch(n)]
        self.assertEqual(declared, [name for name, _ in HOME.findall(text)])
        for name, path in HOME.findall(text):
            self.assertIn(f"class {name} {{", sources.read(f"src/control/{path}"), path)


class TheRules(unittest.TestCase):
    """Planted faults are found."""

    @staticmethod
    def struct(name, members):
        lines = "".join(f"  {member};\n" for member in members)
        return f"struct {name} {{\n{lines}}};\n"

    def test_a_struct_of_everything_is_found_whatever_it_is_called(self):
        references = [f"Port{n}& port{n}" for n in range(MOST_PORTS + 1)]
        for name in ("Services", "EverythingPorts"):
            self.assertTrue(overfull("x.hpp", self.struct(name, references)), name)
            self.assertFalse(overfull("x.hpp", self.struct(name, references[1:])), name)

    def test_ports_are_counted_in_every_form(self):
        members = ["Database& database", "OcspSigners* ocsp = nullptr", "std::string url",
                   "IssuingPorts issuing", "std::chrono::seconds valid_for{kDefaultS}",
                   "std::size_t most = 3"]
        self.assertFalse(overfull("x.hpp", self.struct("APorts", members)))
        self.assertTrue(overfull("x.hpp", self.struct("APorts", members + ["Log& log"])))

    def test_methods_and_comments_are_no_ports(self):
        members = [f"Port{n}& port{n}" for n in range(MOST_PORTS)]
        members += ["// Log& log", "Log& log() { return log_; }", "virtual Users& users() = 0"]
        self.assertFalse(overfull("x.hpp", self.struct("Transaction", members)))

    def test_a_class_of_another_room_in_the_core_is_found(self):
        self.assertTrue(foreign_declarations("x.hpp", "class ClusterModels;  // configuration\n"))
        self.assertFalse(foreign_declarations("x.hpp", "class UserRepository;\n"))

    def test_a_repository_that_is_used_and_not_included_is_found(self):
        home = {"users": "control/people/user.hpp"}
        use = "tx.users().find(key);\n"
        include = '#include "control/people/user.hpp"\n'
        self.assertTrue(unsaid("x.cpp", use, "", home))
        self.assertFalse(unsaid("x.cpp", include + use, "", home))
        self.assertFalse(unsaid("x.cpp", use, include, home))
        self.assertFalse(unsaid("x.cpp", "// " + use, "", home))


if __name__ == "__main__":
    unittest.main()
