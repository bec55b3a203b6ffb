"""The documents name what is there: paths and links exist, the rooms are those of src/layers.txt,
and docs/operations/metrics.md lists exactly the metrics that the programs write."""

import pathlib
import posixpath
import re
import unittest

import layers
import sources

ROOMS = layers.read(sources.read(layers.FILE))

PATH = re.compile(r"(?<![\w/.<-])((?:src|apps|tests|tools|bench|docs|cmake|\.ci)/[\w./*-]*)")
# A file that a comment of a source names, from any folder above it; generated ones are not there.
NAMED_FILE = re.compile(r"(?<![\w/.<-])((?:\w+/)+[a-z0-9_]+\.(?:hpp|cpp|sql))\b")
GENERATED = ("client/api/api_types.hpp",)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")

DECISIONS = "docs/decisions"
PARTS = ["Context", "Decision", "Alternatives", "Consequences"]

CLUSTERS_PAGE = f"{DECISIONS}/clusters.md"
WALLS_TEST = "src/control/store/cluster_isolation_test.cpp"
OF_THE_PLATFORM = re.compile(r"kOfThePlatform = \{([^}]*)\}")

METRICS_PAGE = "docs/operations/metrics.md"
LISTED = re.compile(r"^\| `(rap_[a-z_]+)(?:\{[a-z, ]+\})?` \| (counter|gauge) \|", re.MULTILINE)
WRITTEN = re.compile(
    r'\b(?:one|family|each|gauge)\(\s*(?:\w+,\s*)?"([a-z_]+)",\s*"(?:(counter|gauge)")?')
# Where metrics are written, and how their names begin there.
PREFIXES = {
    "src/node/host/": ("rap_agent_",),
    "src/node/": ("rap_fabric_",),
    "src/control/server/": ("rap_control_",),
    "src/control/": ("rap_",),
    "src/io/": ("rap_fabric_", "rap_control_"),
}


def documents():
    return sources.files("*.md")


def missing_paths(page, text, exists):
    """Paths of the repository that a page names and that do not exist. `*` stands for anything; a
    name without an ending stands for its header and source."""
    return [f"{page}: {path}" for path in PATH.findall(text)
            if not exists(path.rstrip(".")) and not exists(path.rstrip(".") + ".*")]


def missing_files(page, text, ends):
    """Files that the comments of a source name, of which none of the paths in `ends` is the end."""
    comments = re.findall(r"//[^\n]*", text)
    return [f"{page}: {name}" for line in comments for name in NAMED_FILE.findall(line)
            if name not in ends and name not in GENERATED]


def ends_of(paths):
    """Every end of each path: a/b/c, b/c, c."""
    return {"/".join(path.parts[i:]) for path in paths for i in range(len(path.parts))}


def broken_links(page, text, exists):
    found = []
    for target in LINK.findall(text):
        name = target.split("#")[0]
        if not name or "://" in name or name.startswith("mailto:"):
            continue
        path = posixpath.normpath(posixpath.join(str(pathlib.PurePosixPath(page).parent), name))
        # What leads out of the repository is a page of whoever hosts it.
        if not path.startswith("..") and not exists(path):
            found.append(f"{page}: {target}")
    return found


def decision_faults(pages, index):
    """What is wrong with decisions {file name: text} and the index of them."""
    listed = re.findall(r"^\| \[[^\]]*\]\(([\w-]+\.md)\) \|", index, re.MULTILINE)
    found = [f"{name} is not in the index" for name in pages if name not in listed]
    found += [f"{name} is listed twice" for name in set(listed) if listed.count(name) > 1]
    for name, text in pages.items():
        parts = re.findall(rf"^(?:## |\*\*)({'|'.join(PARTS)})\b", text, re.MULTILINE)
        if parts != PARTS:
            found.append(f"{name} has {parts}, not {PARTS}")
    return found


def in_tree(path):
    return any(sources.ROOT.glob(path.rstrip("/") or "."))


def written_metrics(path, text):
    """{name: type or None} of the metrics that a file writes."""
    names = [(name, kind or None) for name, kind in WRITTEN.findall(text)]
    if not names:
        return {}
    prefixes = next((p for place, p in PREFIXES.items() if str(path).startswith(place)), ("?",))
    return {prefix + name: kind for prefix in prefixes for name, kind in names}


def metrics_faults(written, listed):
    """What is wrong with a list [(name, type)] beside {name: type or None}."""
    names = [name for name, _ in listed]
    found = [f"{name} is not listed" for name in sorted(written) if name not in names]
    found += [f"{name} is written by nobody" for name in names if name not in written]
    found += [f"{name} is listed {names.count(name)} times" for name in sorted(set(names))
              if names.count(name) > 1]
    found += [f"{name} is a {written[name]}" for name, kind in listed
              if written.get(name) not in (None, kind)]
    return found


