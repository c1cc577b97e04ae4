"""The mapping file: how to read a CSV file of one source. TOML; unknown keys are refused."""

import codecs
import tomllib
from typing import Final, Literal

import msgspec

from yunjin.foundation.ledger.errors import ImportRefused

Column = str | int  # a heading, or a number from 1


class FileFormat(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the file is written."""

    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    has_header: bool = True
    skip_lines: int = 0  # before the header
    order: Literal["oldest_first", "newest_first"] = "oldest_first"


class Columns(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where things are. Either `amount`, or `debit` and `credit`."""

    account: Column | None = None
    amount: Column | None = None
    side: Column | None = None
    debit: Column | None = None
    credit: Column | None = None
    currency: Column | None = None
    value_date: Column | None = None
    reference: Column | None = None
    counterparty: Column | None = None
    balance: Column | None = None  # the account's balance after the row
    status: Column | None = None
    id: Column | None = None  # unique in the source, for ever


class Values(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What no column says, because it is the same in every row."""

    account: str = ""
    currency: str = ""


class ValueFormat(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How values are written."""

    date: str = "%Y-%m-%d"  # as in strptime
    decimal: str = "."
    thousands: str = ""
    credit: tuple[str, ...] = ("C", "CR", "CRDT", "credit")
    debit: tuple[str, ...] = ("D", "DR", "DBIT", "debit")
    positive: Literal["credit", "debit"] = "credit"  # what an amount without a sign is
    booked: tuple[str, ...] = ()  # of `status`; rows of another status are skipped
    account_kind: str = "iban"  # the kind of alias that accounts are known by


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A mapping file."""

    name: str  # of the source; part of every transfer's id
    columns: Columns
    file: FileFormat = FileFormat()
    values: Values = Values()
    format: ValueFormat = ValueFormat()


_MARKS: Final = "expected one character"


def read_mapping(text: str) -> Mapping:
    """Read a mapping file. Raises: ImportRefused."""
    try:
        mapping = msgspec.convert(tomllib.loads(text), Mapping, strict=True)
    except tomllib.TOMLDecodeError as error:
        raise ImportRefused(f"mapping: expected TOML, was: {error}") from None
    except (msgspec.ValidationError, RecursionError) as error:
        raise ImportRefused(f"mapping: {error}") from None
    for problem in _problems(mapping):
        raise ImportRefused(f"mapping: {problem}")
    return mapping


def _problems(mapping: Mapping) -> list[str]:
    file, columns, values, form = mapping.file, mapping.columns, mapping.values, mapping.format
    has_pair = columns.debit is not None and columns.credit is not None
    try:
        codecs.lookup(file.encoding)
        has_encoding = True
    except (LookupError, ValueError):
        has_encoding = False
    numbers = [c for c in msgspec.structs.astuple(columns) if isinstance(c, int)]
    names = [c for c in msgspec.structs.astuple(columns) if isinstance(c, str)]
    rules: list[tuple[bool, str]] = [
        (bool(mapping.name.strip()), "expected a name of the source, was empty"),
        (has_encoding, f"expected an encoding, was {file.encoding[:40]!r}"),
        (len(file.delimiter) == 1, f"{_MARKS} as delimiter, was {file.delimiter[:9]!r}"),
        (len(file.quote) == 1, f"{_MARKS} as quote, was {file.quote[:9]!r}"),
        (file.delimiter != file.quote, "expected delimiter and quote to differ"),
        (not {file.delimiter, file.quote} & set("\r\n\0"), "expected no line ends as delimiter"),
        (0 <= file.skip_lines <= 1_000, "expected skip_lines of 0 to 1000"),
        (len(form.decimal) == 1, f"{_MARKS} as decimal, was {form.decimal[:9]!r}"),
        (len(form.thousands) <= 1, f"{_MARKS} or none as thousands"),
        (form.decimal != form.thousands, "expected decimal and thousands to differ"),
        (all(number >= 1 for number in numbers), "expected columns to be numbered from 1"),
        (file.has_header or not names, "expected numbers as columns in a file without header"),
        (
            (columns.amount is not None) != has_pair,
            "expected columns.amount, or columns.debit and columns.credit",
        ),
        (
            columns.amount is not None or columns.side is None,
            "expected columns.side only with columns.amount",
        ),
        (bool(columns.account or values.account), "expected columns.account or values.account"),
        (bool(columns.currency or values.currency), "expected columns.currency or values.currency"),
        (columns.value_date is not None, "expected columns.value_date"),
        (
            columns.status is None or bool(form.booked),
            "expected format.booked with columns.status",
        ),
        (bool(form.account_kind.strip()), "expected format.account_kind"),
    ]
    return [what for holds, what in rules if not holds]
