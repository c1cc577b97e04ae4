"""What a centre says of itself, beside its door: commands and queries, and what undoes a command.

The catalogue is made of this, and contract tests hold every centre to it. A door is a Protocol
whose methods are marked:

    class LimitsApi(Protocol):
        @command(undone_by="cancel")
        def reserve(self, command_id: UUID, limit_id: UUID, amount_minor: int) -> Hold:
            \"\"\"Reserve a part of a limit.\"\"\"

        @query
        def limit(self, limit_id: UUID) -> Limit:
            \"\"\"Return a limit.\"\"\"
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

from yunjin.kernel import check
from yunjin.kernel.events import EventData

F = TypeVar("F", bound=Callable[..., Any])
_MARK: Final = "__mark__"


@dataclass(frozen=True, slots=True)
class Mark:
    """What a method of a door is.

    undone_by : the command that takes it back; lasts : why nothing does. Both "": a query.
    """

    undone_by: str = ""
    lasts: str = ""

    @property
    def is_command(self) -> bool:
        """Whether it changes anything."""
        return bool(self.undone_by or self.lasts)


def command(*, undone_by: str = "", lasts: str = "") -> Callable[[F], F]:
    """Mark a method that changes something: what takes it back, or else why nothing does.

    Its first argument is `command_id: UUID`, the caller's; sent again it acts once and has the
    first answer.
    """
    check.that(bool(undone_by) != bool(lasts), "expected what undoes it, or why nothing does")
    return lambda function: _marked(function, Mark(undone_by, lasts))


def query(function: F) -> F:
    """Mark a method that changes nothing."""
    return _marked(function, Mark())


def mark_of(function: Any) -> Mark | None:
    """Return how a method of a door is marked."""
    found: Mark | None = getattr(function, _MARK, None)
    return found


def _marked(function: F, mark: Mark) -> F:
    setattr(function, _MARK, mark)
    return function


@dataclass(frozen=True, slots=True, kw_only=True)
class Slo:
    """How good a centre is held to be: time of a call at the 99th percentile, and availability."""

    p99_ms: int
    available_ppm: int = 999_900


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """An extension point: where a tenant, a business or a scenario may put its own.

    kind : "step", "parameter", "field" or "product".  words : (Chinese, English).
    default : what a parameter or product is without an overlay.
    least, most : a parameter with bounds is a whole number.
    choices : what a parameter may be, where that is listed.
    """

    name: str
    kind: str
    words: tuple[str, str]
    default: str = ""
    least: int | None = None
    most: int | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """A centre's entry in the catalogue, but for what its door says itself.

    Parameters
    ----------
    words, purpose : name and purpose in (Chinese, English).
    bian : the service domains of the Banking Industry Architecture Network that it answers.
    door : the Protocol; each of its methods is marked.
    """

    code: str
    words: tuple[str, str]
    purpose: tuple[str, str]
    bian: tuple[str, ...]
    door: type
    events: tuple[type[EventData], ...] = ()
    slo: Slo = field(default_factory=lambda: Slo(p99_ms=50))
    points: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """An argument, as the catalogue shows it. default: "" where one must be given."""

    name: str
    type: str
    default: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A command or query, as the catalogue shows it. undone_by, lasts: as in `command`."""

    name: str
    summary: str
    is_command: bool
    parameters: tuple[Parameter, ...]
    answer: str
    refusals: tuple[str, ...]  # names of what its docstring says it raises
    undone_by: str
    lasts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A centre in the catalogue."""

    code: str
    name_zh: str
    name_en: str
    purpose_zh: str
    purpose_en: str
    bian: tuple[str, ...]
    operations: tuple[Operation, ...]
    events: tuple[str, ...]  # types
    p99_ms: int
    available_ppm: int
    points: tuple[Point, ...]


class CentresApi(Protocol):
    """The catalogue of centres 能力目录; it is made of their code."""

    def centres(self) -> list[Entry]:
        """Return every centre, in the order of the catalogue."""

    def centre(self, code: str) -> Entry:
        """Return one centre. Raises: CentreNotFound."""
