"""Who a call is made for: a person, a machine, or the system itself; in the context."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["person", "machine", "system", "nobody"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls.

    subject : "person:ID", "machine:ID", "system" or "nobody"; what a record keeps.
    name : as people read it.
    roles : what it was given to do, by the tenant it calls.
    session : id of the session it is in; empty outside of one.
    is_strong : whether it showed a second factor, or is a machine with its own key.
    """

    subject: str
    name: str
    kind: Kind
    roles: frozenset[str] = frozenset()
    session: str = ""
    is_strong: bool = False


SYSTEM: Final = Caller(subject="system", name="system", kind="system", is_strong=True)
NOBODY: Final = Caller(subject="nobody", name="nobody", kind="nobody")
_current: ContextVar[Caller] = ContextVar("caller", default=SYSTEM)


def current() -> Caller:
    """Return who the running call is made for; SYSTEM in jobs, flows and at the command line."""
    return _current.get()


@contextmanager
def entered(caller: Caller) -> Iterator[None]:
    """Run a block on behalf of somebody."""
    token = _current.set(caller)
    try:
        yield
    finally:
        _current.reset(token)
