"""Includes run one way. src/layers.txt states the rooms and which others each may include; any
other arrow fails, so does a circle of units within a room (a unit is x.hpp with x.cpp), and a
library's header in a place that should not know the library."""

import pathlib
import posixpath
import re
import unittest

import layers
import sources

ROOMS = layers.read(sources.read(layers.FILE))

# library: (the headers it is known by, the files that may include them)
LIBRARIES = {
    "Boost": (r"boost/", r"src/io/.*\.cpp|src/io/\w+/asio_.*\.hpp"),
    "OpenSSL": (r"openssl/", r"src/(crypto|io)/.*\.cpp|src/crypto/\w+/(test_)?openssl_.*\.hpp"),
    "nlohmann": (r"nlohmann/", r".*\.cpp|src/control/([a-z]+/)?json_.*\.hpp"
                 r"|(src|tests)/([a-z]+/)*(testing/[a-z]+|test_[a-z_]+|[a-z]+_world)"
                 r"\.hpp"),  # fixtures of tests
    "the API's types": (r"client/api/api_types\.hpp", r"src/client/.*\.cpp"),
    "nlohmann (forward)": (r"nlohmann/json_fwd\.hpp", r".*"),
    "libpq": (r"libpq|pq-", r"src/control/store/postgres/.*"),
    "c-ares": (r"ares\.h", r"src/io/dialling/resolver\.cpp"),
    "SQLite": (r"sqlite3", r"src/node/store/(.*\.cpp|statement\.hpp)"),
    "CLI11": (r"CLI/", r"src/command_line/.*|apps/.*"
              r"|src/client/(command|account|access|terminal|testing)/.*\.cpp"),
}


# Folders below src, by which an include is known as one of the project's.
FOLDERS = {name.split("/")[0] for name in ROOMS}


def is_ours(system, name):
    """Whether an include means a file of a room, however it is written."""
    return "/" in name and (not system or name.split("/")[0] in FOLDERS)


def spelling_fault(system, name):
    """Why an include of a file of a room could pass another rule unseen; None: it could not."""
    if system:
        return "is ours: write it in quotes"
    if name != posixpath.normpath(name) or name.startswith(".."):
        return "must be written from src"
    return None


def wrong_arrows(path, text, rooms=ROOMS):
    """What is wrong with the project includes of one file."""
    path = pathlib.PurePosixPath(path)
    in_src = path.parts[0] == "src"
    room = layers.room_of(path.relative_to("src"), rooms) if in_src else None
    if in_src and room is None:
        return [f"{path}: src/layers.txt has no room for it"]
    if room is not None:
        reach = layers.reach(room, rooms, in_test=sources.is_test(path))
    found = []
    for line, system, name in sources.includes(text):
        if not is_ours(system, name):
            continue
        if fault := spelling_fault(system, name):
            found.append(f"{path}:{line}: {name} {fault}")
            continue
        target = layers.room_of(pathlib.PurePosixPath(name), rooms)
        if target is None:
            found.append(f"{path}:{line}: src/layers.txt has no room for {name}")
        elif room is not None and target != room and target not in reach:
            found.append(f"{path}:{line}: {room} must not include {name}")
    return found


def wrong_libraries(path, text):
    found = []
    for line, _, name in sources.includes(text):
        owners = [places for headers, places in LIBRARIES.values() if re.match(headers, name)]
        if owners and not any(re.fullmatch(places, str(path)) for places in owners):
            found.append(f"{path}:{line}: {name} is not for this place")
    return found


def fuzzed(text):
    """The rooms that CMakeLists.txt names as what fuzzers read by."""
    return re.search(r"set\(RAP_FUZZED ([^)]*)\)", text)[1].split()


def unwatched(path, text, fuzzed_rooms, rooms=ROOMS):
    """Rooms that a fuzzer includes and libFuzzer does not see into (cmake/RapLayer.cmake): it sees
    those that are named and what they use, up to rooms that do I/O. What makes the inputs of a
    fuzzer it need not see."""
    watched, look = set(), list(fuzzed_rooms)
    while look:
        name = look.pop()
        watched.add(name)
        look += [used for used in rooms[name].uses
                 if used not in watched and rooms[used].kind != "shell"]
    included = {layers.room_of(pathlib.PurePosixPath(name), rooms)
                for _, system, name in sources.includes(text) if is_ours(system, name)}
    return [f"{path}: RAP_FUZZED does not lead to {room}"
            for room in sorted(included - watched) if not room.endswith("testing")]


SQL = "control/store/sql/"


