"""Which functions are flows: by name and version, side by side."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from yunjin.chassis.flow.intents import Flow
from yunjin.chassis.flow.problems import FlowUnknown, Parked
from yunjin.kernel import check

NAME_LENGTH: Final = 64


@dataclass(frozen=True, slots=True)
class Definition:
    """A flow's function under its name and version.

    Parameters
    ----------
    follows : older versions whose running flows this one carries on once they are gone.
    drawn : its chart, where it is not read from the function's code.
    """

    name: str
    version: int
    function: Callable[..., Flow]
    follows: tuple[int, ...] = ()
    drawn: Callable[[], Any] | None = None

    def __call__(self, *args: Any) -> Flow:
        return self.function(*args)


def flow(
    name: str, *, version: int, follows: Iterable[int] = ()
) -> Callable[[Callable[..., Flow]], Definition]:
    """Make a generator function a flow of a name and version.

    Between two yields it may compute and nothing else: no clock, no chance, no I/O, no global that
    changes. It is run again from its start on every recovery and has to ask for the same.
    """
    is_named = 0 < len(name) <= NAME_LENGTH and name.isascii() and not name.endswith(" ")
    check.that(is_named, f"expected 1–{NAME_LENGTH} ASCII characters as name, was {name!r}")
    check.that(version >= 1, f"expected a version ≥ 1, was {version}")
    follows = tuple(follows)
    check.that(all(0 < v < version for v in follows), f"expected older versions, was {follows}")
    return lambda function: Definition(name, version, function, follows)


class Elsewhere(Protocol):
    """Flows that are not written in code: found by name and version when they are asked for."""

    def names(self) -> Sequence[str]:
        """Return the names of those that may be started, sorted. Raises: Outage."""

    def newest(self, name: str) -> Definition | None:
        """Return what a new flow of this name runs, if it is one of these. Raises: Outage."""

    def of(self, name: str, version: int) -> Definition | None:
        """Return what a flow started under this version runs. Raises: Outage, Parked."""


class Registry:
    """The flows of a room.

    Parameters
    ----------
    elsewhere : asked for what is not among the definitions.
    """

    def __init__(self, *definitions: Definition, elsewhere: Elsewhere | None = None) -> None:
        self._elsewhere = elsewhere
        self._by_version: dict[tuple[str, int], Definition] = {}
        self._newest: dict[str, Definition] = {}
        for one in definitions:
            taken = (one.name, one.version) in self._by_version
            check.that(not taken, f"expected one {one.name} {one.version}, were two")
            self._by_version[one.name, one.version] = one
            newest = self._newest.get(one.name, one)
            self._newest[one.name] = max(newest, one, key=lambda each: each.version)

    def names(self) -> list[str]:
        """Return the names of the flows, sorted. Raises: Outage where some are kept elsewhere."""
        more = self._elsewhere.names() if self._elsewhere is not None else ()
        return sorted([*self._newest, *more])

    def definitions(self) -> list[Definition]:
        """Return all that are written in code, every version."""
        return list(self._by_version.values())

    def newest(self, name: str) -> Definition:
        """Return what a new flow of this name runs. Raises: FlowUnknown."""
        found = self._newest.get(name)
        if found is None and self._elsewhere is not None:
            found = self._elsewhere.newest(name)
        if found is None:
            raise FlowUnknown(f"No flow is called {name[:NAME_LENGTH]}.", name=name[:NAME_LENGTH])
        return found

    def of(self, name: str, version: int) -> Definition:
        """Return what a flow started under `version` runs: that version, or its follower.

        Raises: Parked where there is neither; Outage where it is kept elsewhere.
        """
        found = self._by_version.get((name, version))
        if found is None and self._elsewhere is not None and name not in self._newest:
            found = self._elsewhere.of(name, version)
        if found is not None:
            return found
        followers = [
            one for one in self._by_version.values() if one.name == name and version in one.follows
        ]
        if not followers:
            there = sorted(v for known, v in self._by_version if known == name)
            raise Parked(
                "version missing",
                f"expected version {version} of {name} or one that follows it, was {there}",
            )
        return max(followers, key=lambda each: each.version)
