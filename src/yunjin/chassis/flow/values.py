"""What travels through a flow: JSON values, the same now as when they are read back."""

import hashlib
from typing import Any, Final
from uuid import UUID

import msgspec

from yunjin.chassis.persistence import dump_json
from yunjin.kernel.ids import uuid7_of

_CHANCE_MASK: Final = 2**74 - 1


class Unfit(ValueError):
    """The value is no JSON, or more of it than allowed."""


class TooMuch(Unfit):
    """The value is JSON, but more of it than allowed."""


def written(value: Any, bytes_max: int) -> tuple[str | None, Any]:
    """Return a value as text, and as it will be when it is read back from that text.

    Raises: Unfit for what JSON does not know, text no encoding knows, and more than `bytes_max`.
    """
    if value is None:
        return None, None
    kind = type(value)
    if kind is bool:
        return ("true" if value else "false"), value
    if kind is int and -(2**63) <= value < 2**63:
        return str(value), value
    try:
        text = dump_json(value)
        size = len(text) if text.isascii() else len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise Unfit(f"expected JSON values, was {type(error).__name__}: {error}"[:300]) from None
    if size > bytes_max:
        raise TooMuch(f"expected at most {bytes_max} bytes, was {size}")
    return text, (value if kind is str else msgspec.json.decode(text))


def read(text: str | None) -> Any:
    """Return the value of a text that `written` made."""
    if text is None:
        return None
    return msgspec.json.decode(text)


def item_number(number: int, place: int) -> int:
    """Return the number that stands for an item of a fan-out, beyond those of steps."""
    beyond = (place + 1) << 32
    return number + beyond if number >= 0 else number - beyond


def step_id(flow_id: UUID, number: int) -> UUID:
    """Return the id of a step's command: a UUIDv7 of the flow's time, the same on every run."""
    digest = hashlib.blake2b(flow_id.bytes + number.to_bytes(8, "big", signed=True), digest_size=16)
    return uuid7_of(flow_id.int >> 80, int.from_bytes(digest.digest(), "big") & _CHANCE_MASK)