def strange_sql(rooms):
    """Rooms of SQL that do not know the room of their concept, and those that know another's SQL
    without the room of the one standing on that of the other."""
    found = []
    for name in rooms:
        if not name.startswith(SQL):
            continue
        known = layers.reach(name, rooms)
        concept = f"control/{name.removeprefix(SQL)}"
        if concept not in known:
            found.append(f"{name} does not know {concept}")
        beneath = layers.reach(concept, rooms) if concept in rooms else set()
        found += [f"{name} knows {other}" for other in sorted(known)
                  if other.startswith(SQL)
                  and f"control/{other.removeprefix(SQL)}" not in beneath]
    return found


def unit_of(path):
    """The unit of a file below src: its path without the ending."""
    return str(pathlib.PurePosixPath(path).with_suffix(""))


def circles(texts):
    """The circles of units in {path below src: text}, each as the sorted names of its units. Tests
    are left out: nothing includes them."""
    after = {}
    for path, text in texts.items():
        if not sources.is_test(path):
            unit = unit_of(path)
            names = {unit_of(name) for _, _, name in sources.includes(text) if "/" in name}
            after.setdefault(unit, set()).update(names - {unit})
    # What includes nothing of what is left is in no circle.
    while leaves := [unit for unit, names in after.items() if not names & after.keys()]:
        for unit in leaves:
            del after[unit]
    reached = {unit: _reached(unit, after) for unit in after}
    found = {tuple(sorted(other for other in reached[unit] if unit in reached[other]))
             for unit in after}
    return sorted(found - {()})


def _reached(unit, after):
    """All units that this one includes, directly or by others."""
    found, look = set(), [unit]
    while look:
        for name in (after[look.pop()] & after.keys()) - found:
            found.add(name)
            look.append(name)
    return found


class Includes(unittest.TestCase):
    def check(self, rule):
        files = sources.files("src/*.hpp", "src/*.cpp", "apps/*.cpp", "apps/*.hpp")
        self.assertGreater(len(files), 20)
        self.assertEqual([], [w for f in files for w in rule(f, sources.read(f))])

    def test_no_include_runs_back(self):
        self.check(wrong_arrows)

    def test_libraries_stay_where_they_belong(self):
        self.check(wrong_libraries)

    def test_rooms_use_only_what_is_stated_above_them(self):
        self.assertEqual([], layers.faults(ROOMS))

    def test_no_units_include_each_other(self):
        files = sources.files("src/*.hpp", "src/*.cpp")
        self.assertEqual([], circles({f.relative_to("src"): sources.read(f) for f in files}))

    def test_every_room_has_files(self):
        files = {layers.room_of(path.relative_to("src"), ROOMS)
                 for path in sources.files("src/*.hpp", "src/*.cpp")}
        self.assertEqual(set(), set(ROOMS) - files)

    def test_a_change_to_a_concept_touches_its_room_and_its_sql(self):
        self.assertEqual([], strange_sql(ROOMS))

    def test_libfuzzer_sees_into_what_fuzzers_include(self):
        named = fuzzed(sources.read("CMakeLists.txt"))
        files = sources.files("tests/fuzz/*.cpp")
        self.assertGreater(len(files), 10)
        self.assertEqual([], [w for f in files for w in unwatched(f, sources.read(f), named)])


