"""The tenant a call belongs to: in the context, in every event, key and log line."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from yunjin.kernel.errors import Bug, Malformed

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,30}[a-z0-9]")
_current: ContextVar[str] = ContextVar("tenant")


def current() -> str:
    """Return the tenant of the running call. Raises: Bug where nobody entered one."""
    try:
        return _current.get()
    except LookupError:
        raise Bug("expected a tenant in the context, was none") from None


def checked(name: str) -> str:
    """Return a tenant's name that is fit for paths and keys. Raises: Malformed."""
    if not _NAME.fullmatch(name):
        raise Malformed(f"expected a tenant name of 2–32 characters a–z 0–9 -, was {name[:40]!r}")
    return name


@contextmanager
def entered(name: str) -> Iterator[None]:
    """Run a block on behalf of a tenant."""
    token = _current.set(checked(name))
    try:
        yield
    finally:
        _current.reset(token)
