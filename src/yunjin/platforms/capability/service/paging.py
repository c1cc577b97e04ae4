"""Pages of what is listed by its id, newest first."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from yunjin.kernel.errors import Malformed
from yunjin.kernel.page import Page, seal, unseal

T = TypeVar("T")


def position(cursor: str | None, key: bytes) -> UUID | None:
    """Return the id that a page goes on from. Raises: Malformed."""
    if cursor is None:
        return None
    match unseal(cursor, key):
        case [str(text)]:
            return UUID(text)
    raise Malformed("expected a cursor of this list, was another list's")


def page_of(found: Sequence[T], limit: int, key: bytes, id_of: Callable[[T], UUID]) -> Page[T]:
    """Return a page of what was found; one more than its `limit` says that it goes on."""
    items = tuple(found[:limit])
    more = len(found) > limit
    return Page(items, seal([str(id_of(items[-1]))], key) if more else None)