class TheRules(unittest.TestCase):
    """Planted faults are found."""

    def test_a_fuzzer_of_a_room_that_libfuzzer_does_not_see_into_is_named(self):
        text = '#include "node/channel/hello.hpp"\n#include "io/stream/stream.hpp"\n'
        self.assertEqual(["f: RAP_FUZZED does not lead to io/stream",
                          "f: RAP_FUZZED does not lead to node/channel"],
                         unwatched("f", text, ["io/http"]))
        self.assertEqual([], unwatched("f", '#include "base/bytes.hpp"\n', ["wire/frames"]))

    def test_an_arrow_that_runs_back_is_named(self):
        wrong = wrong_arrows("src/wire/frames/frame.hpp", '#include "node/flow/window.hpp"\n')
        self.assertEqual(
            ["src/wire/frames/frame.hpp:1: wire/frames must not include node/flow/window.hpp"],
            wrong)

    def test_every_room_keeps_to_what_it_may_include(self):
        """For each room and each other: the arrow passes if the line allows it, and only then."""
        for room in ROOMS:
            allowed = layers.reach(room, ROOMS)
            for other in ROOMS:
                with self.subTest(room=room, includes=other):
                    wrong = wrong_arrows(f"src/{room}/x.cpp", f'#include "{other}/x.hpp"\n')
                    self.assertEqual(other == room or other in allowed, not wrong, wrong)

    def test_every_room_has_an_arrow_that_it_must_not_have(self):
        """Else the test above would find nothing there."""
        for room in ROOMS:
            with self.subTest(room):
                self.assertTrue(ROOMS.keys() - layers.reach(room, ROOMS) - {room})

    def test_tests_may_include_what_their_room_tests_with(self):
        for room in ROOMS.values():
            for other in room.tested_with:
                with self.subTest(room=room.name, includes=other):
                    text = f'#include "{other}/x.hpp"\n'
                    self.assertEqual([], wrong_arrows(f"src/{room.name}/x_test.cpp", text))
                    if other not in layers.reach(room.name, ROOMS):
                        self.assertTrue(wrong_arrows(f"src/{room.name}/x.cpp", text))

    def test_an_arrow_is_seen_however_it_is_written(self):
        for include in ("<control/people/user.hpp>", '"../control/people/user.hpp"',
                        '"../x.hpp"', '"./x.hpp"', '"wire/../control/people/user.hpp"'):
            with self.subTest(include):
                for directive in ("#include ", "#include", " #  include\t"):
                    text = f"{directive}{include}\n"
                    self.assertTrue(wrong_arrows("src/wire/x.cpp", text))
                    self.assertTrue(wrong_arrows("src/control/people/x.cpp", text))

    def test_the_control_planes_rooms_run_one_way(self):
        """A line that allowed one of these would pass every other rule."""
        for arrow in """
            people -> control/nodes/node.hpp
            people -> control/organizations/organization.hpp
            people/accounts -> control/people/signing_in/ports.hpp
            people/signing_in -> control/people/accounts/bootstrap.hpp
            organizations -> control/organizations/delegations/routes.hpp
            organizations -> control/people/accounts/routes.hpp
            organizations/delegations -> control/people/accounts/bootstrap.hpp
            sessions -> control/people/user.hpp
            pki -> control/nodes/node.hpp
            pki/status -> control/pki/rotation/rotations.hpp
            nodes -> control/access/resource.hpp
            nodes -> control/people/user.hpp
            nodes -> control/nodes/notices/notice.hpp
            nodes -> control/nodes/enrolment/enrolment.hpp
            nodes/notices -> control/nodes/administration/node_reply.hpp
            nodes/enrolment -> control/nodes/administration/ports.hpp
            nodes/administration -> control/nodes/enrolment/enrolment.hpp
            access -> control/nodes/enrolment/enrolment.hpp
            access -> control/configuration/ports.hpp
            configuration -> control/link/listener/node_listener.hpp
            attachments -> control/link/listener/node_listener.hpp
            link -> control/attachments/ports.hpp
            link -> control/link/pulls/config_calls.hpp
            link/pulls -> control/link/listener/node_listener.hpp
            server -> control/server/commands/commands.hpp
            server/background -> control/server/rate_limits.hpp
            housekeeping -> control/entrance/ports.hpp
            http -> control/people/user.hpp
            core -> control/http/call.hpp
            entrance -> control/housekeeping/housekeeping.hpp
            entrance -> control/store/database.hpp
            store/postgres -> control/people/user.hpp
            keys -> control/entrance/ports.hpp
            link -> io/http/server/http_server.hpp
            store/sql/core -> control/sessions/session.hpp
            store/sql/pki -> control/nodes/node.hpp
            store/sql/sessions -> control/people/user.hpp
            store/sql/people -> control/organizations/organization.hpp
            store/sql/organizations -> control/people/accounts/bootstrap.hpp
            store/sql/nodes -> control/nodes/enrolment/enrolment.hpp
            store/sql/nodes/enrolment -> control/access/resource.hpp
            store/sql/access -> control/configuration/config_document.hpp
            store/sql/configuration -> control/link/admission.hpp
            store/sql/link -> control/server/server.hpp
            store/sql/people -> control/store/sql/organizations/organizations.hpp
            """.strip().splitlines():
            room, name = arrow.strip().split(" -> ")
            with self.subTest(arrow):
                self.assertTrue(
                    wrong_arrows(f"src/control/{room}/x.cpp", f'#include "{name}"\n'))

    def test_the_rooms_of_nodes_documents_and_connections_run_one_way(self):
        for arrow in """
            snapshot/values -> snapshot/configuration/documents.hpp
            snapshot/configuration -> snapshot/security_delta.hpp
            snapshot -> snapshot/configuration/node_config.hpp
            node/router/admission -> node/router/switchboard.hpp
            node/agent/link/calls -> node/agent/link/pulls/delta_sync.hpp
            node/agent/link/pulls -> node/agent/link/control_link.hpp
            node/fabric/channels -> node/fabric/client_session.hpp
            node/host/program -> node/host/calls/answer.hpp
            node/host/calls -> node/host/node_agent.hpp
            base -> base/log/log.hpp
            policy/addresses -> policy/roles.hpp
            crypto/x509 -> crypto/x509/validation/peer_verifier.hpp
            io/loop -> io/dialling/resolver.hpp
            io/dialling -> io/stream/tls_stream.hpp
            io/stream -> io/listeners/tls_listener.hpp
            io/http -> io/http/server/http_server.hpp
            io/http/client -> io/http/server/http_server.hpp
            io/http/server -> io/http/client/http_client.hpp
            client/core -> client/api/api_client.hpp
            client/network -> client/terminal/tty.hpp
            mesh -> mesh/distance_vector/distance_vector.hpp
            node/flow -> node/flow/reliable/reliable_end.hpp
            node/flow/reliable -> node/flow/sealed/sealed_end.hpp
            adapters/contract -> adapters/tcp/tcp_adapter.hpp
            """.strip().splitlines():
            room, name = arrow.strip().split(" -> ")
            with self.subTest(arrow):
                self.assertTrue(wrong_arrows(f"src/{room}/x.cpp", f'#include "{name}"\n'))

    def test_a_circle_of_units_is_named(self):
        texts = {pathlib.PurePosixPath(path): text for path, text in {
            "a/x.cpp": '#include "a/x.hpp"\n#include "a/y.hpp"\n', "a/x.hpp": "",
            "a/y.hpp": '#include "a/z.hpp"\n', "a/z.hpp": "", "a/z.cpp": '#include "a/x.hpp"\n',
            "a/before.cpp": '#include "a/x.hpp"\n', "a/after.hpp": "",
            "a/x_test.cpp": '#include "a/before.hpp"\n'}.items()}
        self.assertEqual([("a/x", "a/y", "a/z")], circles(texts))
        del texts[pathlib.PurePosixPath("a/z.cpp")]
        self.assertEqual([], circles(texts))

    def test_the_router_does_not_know_io(self):
        self.assertTrue(wrong_arrows("src/node/router/x.cpp", '#include "io/stream/timer.hpp"\n'))

    def test_an_unknown_room_is_named(self):
        self.assertTrue(wrong_arrows("src/misc/x.hpp", ""))
        self.assertTrue(wrong_arrows("src/wire/x.hpp", '#include "misc/x.hpp"\n'))

    def test_what_a_used_room_may_include_may_be_included_too(self):
        self.assertEqual([], wrong_arrows("src/policy/x.hpp", '#include "base/ids.hpp"\n'))

    def test_a_room_that_uses_a_later_one_is_named(self):
        rooms = layers.read("wire | pure | base | | | x\nbase | pure | | | | x\n")
        self.assertEqual(["wire uses base, which is not above it"], layers.faults(rooms))

    def test_sql_that_leaves_its_concept_is_named(self):
        def stated(uses):
            return layers.read("control/people | ports | | | | x\n"
                               "control/nodes | ports | | | | x\n"
                               "control/store/sql/nodes | shell | control/nodes | | | x\n"
                               f"control/store/sql/people | shell | {uses} | | | x\n")
        self.assertEqual([], strange_sql(stated("control/people")))
        self.assertEqual(["control/store/sql/people does not know control/people"],
                         strange_sql(stated("control/nodes")))
        self.assertEqual(["control/store/sql/people knows control/store/sql/nodes"],
                         strange_sql(stated("control/people control/store/sql/nodes")))

    def test_a_pure_room_that_uses_an_impure_one_is_named(self):
        rooms = layers.read("io | shell | | | | x\nwire | pure | io | | | x\n")
        self.assertEqual(["wire is pure and uses io, which does I/O"], layers.faults(rooms))

    def test_boost_in_a_public_header_is_named(self):
        self.assertTrue(wrong_libraries("src/io/stream/timer.hpp", "#include <boost/asio.hpp>\n"))
        self.assertFalse(wrong_libraries("src/io/stream/timer.cpp", "#include <boost/asio.hpp>\n"))

    def test_openssl_outside_crypto_and_io_is_named(self):
        self.assertTrue(wrong_libraries("src/node/router/x.cpp", "#include <openssl/evp.h>\n"))

    def test_json_in_a_header_is_named_unless_forward(self):
        self.assertTrue(wrong_libraries("src/wire/x.hpp", "#include <nlohmann/json.hpp>\n"))
        self.assertFalse(wrong_libraries("src/wire/x.hpp", "#include <nlohmann/json_fwd.hpp>\n"))


if __name__ == "__main__":
    unittest.main()
