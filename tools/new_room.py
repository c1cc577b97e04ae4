"""Lay out a new room: `python -m tools.new_room foundation/chain "shared certificates"`.

Only the files every room has are made; the others (store, routes, pages, …) come with what they
hold. What is made passes the walls, the tidy rules and the type checker as it stands.
"""

import argparse
import configparser
import re
import sys
from pathlib import Path
from string import Template
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
STOREYS: Final = ("foundation", "platforms", "connections")

FILES: Final = {
    "src/yunjin/$storey/$room/__init__.py": '''\
"""$Room: $purpose."""
''',
    "src/yunjin/$storey/$room/api.py": '''\
"""The door of the room: what others may ask of $room."""

from typing import Protocol


class ${Room}Api(Protocol):
    """$Purpose."""

    def purpose(self) -> str:
        """Return what the room is for, as its menu shows it."""
''',
    "src/yunjin/$storey/$room/service.py": '''\
"""What stands behind the door."""


class ${Room}Service:
    """Answer for $room: load, decide, save and tell."""

    def purpose(self) -> str:
        """Return what the room is for, as its menu shows it."""
        return "$purpose"
''',
    "src/yunjin/$storey/$room/wiring.py": '''\
"""How the room is put together; only the app calls it."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from yunjin.$storey.$room.api import ${Room}Api
from yunjin.$storey.$room.service import ${Room}Service
from yunjin.kernel.clock import Clock
from yunjin.kernel.room import Room


class Settings(BaseModel):
    """What an operator may set; every field has a description and bounds."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def build(settings: Settings, *, tenant: str, clock: Clock, home: Path) -> Room:
    """Return the room of one tenant, its files under `home / tenant`."""
    return Room(name="$room", doors={${Room}Api: ${Room}Service()})
''',
    "src/yunjin/$storey/$room/README.md": """\
# $room: $purpose

**Job.** $Purpose.

**Invariants.** None yet: write the first one here, and its test, before the first table.

**Tables.** None. **Events.** None. **How to break it.** Nothing to break yet.
""",
    "tests/$storey/$room/test_wiring.py": '''\
"""Goal: the room can be mounted. Method: build it on an empty folder and ask through its door."""

from pathlib import Path

from yunjin.$storey.$room.api import ${Room}Api
from yunjin.$storey.$room.wiring import Settings, build
from yunjin.kernel.clock import FixedClock


def test_the_room_answers_through_its_door(tmp_path: Path) -> None:
    room = build(Settings(), tenant="demo", clock=FixedClock(0), home=tmp_path)
    assert room.doors[${Room}Api].purpose() == "$purpose"
''',
}


class NoSuchPlace(Exception):
    """The room has no place in the house; the message says why."""


def places(root: Path) -> dict[str, frozenset[str]]:
    """Return the rooms each storey has a place for, as the import contracts name them."""
    contracts = configparser.ConfigParser()
    contracts.read(root / ".importlinter")
    found = {}
    for name in contracts.sections():
        container = contracts[name].get("containers", "").strip().removeprefix("yunjin.")
        if container in STOREYS:
            found[container] = frozenset(re.findall(r"\((\w+)\)", contracts[name]["layers"]))
    return found


def files(place: str, purpose: str, *, root: Path = ROOT) -> dict[Path, str]:
    """Return the files of a new room and what stands in them.

    Parameters
    ----------
    place : storey and room, `foundation/chain`.
    purpose : what the room is for, in a few words without a full stop.

    Raises: NoSuchPlace.
    """
    storey, _, room = place.partition("/")
    allowed = places(root).get(storey, frozenset())
    if room not in allowed:
        known = ", ".join(f"{storey}/{name}" for name in sorted(allowed)) or ", ".join(STOREYS)
        raise NoSuchPlace(f"expected a place the contracts name ({known}), was {place}")
    if not re.fullmatch(r"[\w ,;:()-]{3,60}", purpose):
        raise NoSuchPlace(f"expected a purpose of 3–60 plain characters, was {purpose!r}")
    words = {
        "storey": storey,
        "room": room,
        "Room": room.capitalize(),
        "purpose": purpose,
        "Purpose": purpose[0].upper() + purpose[1:],
    }
    made = {
        root / Template(path).substitute(words): Template(text).substitute(words)
        for path, text in FILES.items()
    }
    standing = [path for path in made if path.exists()]
    if standing:
        raise NoSuchPlace(f"expected an empty place, but {standing[0]} stands there")
    return made


def make(place: str, purpose: str, *, root: Path = ROOT) -> list[Path]:
    """Write the files of a new room; return their paths. Raises: NoSuchPlace."""
    made = files(place, purpose, root=root)
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(made)


def main() -> None:
    """Make the room that the command line names and say what was written."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("place", help="storey/room, for example foundation/chain")
    words.add_argument("purpose", help="what it is for, in a few words")
    said = words.parse_args()
    try:
        made = make(said.place, said.purpose)
    except NoSuchPlace as refused:
        sys.exit(str(refused))
    for path in made:
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
