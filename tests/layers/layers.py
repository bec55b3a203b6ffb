"""src/layers.txt as data: the rooms in order, and what each may include."""

import dataclasses
import itertools
import pathlib

FILE = "src/layers.txt"
BEGIN, END = "<!-- rooms -->\n", "<!-- /rooms -->\n"
KINDS = ("pure", "wraps", "ports", "shell")
SHELL = "°"  # the mark of a room that does I/O, in the drawing
WINGS = ("crypto", "io", "node", "control", "client")


@dataclasses.dataclass(frozen=True)
class Room:
    name: str
    kind: str
    uses: tuple
    links: str
    test: str
    what: str

    @property
    def tested_with(self):
        return tuple(word for word in self.test.split() if word != "thorough")


def read(text):
    """{name: Room} in the order of the file."""
    rooms = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        name, kind, uses, links, test, what = (field.strip() for field in line.split("|"))
        if name in rooms or kind not in KINDS:
            raise ValueError(f"{FILE}: {line}")
        rooms[name] = Room(name, kind, tuple(uses.split()), links, test, what)
    return rooms


def room_of(path, rooms):
    """The room of a path relative to src: the longest name that begins it."""
    for parent in pathlib.PurePosixPath(path).parents:
        if str(parent) in rooms:
            return str(parent)
    return None


def reach(name, rooms, in_test=False):
    """Every room that this one, or a test of it, may include."""
    found = set()
    waiting = [*rooms[name].uses, *(rooms[name].tested_with if in_test else ())]
    while waiting:
        used = waiting.pop()
        if used not in found:
            found.add(used)
            waiting += rooms[used].uses
    return found


def faults(rooms):
    """What is wrong with the statement itself."""
    found = []
    above = set()
    for room in rooms.values():
        for used in room.uses:
            if used not in above:
                found.append(f"{room.name} uses {used}, which is not above it")
            elif rooms[used].kind == "shell" and room.kind != "shell":
                found.append(f"{room.name} is {room.kind} and uses {used}, which does I/O")
        above.add(room.name)
    return found


def table(rooms):
    """The rooms as a table for ARCHITECTURE.md."""
    lines = ["| room | kind | may include, with what those may | what is in it |",
             "|---|---|---|---|"]
    lines += [f"| `src/{r.name}` | {r.kind} | {' '.join(r.uses) or '–'} | {r.what} |"
              for r in rooms.values()]
    return "\n".join(lines) + "\n"


def storeys(rooms):
    """The names of the rooms by storey: a room stands on the highest of those it uses."""
    level = {}
    for room in rooms.values():
        level[room.name] = 1 + max((level[used] for used in room.uses), default=-1)
    return [[name for name in rooms if level[name] == n] for n in range(max(level.values()) + 1)]


def drawing(rooms):
    """The rooms as a house: storeys from the bottom up, a wing for each folder that has many."""
    wing_of = {name: name.split("/")[0] if name.split("/")[0] in WINGS else "" for name in rooms}
    columns = {wing: [f"{wing}/" if wing else "everybody's"] for wing in ("", *WINGS)}
    rows = [columns]
    for names in reversed(storeys(rooms)):
        rows.append({wing: [name.removeprefix(f"{wing}/") + SHELL * (rooms[name].kind == "shell")
                            for name in names if wing_of[name] == wing] for wing in columns})
    width = {wing: max(len(word) for row in rows for word in row[wing]) for wing in columns}
    lines = []
    for number, row in enumerate(rows):
        for words in itertools.zip_longest(*(row[wing] for wing in columns), fillvalue=""):
            lines.append("   ".join(word.ljust(w) for word, w in
                                    zip(words, width.values())).rstrip())
        if number + 1 < len(rows):
            lines.append("─" * (sum(width.values()) + 3 * (len(width) - 1)))
    return "```\n" + "\n".join(lines) + "\n```\n"


def shown(rooms):
    """What ARCHITECTURE.md has between its marks."""
    return (f"{drawing(rooms)}\nA room may include what is below it and named in its row; "
            f"`{SHELL}` does I/O.\n\n{table(rooms)}")


def with_rooms(page, rooms):
    """The page with what is shown of the rooms put between its marks."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return before + BEGIN + shown(rooms) + END + after
