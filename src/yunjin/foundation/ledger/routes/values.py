"""Values on the wire: 64-bit numbers as strings, money exact in JavaScript, RFC 3339 instants."""

import datetime as dt
import re
from collections.abc import Iterable
from enum import IntFlag
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from yunjin.kernel.clock import instant, nanoseconds
from yunjin.kernel.money import MINOR_MAX
from yunjin.kernel.page import LIMIT_MAX

INT64_MAX: Final = 2**63 - 1
UINT64_MAX: Final = 2**64 - 1
BATCH_MAX: Final = 8_190
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


def flag_names(flags: int, kind: Iterable[IntFlag]) -> list[str]:
    """Return the names of the flags that are set."""
    return [flag.name.lower() for flag in kind if flags & flag and flag.name]


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
AccountId = Int63
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
At = Annotated[
    int, BeforeValidator(at_ns), WithJsonSchema({"type": "string", "format": "date-time"})
]
Total = Annotated[
    int,
    PlainSerializer(exact, when_used="json"),
    WithJsonSchema(
        {
            "description": "minor units; a string beyond 2^53-1",
            "anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^-?[0-9]{16,19}$"}],
        },
        mode="serialization",
    ),
]


class Form(BaseModel):
    """What comes in: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _told(value: Any) -> Any:
    return str(value) if type(value) is int and value > MINOR_MAX else value


class Answer(BaseModel):
    """What goes out."""

    model_config = ConfigDict(frozen=True)

    def __init__(self, **values: Any) -> None:
        # the ledger's own numbers are exact: what a caller may not send as a number, it may
        super().__init__(**{name: _told(value) for name, value in values.items()})