class Documents(unittest.TestCase):
    def check(self, rule):
        pages = documents()
        self.assertGreater(len(pages), 10)
        self.assertEqual([], [w for page in pages for w in rule(page, sources.read(page), in_tree)])

    def test_every_path_exists(self):
        self.check(missing_paths)

    def test_every_link_leads_somewhere(self):
        self.check(broken_links)

    def test_every_file_that_a_comment_names_exists(self):
        ends = ends_of(sources.files())
        found = [fault for path in sources.files("src/*.?pp", "apps/*.?pp", "tests/*.?pp")
                 for fault in missing_files(path, sources.read(path), ends)]
        self.assertEqual([], found)

    def test_the_decision_on_clusters_names_every_table_of_the_platform(self):
        page = sources.read(CLUSTERS_PAGE)
        tables = re.findall(r'"(\w+)"', OF_THE_PLATFORM.search(sources.read(WALLS_TEST))[1])
        self.assertGreater(len(tables), 8)
        self.assertEqual([], [table for table in tables if f"`{table}`" not in page])

    def test_the_rooms_are_those_that_are_stated(self):
        page = sources.read("ARCHITECTURE.md")
        self.assertEqual(layers.with_rooms(page, ROOMS), page, "run 'make docs'")

    def test_every_decision_has_its_parts_and_a_line_in_the_index(self):
        pages = {path.name: sources.read(path) for path in sources.files(f"{DECISIONS}/*.md")}
        index = pages.pop("README.md")
        self.assertGreater(len(pages), 5)
        self.assertEqual([], decision_faults(pages, index))

    def test_every_metric_is_listed_and_no_other(self):
        written = {}
        for path in sources.files("src/*.cpp", "apps/*.cpp"):
            if sources.is_test(path):
                continue
            text = sources.read(path)
            if "metrics" in path.name:
                written |= written_metrics(path, text)
            else:
                self.assertNotRegex(text, r"\bMetricsText \w+\(", f"{path} writes metrics")
        self.assertGreater(len(written), 40)
        self.assertEqual([], metrics_faults(written, LISTED.findall(sources.read(METRICS_PAGE))))


class TheRules(unittest.TestCase):
    """Planted faults are found."""

    def test_a_path_that_does_not_exist_is_found(self):
        self.assertEqual(["x.md: src/base/gone.hpp"],
                         missing_paths("x.md", "see `src/base/gone.hpp`.", in_tree))
        self.assertEqual([], missing_paths("x.md", "`src/base`, `src/base/time`, src/layers.txt.",
                                           in_tree))

    def test_a_file_that_a_comment_names_and_that_is_gone_is_found(self):
        ends = ends_of([pathlib.PurePosixPath("src/base/time.hpp")])
        self.assertEqual(["x.hpp: base/gone.hpp"],
                         missing_files("x.hpp", "// See base/gone.hpp.\n", ends))
        self.assertEqual([], missing_files("x.hpp", '#include "a/b.hpp"  // base/time.hpp\n', ends))

    def test_a_broken_link_is_found(self):
        self.assertTrue(broken_links("docs/x.md", "[here](gone.md)", in_tree))
        self.assertFalse(broken_links("docs/x.md", "[here](coverage.md#ch)", in_tree))

    def test_a_room_that_is_not_shown_is_found(self):
        page = layers.with_rooms(layers.BEGIN + layers.END, ROOMS)
        more = layers.read(sources.read(layers.FILE) + "attic | pure | base | | | dust\n")
        self.assertNotEqual(page, layers.with_rooms(page, more))

    def test_a_decision_without_alternatives_or_a_line_is_found(self):
        whole = "".join(f"**{part}.** Words.\n\n" for part in PARTS)
        index = "| [x.md](x.md) | Why. |\n"
        self.assertEqual([], decision_faults({"x.md": whole}, index))
        self.assertTrue(decision_faults({"x.md": whole}, ""))
        self.assertTrue(decision_faults({"x.md": whole.replace("Alternatives", "Or")}, index))

    def test_metrics_that_are_only_written_or_only_listed_are_found(self):
        written = written_metrics("src/node/x_metrics.cpp", 't.one("drops_total", "counter", "x")')
        self.assertEqual({"rap_fabric_drops_total": "counter"}, written)
        self.assertEqual([], metrics_faults(written, [("rap_fabric_drops_total", "counter")]))
        self.assertTrue(metrics_faults(written, []))
        self.assertTrue(metrics_faults(written, [("rap_fabric_drops_total", "gauge")]))
        self.assertTrue(metrics_faults(written, [("rap_fabric_drops_total", "counter"),
                                                 ("rap_fabric_lost_total", "counter")]))


if __name__ == "__main__":
    unittest.main()
