"""How far a fan-out is: what it took of its items, what is on its way, what has come of the rest.

Its note is one journal row, however many items there are: counts, and what is open. What failed
stands in a table of its own.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from yunjin.chassis.flow.tables import NEVER_US


@dataclass(slots=True)
class Begun:
    """An item on its way. due_us: when it is tried next, after `tries` that failed."""

    item: Any
    tries: int = 0
    due_us: int = 0


@dataclass(slots=True)
class Fan:
    """A fan-out in memory.

    Parameters
    ----------
    at : the place of the next item; as many were taken.
    after : the last item that was taken, where they are read.
    is_read : no item is left to take.
    begun : by place; no more than the fan-out is wide.
    flying, ahead, children : what memory knows beside the note: calls that were sent, items that
        were read ahead, the ids of children.
    """

    at: int = 0
    after: Any = None
    is_read: bool = False
    done: int = 0
    failed: int = 0
    begun: dict[int, Begun] = field(default_factory=dict)
    is_stopped: bool = False  # the flow was cancelled: nothing new
    is_changed: bool = False  # since the note was written
    moved: int = 0  # items that came to an end since then
    flying: set[int] = field(default_factory=set)
    ahead: deque[Any] = field(default_factory=deque)
    children: dict[UUID, int] = field(default_factory=dict)
    left_out: frozenset[int] = frozenset()  # places among those ahead

    @classmethod
    def of(cls, note: dict[str, Any]) -> "Fan":
        """Return what a note tells of."""
        begun = {place: Begun(item, tries, due_us) for place, tries, due_us, item in note["begun"]}
        known = ("at", "after", "is_read", "done", "failed")
        return cls(**{name: note[name] for name in known}, begun=begun)

    def note(self) -> dict[str, Any]:
        """Return what is journalled."""
        return {
            "at": self.at,
            "after": self.after,
            "is_read": self.is_read,
            "done": self.done,
            "failed": self.failed,
            "begun": [[at, one.tries, one.due_us, one.item] for at, one in self.begun.items()],
        }

    def answer(self, number: int) -> dict[str, int]:
        """Return what the flow is sent at the end."""
        return {"total": self.at, "done": self.done, "failed": self.failed, "number": number}

    def ended(self, place: int, *, is_done: bool) -> None:
        """Note that an item came to its end."""
        self.begun.pop(place, None)
        self.flying.discard(place)
        self.done, self.failed = self.done + is_done, self.failed + (not is_done)
        self.is_changed, self.moved = True, self.moved + 1

    @property
    def is_ended(self) -> bool:
        """Whether nothing is left to do."""
        return not self.begun and (self.is_stopped or (self.is_read and not self.ahead))

    def can_begin(self, width: int) -> bool:
        """Return whether another item may be taken."""
        is_more = bool(self.ahead) or not self.is_read
        return is_more and not self.is_stopped and len(self.begun) < width

    def due_us(self, width: int, now_us: int) -> int:
        """Return when there is something to do; NEVER_US: once a child has ended."""
        if self.can_begin(width) or self.flying:
            return now_us
        if self.children:
            return NEVER_US
        return min((one.due_us for one in self.begun.values()), default=now_us)
