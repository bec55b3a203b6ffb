"""Includes run one way. Every arrow between layers is listed here; any other one fails, and so does
a library's header in a place that should not know the library."""

import pathlib
import re
import unittest

import sources

_VALUES = {"base", "wire", "crypto", "policy", "snapshot"}
_CORES = {"channel", "mesh", "flow"}
_SERVICES = {"control", "agent", "router", "adapters", "client"}

# layer: the layers it may include besides itself
MAY_INCLUDE = {
    "base": set(),
    "wire": {"base"},
    "crypto": {"base", "wire"},
    "policy": {"base", "wire"},
    "snapshot": {"base", "wire", "crypto", "policy"},
    "channel": {"base", "wire", "crypto", "policy", "snapshot"},
    "mesh": {"base", "wire", "crypto", "policy", "snapshot"},
    "flow": {"base", "wire", "crypto", "policy", "snapshot"},
    **{service: _VALUES | _CORES for service in _SERVICES},
    "io": _VALUES | _CORES | _SERVICES,
    "store": _VALUES | _CORES | _SERVICES,
    "node_store": _VALUES | _SERVICES,
    "sim": _VALUES | _CORES | _SERVICES,
}
PROGRAMS_MAY_INCLUDE = set(MAY_INCLUDE)

# library: (the headers it is known by, the files that may include them)
LIBRARIES = {
    "Boost": (r"boost/", r"src/io/.*\.cpp|src/io/asio_.*\.hpp"),
    "OpenSSL": (r"openssl/", r"src/(crypto|io)/.*\.cpp|src/crypto/openssl_.*\.hpp"),
    "nlohmann": (r"nlohmann/", r".*\.cpp|src/(control|client)/json_.*\.hpp"
                 r"|src/[a-z]+/(test_[a-z_]+|[a-z]+_world)\.hpp"),  # fixtures of tests
    "nlohmann (forward)": (r"nlohmann/json_fwd\.hpp", r".*"),
    "libpq": (r"libpq|pq-", r"src/store/.*"),
    "SQLite": (r"sqlite3", r"src/node_store/(.*\.cpp|statement\.hpp)"),
    "CLI11": (r"CLI/", r"src/client/.*|apps/.*"),
}


def layer_of(path):
    parts = pathlib.PurePosixPath(path).parts
    return parts[1] if parts[0] == "src" else None


def wrong_arrows(path, text):
    """What is wrong with the project includes of one file."""
    layer = layer_of(path)
    allowed = PROGRAMS_MAY_INCLUDE if layer is None else MAY_INCLUDE.get(layer)
    if allowed is None:
        return [f"{path}: layer '{layer}' is not in the table of allowed arrows"]
    found = []
    for line, system, name in sources.includes(text):
        target = name.split("/")[0]
        if system or "/" not in name or target == layer:
            continue
        if target not in allowed:
            found.append(f"{path}:{line}: {layer or 'apps'} must not include {name}")
    return found


def wrong_libraries(path, text):
    found = []
    for line, _, name in sources.includes(text):
        owners = [places for headers, places in LIBRARIES.values() if re.match(headers, name)]
        if owners and not any(re.fullmatch(places, str(path)) for places in owners):
            found.append(f"{path}:{line}: {name} is not for this place")
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

    def test_the_table_has_no_cycle(self):
        order = []
        while len(order) < len(MAY_INCLUDE):
            ready = [l for l, uses in MAY_INCLUDE.items() if l not in order and uses <= set(order)]
            self.assertTrue(ready, "the table of arrows has a cycle")
            order += ready


class TheRules(unittest.TestCase):
    """Planted faults are found."""

    def test_an_arrow_that_runs_back_is_named(self):
        wrong = wrong_arrows("src/wire/frame.hpp", '#include "flow/flow.hpp"\n')
        self.assertEqual(["src/wire/frame.hpp:1: wire must not include flow/flow.hpp"], wrong)

    def test_services_do_not_know_io(self):
        self.assertTrue(wrong_arrows("src/router/router.cpp", '#include "io/timer.hpp"\n'))

    def test_an_unknown_layer_is_named(self):
        self.assertTrue(wrong_arrows("src/misc/x.hpp", ""))

    def test_boost_in_a_public_header_is_named(self):
        self.assertTrue(wrong_libraries("src/io/timer.hpp", "#include <boost/asio.hpp>\n"))
        self.assertFalse(wrong_libraries("src/io/timer.cpp", "#include <boost/asio.hpp>\n"))

    def test_openssl_outside_crypto_and_io_is_named(self):
        self.assertTrue(wrong_libraries("src/router/x.cpp", "#include <openssl/evp.h>\n"))

    def test_json_in_a_header_is_named_unless_forward(self):
        self.assertTrue(wrong_libraries("src/wire/x.hpp", "#include <nlohmann/json.hpp>\n"))
        self.assertFalse(wrong_libraries("src/wire/x.hpp", "#include <nlohmann/json_fwd.hpp>\n"))


if __name__ == "__main__":
    unittest.main()
