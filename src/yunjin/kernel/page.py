"""Pages: keyset pagination with an opaque, signed cursor; no totals, no offsets."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from yunjin.kernel.errors import Malformed

LIMIT_MAX: Final = 200
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items and where to go on from; `next_cursor` is None at the end."""

    items: tuple[T, ...]
    next_cursor: str | None = None


def seal(position: list[int | str], key: bytes) -> str:
    """Return a cursor for a position: opaque, and signed so that nobody makes one up."""
    body = json.dumps(position, separators=(",", ":")).encode()
    tag = hmac.new(key, body, hashlib.sha256).digest()[:12]
    return base64.urlsafe_b64encode(tag + body).decode().rstrip("=")


def unseal(cursor: str, key: bytes) -> list[int | str]:
    """Return the position in a cursor. Raises: Malformed for one that `seal` did not make."""
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except (ValueError, UnicodeEncodeError):
        raise Malformed("expected a cursor from an earlier page, was something else") from None
    tag, body = raw[:12], raw[12:]
    if not hmac.compare_digest(tag, hmac.new(key, body, hashlib.sha256).digest()[:12]):
        raise Malformed("expected a cursor from an earlier page, was something else")
    position: list[int | str] = json.loads(body)
    return position
