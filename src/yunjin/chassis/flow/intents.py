"""What a flow asks for: it yields one of these and is sent the answer.

An intent is data: making one does nothing. The engine acts on it, keeps the answer in the journal,
and on a later run hands the same answer out again without acting.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from yunjin.kernel import check
from yunjin.kernel.errors import Bug

STEP_NAME_LENGTH: Final = 80
_OWN_NAME_LENGTH: Final = 70  # room for "signal:", "child:", "each:" and "undo:" before it
_NAME_OF_ALL: Final = STEP_NAME_LENGTH - len("undo:")
WIDTH: Final = 256
_SECOND_US: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Retry:
    """How often an Outage is waited out, and how long each time.

    Parameters
    ----------
    attempts : tries in all; None tries until it works. After the last one the Outage is thrown
        into the flow, which may take another road.
    first_s, factor, max_s : the pause after the first try, what each pause is multiplied by, and
        the longest pause. The pause is not random: one engine works a tenant's flows.
    """

    attempts: int | None = None
    first_s: int = 1
    factor: int = 2
    max_s: int = 60

    def __post_init__(self) -> None:
        is_sound = self.first_s >= 0 and self.factor >= 1 and self.max_s >= self.first_s
        is_sound = is_sound and (self.attempts is None or self.attempts >= 1)
        check.that(is_sound, f"expected attempts ≥ 1 and 0 ≤ first_s ≤ max_s, was {self}")

    def pause_us(self, tries: int) -> int:
        """Return how long to wait after so many failed tries, ≥ 1, in microseconds."""
        pause_s = self.first_s
        for _ in range(tries - 1):
            if pause_s >= self.max_s:
                break
            pause_s *= self.factor
        return min(pause_s, self.max_s) * _SECOND_US

    def is_last(self, tries: int) -> bool:
        """Return whether no try follows after so many."""
        return self.attempts is not None and tries >= self.attempts


PATIENT: Final = Retry()  # for ever: what was begun comes to an end


@dataclass(slots=True, eq=False)  # frozen costs three times as much, at every step of a replay
class Act:
    """Something to do, and how it is undone later: a step or a call."""

    name: str
    act: Callable[..., Any]
    args: tuple[Any, ...]
    undo: Callable[..., Any] | None
    retry: Retry


class Step(Act):
    """A change of the room's own tables, saved together with the journal's row."""

    __slots__ = ()


class Call(Act):
    """A request to another room, sent while no transaction is open."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Timer:
    """A time to wait for: so long from now, or until an instant."""

    name: str
    pause_us: int | None
    until_us: int


@dataclass(frozen=True, slots=True)
class Signal:
    """A word from outside to wait for, or the first of several.

    is_named : the answer says which word it was.
    """

    name: str
    words: tuple[str, ...]
    timeout_us: int | None
    until_us: int | None = None
    is_named: bool = False

    @property
    def is_patient(self) -> bool:
        """Whether it is waited for without an end."""
        return self.timeout_us is None and self.until_us is None


@dataclass(frozen=True, slots=True)
class Child:
    """Another flow of the same room, whose answer is waited for."""

    name: str
    flow: str
    args: tuple[Any, ...]
    is_kept: bool = False


