"""Which value of a parameter holds: the newest at the lowest level that says anything."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from yunjin.foundation.banking.domain.products.declarations import Level, Parameter
from yunjin.kernel.errors import Malformed


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A value of a parameter from a date on (datetime64[D]), at a level."""

    parameter: str
    level: Level
    since: Any
    value: int


def newest(settings: Iterable[Setting]) -> dict[str, int]:
    """Return the value by parameter that the newest setting of the lowest level says."""
    found: dict[str, Setting] = {}
    for one in settings:
        best = found.get(one.parameter)
        if best is None or (one.level, one.since) >= (best.level, best.since):
            found[one.parameter] = one
    return {name: one.value for name, one in found.items()}


def in_force(
    parameters: Mapping[str, Parameter], settings: Iterable[Setting], date: Any
) -> dict[str, int]:
    """Return the value of each parameter on a date.

    At each level the newest setting that is not after the date counts (of two of one day the later
    in order); a lower level overrides a higher one, and both the default.

    Raises: Malformed (no such parameter, a level below the one that may set it, a value that will
    not do, no value at all).
    """
    acting = []
    for one in settings:
        parameter = parameters.get(one.parameter)
        if parameter is None:
            names = ", ".join(parameters)
            raise Malformed(f"expected a parameter, one of {names}; was {one.parameter[:40]}")
        if one.level > parameter.level:
            allowed, was = parameter.level.name.lower(), one.level.name.lower()
            raise Malformed(f"expected {one.parameter} at level {allowed} or above, was {was}")
        wrong = parameter.complaint(one.value)
        if wrong:
            raise Malformed(wrong, parameter=one.parameter)
        if one.since <= date:
            acting.append(one)
    found, values = newest(acting), {}
    for name, parameter in parameters.items():
        value = found.get(name, parameter.default)
        if value is None:
            raise Malformed(f"expected a value of {name}, was none")
        values[name] = value
    return values
