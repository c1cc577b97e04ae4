"""Values on the wire: 64-bit numbers as strings, money exact in JavaScript, RFC 3339 instants.

What every room's forms and answers are made of, and the ids that commands come under.
"""

import datetime as dt
import re
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Header
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from yunjin.kernel.clock import instant, nanoseconds
from yunjin.kernel.errors import Malformed
from yunjin.kernel.money import MINOR_MAX
from yunjin.kernel.page import LIMIT_MAX

INT64_MAX: Final = 2**63 - 1
UINT64_MAX: Final = 2**64 - 1
_INSTANT: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def big(value: Any, maximum: int) -> int:
    """Read a 64-bit number: digits in a string, or an integer that JavaScript keeps exact."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        number = int(value)
    elif type(value) is int and value <= MINOR_MAX:
        number = value
    else:
        raise ValueError("expected digits in a string, or an integer below 2^53")
    if not 0 <= number <= maximum:
        raise ValueError(f"expected a number from 0 to {maximum}")
    return number


def at_ns(text: Any) -> int:
    """Read an RFC 3339 instant as nanoseconds; up to nine decimals count."""
    match = _INSTANT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError("expected an instant such as 2026-11-24T08:00:00Z")
    zone = "+00:00" if match[4] in "Zz" else match[4]
    seconds = nanoseconds(dt.datetime.fromisoformat(f"{match[1]}T{match[2]}{zone}"))
    number = seconds + int((match[3] or "0").ljust(9, "0"))
    if not 0 <= number <= INT64_MAX:
        raise ValueError("expected an instant from 1970 to 2262")
    return number


def rfc3339(at: int) -> str:
    """Write nanoseconds as an instant with nine decimals, exactly."""
    return f"{instant(at):%Y-%m-%dT%H:%M:%S}.{at % 1_000_000_000:09d}Z"


def exact(number: int) -> int | str:
    """Write an amount as a number, or as a string where JavaScript would round it."""
    return number if abs(number) <= MINOR_MAX else str(number)


_DIGITS: Final = {"type": "string", "pattern": "^[0-9]{1,20}$"}
_DIGITS_OR_SMALL: Final = {
    "anyOf": [_DIGITS, {"type": "integer", "minimum": 0, "maximum": MINOR_MAX}]
}


def _reading(maximum: int) -> Any:
    return (
        BeforeValidator(lambda value: big(value, maximum)),
        WithJsonSchema(_DIGITS_OR_SMALL, mode="validation"),
    )


Int63 = Annotated[int, *_reading(INT64_MAX)]  # coming in
UInt64 = Annotated[int, *_reading(UINT64_MAX)]
Digits = Annotated[  # going out
    int,
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema(_DIGITS, mode="serialization"),
]
Minor = Annotated[int, Field(strict=True, ge=-MINOR_MAX, le=MINOR_MAX)]
UInt32 = Annotated[int, Field(strict=True, ge=0, le=2**32 - 1)]
UInt16 = Annotated[int, Field(strict=True, ge=0, le=2**16 - 1)]
Limit = Annotated[int, Field(ge=1, le=LIMIT_MAX)]
Cursor = Annotated[str, Field(min_length=1, max_length=500)]
_DATE_TIME: Final = {"type": "string", "format": "date-time"}
At = Annotated[int, BeforeValidator(at_ns), WithJsonSchema(_DATE_TIME)]  # ns, coming in
Instant = Annotated[  # ns, going out
    int,
    PlainSerializer(rfc3339, return_type=str, when_used="json"),
    WithJsonSchema(_DATE_TIME, mode="serialization"),
]


def _exactly(description: str) -> Any:
    string = {"type": "string", "pattern": "^-?[0-9]{16,20}$"}
    schema = {"description": description, "anyOf": [{"type": "integer"}, string]}
    return (
        PlainSerializer(exact, when_used="json"),
        WithJsonSchema(schema, mode="serialization"),
    )


Total = Annotated[int, *_exactly("minor units; a string beyond 2^53-1")]
Exact = Annotated[int, *_exactly("A string beyond 2^53-1.")]
CommandId = Annotated[UUID, Header(alias="Idempotency-Key", description="The command's id.")]
Key = Annotated[  # of a command whose id may stand in its body as well
    UUID | None,
    Header(
        alias="Idempotency-Key",
        description="The command's id: made before sending, kept, sent again with a retry. "
        "It may stand in the body as `id` instead.",
    ),
]


class Form(BaseModel):
    """What comes in: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Command(Form):
    """What comes in under an id of its own and acts once."""

    id: Annotated[UUID | None, Field(description="The command's id; else Idempotency-Key.")] = None


class Answer(BaseModel):
    """What goes out, read from what a door answers."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


def id_of(command: Command | None, key: UUID | None) -> UUID:
    """Return a command's id. Raises: Malformed (none, or two that differ)."""
    named = command.id if command and command.id else key
    if named is None:
        raise Malformed("expected the command's id as Idempotency-Key or as id, was none")
    if key not in (None, named):
        raise Malformed("expected the command's id as Idempotency-Key, was another")
    return named


def facts_of(form: Command) -> dict[str, Any]:
    """Return a command's fields without its id."""
    return form.model_dump(exclude={"id"})