ItemReader: TypeAlias = Callable[[Any, Any, int], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class FanOut:
    """The same for each of many items.

    each : what is asked for; the item goes before its arguments.
    upto : of the items from the first; None: all of them.
    but_failed_of : the number of the fan-out that this one undoes; its failed items are left out.
    """

    name: str
    items: Sequence[Any] | ItemReader
    each: Step | Call | Child
    width: int
    total: int
    upto: int | None = None
    but_failed_of: int = 0


@dataclass(frozen=True, slots=True)
class StartedVersion:
    """The version the flow was started under; answered at once, not kept in the journal."""


@dataclass(frozen=True, slots=True)
class OwnId:
    """The flow's own id as text; answered at once, not kept in the journal."""


One: TypeAlias = Step | Call | Timer | Signal | Child | FanOut


@dataclass(frozen=True, slots=True)
class Gather:
    """Several at once; the answer is the list of their answers."""

    parts: tuple[One, ...]


Intent: TypeAlias = One | Gather | StartedVersion | OwnId
Flow: TypeAlias = Generator[Intent, Any, Any]


def step(
    act: Callable[..., Any],
    *args: Any,
    undo: Callable[..., Any] | None = None,
    retry: Retry = PATIENT,
    name: str = "",
) -> Step:
    """Ask for `act(work, *args)` inside the room's unit of work; its answer is JSON values.

    What it changes and tells is saved with the journal's row, once, whatever crashes. A Refusal is
    thrown into the flow; an Outage is tried again; anything else parks the flow for a person.

    Parameters
    ----------
    undo : `undo(work, answer, *args)` runs if the flow fails or is cancelled later.
    name : what the journal calls it; by default the function's name.
    """
    return Step(_name(act, name), act, args, undo, retry)


def call(
    act: Callable[..., Any],
    *args: Any,
    undo: Callable[..., Any] | None = None,
    retry: Retry = PATIENT,
    name: str = "",
) -> Call:
    """Ask for `act(command_id, *args)` with no transaction open: the way to other rooms.

    It may be sent twice, under the same `command_id` (a UUIDv7 that flow and step decide), so what
    it does must be idempotent by that id. Parts of a gather run side by side.

    Parameters
    ----------
    undo : `undo(command_id, answer, *args)`, under an id of its own.
    """
    return Call(_name(act, name), act, args, undo, retry)


def sleep(*, seconds: int) -> Timer:
    """Ask to go on after so many seconds; until then the flow is a row and holds no memory."""
    check.that(seconds >= 0, f"expected seconds ≥ 0, was {seconds}")
    return Timer("sleep", seconds * _SECOND_US, 0)


def sleep_until(at_ns: int) -> Timer:
    """Ask to go on at an instant, at once where it has passed."""
    return Timer("sleep", None, at_ns // 1_000)


def signal(word: str, *, timeout_s: int | None = None, until_ns: int | None = None) -> Signal:
    """Ask for the next signal of this name; the answer is its payload, or None after the timeout.

    A signal that came before it is waited for is kept. Each is handed out once, in order.

    Parameters
    ----------
    timeout_s : seconds from when it is first waited for.
    until_ns : or an instant, in nanoseconds since 1970.
    """
    check.that(timeout_s is None or until_ns is None, "expected a timeout or an instant, was both")
    timeout_us = None if timeout_s is None else timeout_s * _SECOND_US
    until_us = None if until_ns is None else until_ns // 1_000
    return Signal(f"signal:{word}", (word,), timeout_us, until_us)


def first_signal(words: Sequence[str], *, until_ns: int | None = None) -> Signal:
    """Ask for the first signal that has one of these names: `{"word": …, "payload": …}`.

    The others stay to be asked for again; the answer is None where the instant came first.
    """
    check.that(bool(words), "expected a word to wait for, was none")
    until_us = None if until_ns is None else until_ns // 1_000
    more = f" +{len(words) - 1}" if len(words) > 1 else ""
    name = f"signal:{words[0]}"[: STEP_NAME_LENGTH - len(more)] + more
    return Signal(name, tuple(words), None, until_us, is_named=True)


def child(flow: str, *args: Any, keep: bool = False) -> Child:
    """Ask for the answer of another flow of this room; its failure is thrown into this one.

    Where this flow fails or is cancelled, a child that runs is cancelled, and one that is done is
    undone too, in its place among what this flow undoes.

    Parameters
    ----------
    keep : what a child has done stays done.
    """
    return Child(f"child:{flow}", flow, args, keep)


def fan_out(
    items: Sequence[Any] | ItemReader,
    each: Step | Call | Child,
    *,
    width: int = WIDTH,
    total: int = 0,
    name: str = "",
) -> FanOut:
    """Ask for the same for each of many items; one that fails does not stop the others.

    The answer is `{"total": …, "done": …, "failed": …, "number": …}`; the failed items stand in a
    table: `work.failed_items(number, …)` in a step, `Flows.failed_items` outside. What an item is
    answered is not kept: its effect is.  The journal is one row, however many items there are.

    Parameters
    ----------
    items : JSON values: a sequence with a length, made anew on every run of the flow; or a function
        `items(work, after, limit)` that reads the next ones behind `after` (None: from the start)
        from the room's tables, the same on every run, an empty sequence at the end.
    each : `step(act, *args)` is `act(work, item, *args)`, `call(act, *args)` is
        `act(command_id, item, *args)` under the item's own id, `child(flow, *args)` the flow with
        `(item, *args)`. An undo gets the item in place of an answer; items have no order among
        them. Children that are done are deleted, unless they are to be kept; they stay done.
    width : calls, children and items that wait for another try, at most so many at once.
    total : how many there are, for those who watch, where `items` is a function.
    """
    check.that(width >= 1, f"expected a width ≥ 1, was {width}")
    count = len(items) if isinstance(items, Sequence) else total
    return FanOut(f"each:{name or each.name}"[:_NAME_OF_ALL], items, each, width, count)


def gather(*parts: One) -> Gather:
    """Ask for several at once: all are brought to an end, then their answers are sent as a list.

    Where some fail, the first of them (by place) is thrown after all have ended.
    """
    return Gather(parts)


def started_version() -> StartedVersion:
    """Ask which version the flow was started under, for code that serves several."""
    return StartedVersion()


def own_id() -> OwnId:
    """Ask for the flow's own id: what others signal it by."""
    return OwnId()


def _name(act: Callable[..., Any], given: str) -> str:
    found: str = given or getattr(act, "__name__", "")
    if not 0 < len(found) <= _OWN_NAME_LENGTH or found == "<lambda>":
        # The sentence is made only where it is said: this runs at every step of every replay.
        raise Bug(f"expected a name of 1–{_OWN_NAME_LENGTH} characters, was {found[:80]!r}")
    return found
