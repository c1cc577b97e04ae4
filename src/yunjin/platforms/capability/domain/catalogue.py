"""The catalogue: what is known of a centre from its description and the code of its door."""

import inspect
import re
from collections.abc import Callable
from functools import cache
from types import GenericAlias
from typing import Any, Final, get_origin, get_type_hints

from yunjin.kernel.errors import Bug
from yunjin.platforms.capability.api.centres import Centre, Entry, Operation, Parameter, mark_of

_RAISES: Final = re.compile(r"Raises:(.*?)(?:\n\n|\Z)", re.DOTALL)
_CLASS: Final = re.compile(r"\b[A-Z][A-Za-z]+\b")


def entry_of(centre: Centre) -> Entry:
    """Return a centre's entry. Raises: Bug (a method of its door that is not marked)."""
    return Entry(
        code=centre.code,
        name_zh=centre.words[0],
        name_en=centre.words[1],
        purpose_zh=centre.purpose[0],
        purpose_en=centre.purpose[1],
        bian=centre.bian,
        operations=tuple(_operation(name, of) for name, of in _methods(centre.door)),
        events=tuple(one.type for one in centre.events),
        p99_ms=centre.slo.p99_ms,
        available_ppm=centre.slo.available_ppm,
        points=centre.points,
    )


def _methods(door: type) -> list[tuple[str, Callable[..., Any]]]:
    """Return the methods of a door in the order they are written in."""
    return [
        (name, function)
        for name, function in vars(door).items()
        if inspect.isfunction(function) and not name.startswith("_")
    ]


@cache
def _operation(name: str, function: Callable[..., Any]) -> Operation:
    mark = mark_of(function)
    if mark is None:
        raise Bug(f"expected a command or a query, was {name}")
    words, hints = inspect.getdoc(function) or "", get_type_hints(function)
    raised = _RAISES.search(words)
    parameters = list(inspect.signature(function).parameters.values())[1:]
    return Operation(
        name=name,
        summary=" ".join(_RAISES.sub("", words).split("\n\n")[0].split()),
        is_command=mark.is_command,
        parameters=tuple(
            Parameter(one.name, written(hints[one.name]), _default(one.default))
            for one in parameters
        ),
        answer=written(hints["return"]),
        refusals=tuple(_CLASS.findall(re.sub(r"\([^)]*\)", "", raised[1]))) if raised else (),
        undone_by=mark.undone_by,
        lasts=mark.lasts,
    )


def written(hint: Any) -> str:
    """Return a type as one reads it: without the modules its names are from."""
    if isinstance(hint, type) and not isinstance(hint, GenericAlias) and get_origin(hint) is None:
        return hint.__name__
    return re.sub(r"[A-Za-z_]\w*\.(?=[A-Za-z_])", "", str(hint))


def _default(value: Any) -> str:
    return "" if value is inspect.Parameter.empty else repr(value)
