"""Column types that mean the same on every engine we run on.

Ids of commands and events are BINARY(16): less than half of CHAR(36) in every key and index, free
of collations, and compared byte by byte everywhere, so that UUIDv7 sorts by time. Ids of accounts
are BIGINT. Times are BIGINT microseconds, since DATETIME differs in zone, precision and range.
JSON is text: engines rewrite their own JSON type (order, spaces, numbers), and we keep what was
said. Keys are ASCII and compared by byte; what a column cannot hold on one engine (length,
trailing blanks) is refused on all of them, also on SQLite, which would take anything.
"""

import json
from datetime import date, datetime
from enum import Enum
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeDecorator, TypeEngine

from yunjin.kernel import check

COLLATION: Final = "utf8mb4_bin"

Micros: Final = sa.BigInteger  # microseconds since 1970-01-01T00:00:00Z
Int64: Final = sa.BigInteger  # account ids, minor units, counters
Small: Final = sa.SmallInteger  # states, flags, short counts


def instant_us(at_ns: int) -> int:
    """Return the microseconds that a Micros column keeps of a nanosecond timestamp."""
    return at_ns // 1_000


def dump_json(value: Any) -> str:
    """Write JSON that is the same for the same value: keys sorted, no blanks, no NaN.

    UUIDs, dates, instants and enums become what their readers expect; anything else that JSON
    does not know is a TypeError.
    """
    return json.dumps(
        value,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
        default=_plain,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"expected a JSON value, was {type(value).__name__}")


class Uuid(TypeDecorator[UUID]):
    """A 128-bit id, 16 bytes big-endian."""

    impl = sa.LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        return _binary(dialect, 16)

    def process_bind_param(self, value: UUID | None, dialect: sa.Dialect) -> bytes | None:
        return None if value is None else value.bytes

    def process_result_value(self, value: bytes | None, dialect: sa.Dialect) -> UUID | None:
        return None if value is None else UUID(bytes=bytes(value))


class Digest(TypeDecorator[bytes]):
    """A SHA-256 or SM3 hash, 32 bytes."""

    impl = sa.LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        return _binary(dialect, 32)

    def process_bind_param(self, value: bytes | None, dialect: sa.Dialect) -> bytes | None:
        if value is not None:
            check.that(len(value) == 32, f"expected a hash of 32 bytes, was {len(value)}")
        return value


class Ascii(TypeDecorator[str]):
    """A key or a code: ASCII, compared by byte, at most `length` characters."""

    impl = sa.String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        if dialect.name == "mysql":
            return mysql.VARCHAR(self.length, charset="ascii", collation="ascii_bin")
        return sa.String(self.length)

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        if value is not None:
            if not value.isascii():
                check.that(False, f"expected ASCII, was {value[:40]!r}")
            _check_fits(value, self.length)
        return value


class Words(TypeDecorator[str]):
    """Text for people, in any script, at most `length` characters."""

    impl = sa.String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        if dialect.name == "mysql":
            return mysql.VARCHAR(self.length, charset="utf8mb4", collation=COLLATION)
        return sa.String(self.length)

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        if value is not None:
            _check_fits(value, self.length)
        return value


class Json(TypeDecorator[Any]):
    """A JSON value as text, at most 16 MB (keep rows far below: a transaction is 4 MB at most)."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        if dialect.name == "mysql":
            return mysql.MEDIUMTEXT(charset="utf8mb4", collation=COLLATION)
        return sa.Text()

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        return None if value is None else dump_json(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:
        return None if value is None else json.loads(value)


class Blob(TypeDecorator[bytes]):
    """Bytes, at most 16 MB (keep rows far below: a transaction is 4 MB at most)."""

    impl = sa.LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        return mysql.MEDIUMBLOB() if dialect.name == "mysql" else sa.LargeBinary()

    def process_result_value(self, value: bytes | None, dialect: sa.Dialect) -> bytes | None:
        return None if value is None else bytes(value)


PORTABLE: Final = (
    Uuid,
    Digest,
    Blob,
    Ascii,
    Words,
    Json,
    sa.BigInteger,
    sa.Integer,
    sa.SmallInteger,
)


def _binary(dialect: sa.Dialect, length: int) -> TypeEngine[Any]:
    return mysql.BINARY(length) if dialect.name == "mysql" else sa.LargeBinary(length)


def _check_fits(value: str, length: int) -> None:
    if len(value) <= length and value[-1:] != " ":  # no words are made for each of many values
        return
    # MySQL-compatible engines compare 'a' and 'a ' as equal, SQLite does not.
    check.that(len(value) <= length, f"expected at most {length} characters, was {len(value)}")
    check.that(not value.endswith(" "), "expected no blank at the end, was one")
