"""What drawings may ask: the commands and queries of the centres, and how each is undone."""

import dataclasses
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, get_type_hints

from yunjin.platforms.capability.api.centres import Centre, mark_of

COMMAND_ID: Final = "command_id"
_WHY: Final = frozenset(["why", "note", "reason", "text"])  # filled in by whoever undoes
UNDONE: Final = "Its flow was undone."


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A command or a query of a centre.

    Parameters
    ----------
    name : such as "limit.reserve".  door, method : the Protocol it is of.
    types : of its parameters, without the command's id.  required : those that must be given.
    undo : the command that takes it back; "" where nothing does or what it needs is not known.
    undo_from : where each of that one's parameters comes from: "input", "answer" or "why".
    """

    name: str
    door: type
    method: str
    is_command: bool
    types: Mapping[str, Any]
    required: frozenset[str]
    undone_by: str
    undo: str = ""
    undo_from: Mapping[str, str] = dataclasses.field(default_factory=dict)


class Operations:
    """All of them by name."""

    def __init__(self, centres: Sequence[Centre]) -> None:
        self._all: dict[str, Operation] = {}
        for centre in centres:
            for method, function in vars(centre.door).items():
                mark = mark_of(function)
                if mark is not None:
                    made = _operation(centre.code, centre.door, method)
                    self._all[made.name] = made

    def get(self, name: str) -> Operation | None:
        """Return an operation."""
        return self._all.get(name)

    def names(self) -> list[str]:
        """Return the names of all, sorted."""
        return sorted(self._all)

    def of_call(self, door: type, method: str) -> Operation | None:
        """Return the operation that a method of a door is."""
        found = (each for each in self._all.values() if each.method == method)
        return next((each for each in found if each.door is door), None)


@cache  # the same for every tenant
def _operation(code: str, door: type, method: str) -> Operation:
    function = getattr(door, method)
    mark: Any = mark_of(function)
    types, required = _parameters(function)
    undo, sources = "", None
    if mark.undone_by and mark.undone_by != method:
        undoing = getattr(door, mark.undone_by)
        sources = _sources(undoing, types, get_type_hints(function)["return"])
        undo = f"{code}.{mark.undone_by}" if sources is not None else ""
    return Operation(
        name=f"{code}.{method}",
        door=door,
        method=method,
        is_command=mark.is_command,
        types=types,
        required=required,
        undone_by=f"{code}.{mark.undone_by}" if mark.undone_by else "",
        undo=undo,
        undo_from=sources or {},
    )


def _parameters(function: Any) -> tuple[dict[str, Any], frozenset[str]]:
    hints = get_type_hints(function)
    found = {
        name: one
        for name, one in list(inspect.signature(function).parameters.items())[1:]
        if name != COMMAND_ID
    }
    required = frozenset(n for n, one in found.items() if one.default is one.empty)
    return {name: hints[name] for name in found}, required


def _sources(undoing: Any, given: Mapping[str, Any], answer: Any) -> dict[str, str] | None:
    """Return where what the undoing needs comes from; None where something is not known."""
    types, required = _parameters(undoing)
    told = set()
    if isinstance(answer, type) and dataclasses.is_dataclass(answer):
        told = {one.name for one in dataclasses.fields(answer)}
    found = {}
    for name in types:
        if name in given:  # what was asked for comes before what the answer says of it
            found[name] = "input or answer" if name in told else "input"
        elif name in told:
            found[name] = "answer"
        elif name in _WHY and types[name] is str:
            found[name] = "why"
        elif name in required:
            return None
    return found
