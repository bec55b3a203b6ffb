"""src/layers.txt as data: the rooms in order, and what each may include."""

import dataclasses
import pathlib

FILE = "src/layers.txt"
KINDS = ("pure", "wraps", "ports", "shell")


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
    for used in rooms[name].uses + (rooms[name].tested_with if in_test else ()):
        found |= {used} | reach(used, rooms)
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
