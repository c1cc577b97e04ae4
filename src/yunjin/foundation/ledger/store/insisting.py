"""Doing on a set what an outage undid, or hid the end of."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

from yunjin.foundation.ledger.errors import Fenced, OutcomeUnknown, WritesStopped
from yunjin.kernel.errors import Outage

T = TypeVar("T")
_PAUSE_S: Final = 0.05


def insist(act: Callable[[], T], *, patience_s: float) -> T:
    """Do what may be done twice, again where an outage undid it or hid its end.

    Raises: what `act` raised, once patience is over.
    """
    until = time.monotonic() + patience_s
    while True:
        try:
            return act()
        except (WritesStopped, OutcomeUnknown) as problem:
            if not _passes(problem) or time.monotonic() >= until:
                raise
        time.sleep(_PAUSE_S)


def settle(
    write: Callable[[], None],
    is_there: Callable[[], bool],
    confirm: Callable[[], None],
    *,
    patience_s: float,
) -> None:
    """Write what must be written once, and know of it in the end.

    A commit whose answer was lost may take effect at any time yet, also after we looked for it:
    then our own head fences us off. Until it was found, or written again, or an epoch came under
    which it cannot be, no other failure says that nothing was done.

    Raises: Fenced, WritesStopped, Outage (nothing was done), OutcomeUnknown.
    """
    until = time.monotonic() + patience_s
    lost: OutcomeUnknown | None = None
    fenced: Fenced | None = None
    while True:
        try:
            if lost is None or not is_there():
                if fenced is not None:
                    break
                write()
            return confirm()
        except OutcomeUnknown as problem:
            lost = problem
            if time.monotonic() >= until:
                raise
        except Fenced as problem:
            if lost is None:
                raise
            fenced = problem
        except Outage as problem:
            if not _passes(problem) or time.monotonic() >= until:
                raise lost or problem from problem
        time.sleep(_PAUSE_S)
    raise fenced


def _passes(problem: Outage | OutcomeUnknown) -> bool:
    """Tell whether a set may be well again soon; what it has then is asked of it."""
    return isinstance(problem, OutcomeUnknown) or bool(problem.facts.get("may_pass"))
