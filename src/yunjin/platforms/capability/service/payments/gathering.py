"""Single orders gathered: what comes while a transaction commits shares the next one."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from yunjin.kernel.errors import Bug, Refusal
from yunjin.platforms.capability.api.payments import NewPayment, Payment
from yunjin.platforms.capability.service.payments.ways import Way


@dataclass(slots=True)
class Single:
    """An order that came by itself, and what came of it."""

    command_id: UUID
    order: NewPayment
    way: Way
    made: Payment | None = field(default=None, init=False)
    failed: BaseException | None = field(default=None, init=False)
    rung: threading.Event = field(default_factory=threading.Event, init=False)  # over, or its turn

    @property
    def is_over(self) -> bool:
        """Whether it was taken or refused."""
        return self.made is not None or self.failed is not None


class Gathered:
    """Takes single orders in groups. Safe for threads, and has none of its own.

    Whoever has the turn takes all that wait, his own among them, and passes the turn on to one of
    those that came meanwhile; the others are rung once theirs is done.

    Parameters
    ----------
    act : takes orders of different payments, all or none; returns them in order.
    """

    def __init__(self, act: Callable[[Sequence[Single]], list[Payment]], *, most: int) -> None:
        self._act, self._most = act, most
        self._waiting: list[Single] = []
        self._is_busy, self._mutex = False, threading.Lock()

    def take(self, one: Single) -> Payment:
        """Return what an order became. Raises: whatever `act` raises for it."""
        with self._mutex:
            self._waiting.append(one)
            is_mine, self._is_busy = not self._is_busy, True
        if not is_mine:
            one.rung.wait()
        if not one.is_over:
            self._take_some(one)
        if one.made is None:
            raise one.failed or Bug("expected an order to be taken or refused, was neither")
        return one.made

    def _take_some(self, own: Single) -> None:
        """Take a group with an order in it, each payment once; a repetition waits for the next."""
        with self._mutex:
            group = {own.order.payment_id: own}
            rest = []
            for one in self._waiting:
                if one is own:
                    continue
                if one.order.payment_id in group or len(group) == self._most:
                    rest.append(one)
                else:
                    group[one.order.payment_id] = one
            self._waiting = rest
        self._do(list(group.values()))
        with self._mutex:
            heir = self._waiting[0] if self._waiting else None
            self._is_busy = heir is not None
        for one in group.values():
            one.rung.set()
        if heir is not None:
            heir.rung.set()

    def _do(self, group: list[Single]) -> None:
        try:
            for one, made in zip(group, self._act(group), strict=True):
                one.made = made
        except Refusal as refusal:  # of one of them: each for itself then
            if len(group) == 1:
                group[0].failed = refusal
                return
            for one in group:
                self._do([one])
        except BaseException as error:
            for one in group:
                one.failed = error
