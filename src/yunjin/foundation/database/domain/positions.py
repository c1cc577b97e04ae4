"""Where nodes start again: what Galera left on disk, read; and who leads a set that was all down.

Source: Galera's grastate.dat, gvwstate.dat and the line that `mariadbd --wsrep-recover` logs.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from yunjin.foundation.database.api.fleet import Position
from yunjin.foundation.database.errors import SetRefused

NO_HISTORY: Final = "00000000-0000-0000-0000-000000000000"
NOWHERE: Final = Position(history=NO_HISTORY, seqno=-1)
_UUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_RECOVERED: Final = re.compile(rf"WSREP: Recovered position:?\s*({_UUID}):(-?\d+)")
_LINE: Final = re.compile(r"^(\w+):\s*(\S*)\s*$", re.MULTILINE)
_VIEW: Final = re.compile(rf"^view_id:\s*\d+\s+({_UUID})\s+(\d+)\s*$", re.MULTILINE)
_MEMBER: Final = re.compile(rf"^member:\s*({_UUID})\s+\d+\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedState:
    """What grastate.dat says: after a crash its seqno is -1."""

    position: Position
    is_safe_to_bootstrap: bool  # this node was the last to leave


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What gvwstate.dat says: who was in the last majority. There is none after a clean stop."""

    number: str
    members: frozenset[str]


def read_grastate(text: str) -> SavedState:
    """Return what a node's grastate.dat says; an empty or torn file says nothing."""
    found = dict(_LINE.findall(text))
    history, seqno = found.get("uuid", ""), found.get("seqno", "")
    if not re.fullmatch(_UUID, history) or not re.fullmatch(r"-?\d+", seqno):
        return SavedState(position=NOWHERE, is_safe_to_bootstrap=False)
    return SavedState(
        position=Position(history=history, seqno=int(seqno)),
        is_safe_to_bootstrap=found.get("safe_to_bootstrap") == "1",
    )


def safe_to_bootstrap(text: str) -> str:
    """Return a grastate.dat that lets its node lead a new view of the set."""
    return re.sub(r"^safe_to_bootstrap:.*$", "safe_to_bootstrap: 1", text, flags=re.MULTILINE)


def read_gvwstate(text: str) -> View | None:
    """Return the view a node was in when it was cut off, None where it left in order."""
    view = _VIEW.search(text)
    members = frozenset(_MEMBER.findall(text))
    return View(number=f"{view[1]}:{view[2]}", members=members) if view and members else None


def read_recovered(log: str) -> Position | None:
    """Return the position that `--wsrep-recover` logged, the last where there are more."""
    found = _RECOVERED.findall(log)
    return Position(history=found[-1][0], seqno=int(found[-1][1])) if found else None


def common_view(nodes: Sequence[str], identities: Sequence[UUID]) -> dict[str, str]:
    """Return the gvwstate.dat of each node that lets all of them find their majority together.

    It is what a crash of them all leaves on their disks: each waits until every other of the view
    is back, then they go on from the position of the one that came furthest.

    Parameters
    ----------
    identities : one for each node, all different, of version 1 as Galera's own.
    """
    members = "".join(f"member: {identity} 0\n" for identity in identities)
    view = f"#vwbeg\nview_id: 3 {identities[0]} 1\nbootstrap: 0\n{members}#vwend\n"
    named = zip(nodes, identities, strict=True)
    return {node: f"my_uuid: {identity}\n{view}" for node, identity in named}


def leader(positions: Mapping[str, Position]) -> str:
    """Return who leads a set that was all down: the node that has come furthest.

    Of nodes that came equally far the first named leads.

    Parameters
    ----------
    positions : node → position, of every node of the set.

    Raises: SetRefused where the nodes have different histories, or none at all.
    """
    with_data = {name: at for name, at in positions.items() if at.history != NO_HISTORY}
    histories = {at.history for at in with_data.values()}
    if len(histories) > 1:
        of_each = ", ".join(f"{name} has {at.history}" for name, at in with_data.items())
        raise SetRefused(
            f"The nodes' data come from different sets ({of_each}). Say which one is right by "
            "removing the data of the others; they are copied from it again."
        )
    if not with_data:
        raise SetRefused("No node of the set has data. Create the set, or restore a backup.")
    return max(with_data, key=lambda name: with_data[name].seqno)
