"""Tables of a set as chunks: where a chunk begins, and the SQL that makes a checksum of it.

The SQL is what every MySQL-compatible engine has: CRC32 and SUM, no variables, no procedures.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from yunjin.foundation.database.domain.users import DOCTOR

_OURS: Final = f"'mysql', 'sys', 'information_schema', 'performance_schema', '{DOCTOR}'"
COLUMNS: Final = f"""
SELECT c.table_schema, c.table_name, c.column_name, c.data_type, c.column_key
FROM information_schema.columns c
JOIN information_schema.tables t ON t.table_schema = c.table_schema
 AND t.table_name = c.table_name
WHERE t.table_type = 'BASE TABLE' AND t.engine = 'InnoDB' AND c.table_schema NOT IN ({_OURS})
 AND c.extra NOT LIKE '%GENERATED%'
ORDER BY c.table_schema, c.table_name, c.ordinal_position
"""
KEYS: Final = f"""
SELECT table_schema, table_name, column_name FROM information_schema.key_column_usage
WHERE constraint_name = 'PRIMARY' AND table_schema NOT IN ({_OURS})
ORDER BY table_schema, table_name, ordinal_position
"""
_NUMBERS: Final = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint", "decimal"})
_BYTES: Final = frozenset({"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"})
_TEXTS: Final = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext"})
_TIMES: Final = frozenset({"date", "datetime", "timestamp", "time", "year"})
_PLAIN: Final = re.compile(r"[\w$.\- ]+")  # what needs no thought inside backticks
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")
Key = tuple[str, ...]  # the values of a primary key, as `key_words` reads them


def quoted(name: str) -> str:
    """Return a name as SQL quotes it."""
    return f"`{name.replace('`', '``')}`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column, and what is done with its kind of values."""

    name: str
    kind: str

    @property
    def can_be_key(self) -> bool:
        """Return whether its values can be written down and compared exactly."""
        return self.kind in _NUMBERS | _BYTES | _TEXTS | _TIMES

    def read(self) -> str:
        """Return SQL that gives its value as plain ASCII."""
        name = quoted(self.name)
        if self.kind in _NUMBERS:
            return name
        return f"HEX({name})" if self.kind in _BYTES else f"HEX(CONVERT({name} USING utf8mb4))"

    def literal(self, text: str) -> str:
        """Return a value that `read` gave as SQL."""
        if self.kind in _NUMBERS:
            if not _NUMBER.fullmatch(text):
                raise ValueError(f"expected a number, was {text[:20]!r}")
            return text
        digits = f"X'{bytes.fromhex(text).hex()}'"
        return digits if self.kind in _BYTES else f"_utf8mb4 {digits}"

    def shown(self, text: str) -> str:
        """Return a value that `read` gave, for people."""
        if self.kind in _NUMBERS | _BYTES:
            return text
        return bytes.fromhex(text).decode("utf-8", "replace")

    def summed(self) -> str:
        """Return SQL that stands for its value in a checksum; NULL counts apart."""
        name = quoted(self.name)
        if self.kind in _BYTES | _TEXTS:
            return f"COALESCE(CONCAT(LENGTH({name}), ':', CRC32({name})), 'n')"
        return f"COALESCE({name}, 'n')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table that is compared."""

    schema: str
    name: str
    columns: tuple[Column, ...]
    key: tuple[Column, ...]

    @property
    def title(self) -> str:
        """Return its name for people."""
        return f"{self.schema}.{self.name}"

    def shown(self, key: Key) -> str:
        """Return a key for people."""
        return ",".join(column.shown(text) for column, text in zip(self.key, key, strict=True))

    def _place(self) -> str:
        return f"{quoted(self.schema)}.{quoted(self.name)}"

    def _order(self) -> str:
        return ", ".join(quoted(column.name) for column in self.key)

    def _beyond(self, key: Key, sign: str) -> str:
        """Return SQL for "the row's key is less or greater", as engines read it by the index."""
        alike, found = "", []
        for column, text in zip(self.key, key, strict=True):
            here = f"{quoted(column.name)} {sign} {column.literal(text)}"
            found.append(f"({alike}{here})")
            alike += f"{quoted(column.name)} = {column.literal(text)} AND "
        return f"({' OR '.join(found)})"

    def _from(self, after: Key | None) -> str:
        return self._beyond(after, ">") if after is not None else "1 = 1"

    def ends(self, after: Key | None, rows: int, chunks: int) -> str:
        """Return SQL for the last keys of the next chunks: fewer rows at the table's end."""
        read = ", ".join(column.read() for column in self.key)
        one = (
            f"(SELECT {{at}} AS chunk, {read} FROM {self._place()} WHERE {self._from(after)} "
            f"ORDER BY {self._order()} LIMIT 1 OFFSET {{offset}})"
        )
        return " UNION ALL ".join(
            one.format(at=at, offset=(at + 1) * rows - 1) for at in range(chunks)
        )

    def checksum(self, at: int, after: Key | None, until: Key | None) -> str:
        """Return SQL for (at, rows, checksum) of the rows in (after, until]."""
        nulls = ", ".join(f"{quoted(column.name)} IS NULL" for column in self.columns)
        values = ", ".join(column.summed() for column in self.columns)
        end = f" AND NOT {self._beyond(until, '>')}" if until is not None else ""
        return (
            f"(SELECT {at} AS chunk, COUNT(*), "
            f"COALESCE(SUM(CRC32(CONCAT_WS('#', {values}, {nulls}))), 0) "
            f"FROM {self._place()} WHERE {self._from(after)}{end})"
        )


def tables_of(
    columns: Sequence[tuple[str, ...]], keys: Sequence[tuple[str, ...]]
) -> tuple[list[Table], list[str]]:
    """Return the tables that can be compared, and the names of those that cannot.

    Parameters
    ----------
    columns, keys : rows of COLUMNS and of KEYS.
    """
    kinds: dict[tuple[str, str], list[Column]] = {}
    for schema, name, column, kind, _ in columns:
        kinds.setdefault((schema, name), []).append(Column(name=column, kind=kind.lower()))
    key_names: dict[tuple[str, str], list[str]] = {}
    for schema, name, column in keys:
        key_names.setdefault((schema, name), []).append(column)
    found, left_out = [], []
    for (schema, name), all_columns in kinds.items():
        by_name = {column.name: column for column in all_columns}
        key = [by_name[each] for each in key_names.get((schema, name), []) if each in by_name]
        table = Table(schema=schema, name=name, columns=tuple(all_columns), key=tuple(key))
        names = (schema, name, *by_name)
        is_plain = all(_PLAIN.fullmatch(each) for each in names)
        if is_plain and key and all(column.can_be_key for column in key):
            found.append(table)
        else:
            left_out.append(table.title)
    return found, left_out
