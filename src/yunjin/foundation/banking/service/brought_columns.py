"""The columns in which agreements are brought over, as they are given and as they are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yunjin.foundation.banking.api.agreements import BRANCH as HEAD
from yunjin.foundation.banking.api.bringing import BROUGHT_OPTIONAL, BROUGHT_REQUIRED, Declared
from yunjin.foundation.banking.domain.products.book import (
    BEHIND,
    BOOKED,
    HELD,
    OPEN,
    OPENED,
    STATUS,
    Book,
)
from yunjin.foundation.banking.domain.products.declarations import (
    Account,
    Accrual,
    Choice,
    Date,
    Event,
    Field,
    Level,
    Parameter,
    Product,
    declared,
)
from yunjin.foundation.banking.domain.products.slots import grows_by_credit
from yunjin.foundation.banking.service.books import AGREEMENT, BRANCH, Kept
from yunjin.kernel.errors import Malformed

PARTY_MAX, BRANCH_MAX, NOTE_MAX = 64, 16, 200


@dataclass(frozen=True, slots=True)
class Columns:
    """What is given of agreements of one book, column by column."""

    book: Book
    given: Mapping[str, pa.Array]
    count: int

    @classmethod
    def of(cls, batch: pa.RecordBatch, book: Book) -> "Columns":
        """Read a batch. Raises: Malformed (a column is missing, unknown, of another type)."""
        kinds = {**BROUGHT_REQUIRED, **BROUGHT_OPTIONAL, **_declared(book)}
        found: dict[str, pa.Array] = {}
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if name not in kinds:
                raise Malformed(f"expected columns of the product {book.product.code}, was {name}")
            plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
            if plain.type != kinds[name]:
                raise Malformed(f"expected {name} as {kinds[name]}, was {plain.type}")
            found[name] = plain
        for name in BROUGHT_REQUIRED:
            if name not in found or found[name].null_count:
                raise Malformed(f"expected {name} of every agreement, was none")
        return cls(book, found, batch.num_rows)

    def numbers(self, name: str) -> tuple[Any, Any]:
        """Return a column (int64[n], 0 where it is not given), and where it is (bool[n])."""
        column = self.given.get(name)
        if column is None:
            return np.zeros(self.count, np.int64), np.zeros(self.count, np.bool_)
        is_given = np.asarray(pc.is_valid(column))
        return np.asarray(pc.fill_null(column, 0)), is_given

    def dates(self, name: str) -> Any:
        """Return a column (datetime64[D][n], NaT where it is not given)."""
        column = self.given.get(name)
        if column is None:
            return np.full(self.count, np.datetime64("NaT"), "datetime64[D]")
        return column.to_numpy(zero_copy_only=False).astype("datetime64[D]")

    def branch_codes(self) -> tuple[list[str], Any]:
        """Return the branches there are, and which of them each agreement is of (int64[n])."""
        column = self.given.get("branch")
        if column is None:
            return [HEAD], np.zeros(self.count, np.int64)
        coded = pc.fill_null(column, HEAD).dictionary_encode()
        return coded.dictionary.to_pylist(), coded.indices.to_numpy().astype(np.int64)

    def branches(self) -> list[str]:
        """Return the branches there are."""
        return self.branch_codes()[0]

    def check(self, usual: Mapping[str, int]) -> None:
        """Refuse words and terms that an agreement cannot have. Raises: Malformed."""
        for name, most in (("party_id", PARTY_MAX), ("branch", BRANCH_MAX)):
            column = self.given.get(name)
            if column is None:
                continue
            fits = pc.match_substring_regex(column, rf"^[!-~]([ -~]{{0,{most - 2}}}[!-~])?$")
            if not pc.all(pc.fill_null(fits, True)).as_py():
                raise Malformed(f"expected {name} as 1 to {most} ASCII characters, was another")
        note = self.given.get("note")
        if note is not None and not pc.all(_notes_fit(note)).as_py():
            raise Malformed(f"expected notes of at most {NOTE_MAX} printable characters")
        for name, parameter in self.book.parameters.items():
            self._check_term(name, parameter, known=name in usual)

    def _check_term(self, name: str, parameter: Parameter, *, known: bool) -> None:
        values, is_given = self.numbers(f"term.{name}")
        if parameter.default is None and not known and not is_given.all():
            raise Malformed(f"expected a value of {name}, was none", parameter=name)
        values = values[is_given]
        if not len(values):
            return
        if parameter.level < Level.INSTANCE:
            level = parameter.level.name.lower()
            raise Malformed(
                f"expected {name} to be set for the {level}, was for an agreement", parameter=name
            )
        told = np.unique(values) if isinstance(parameter, Choice) else (values.min(), values.max())
        for value in told:
            wrong = parameter.complaint(int(value))
            if wrong:
                raise Malformed(wrong, parameter=name)

    def opened(self, kept: Kept, ids: Any, rows: Any) -> list[dict[str, Any]]:
        """Return the rows of new agreements, as they are kept."""
        codes, which = self.branch_codes()
        notes = self.given.get("note")
        words = [""] * self.count if notes is None else pc.fill_null(notes, "").to_pylist()
        number, product = kept.number, kept.code
        return [
            {
                "agreement_id": one,
                "book_id": number,
                "row": row,
                "product": product,
                "party_id": party,
                "branch": codes[branch],
                "status": OPEN,
                "note": note,
            }
            for one, row, party, branch, note in zip(
                ids.tolist(),
                rows.tolist(),
                self.given["party_id"].to_pylist(),
                which.tolist(),
                words,
                strict=True,
            )
        ]


def declared_of(product: Product, version: int) -> Declared:
    """Return what a product declares."""
    kind = type(product)
    fields: dict[str, Field] = declared(kind, Field)
    accounts: dict[str, Account] = declared(kind, Account)
    parameters: dict[str, Parameter] = declared(kind, Parameter)
    return Declared(
        product=product.code,
        version=version,
        currency=product.currency,
        terms={name: (one.least, one.most) for name, one in parameters.items()},
        accounts={name: one.slot.name.lower() for name, one in accounts.items()},
        accruals=tuple(declared(kind, Accrual)),
        fields=tuple(name for name, one in fields.items() if not isinstance(one, Date)),
        dates=tuple(name for name, one in fields.items() if isinstance(one, Date)),
        events=tuple(declared(kind, Event)),
    )


def standing_of(kept: Kept, rows: Any, branches: list[str]) -> pa.RecordBatch:
    """Return rows of a book in the columns that `bring` takes, and what is told beside."""
    book, columns = kept.book, kept.book.columns
    numbers = columns[BRANCH][rows].astype(np.int32)
    found: dict[str, Any] = {
        "agreement_id": columns[AGREEMENT][rows],
        "product": pa.DictionaryArray.from_arrays(np.zeros(len(rows), np.int8), [kept.code]),
        "version": np.full(len(rows), kept.version, np.int32),
        "branch": pa.DictionaryArray.from_arrays(numbers, branches or [HEAD]),
        "status": columns[STATUS][rows].astype(np.uint8),
        "opened": _dates(columns[OPENED][rows]),
        "held_minor": columns[HELD][rows],
    }
    if BEHIND in columns:
        found["overdue_since"] = _dates(columns[BEHIND][rows])
    for name, account in book.accounts.items():
        sign = -1 if grows_by_credit(account.slot) else 1
        found[f"balance.{name}"] = sign * columns[name][rows]
    for name in book.accruals:
        found[f"accrued.{name}"] = columns[name][rows]
        found[f"booked.{name}"] = columns[f"{name}{BOOKED}"][rows]
    for name, parameter in book.parameters.items():
        if parameter.level == Level.INSTANCE:
            found[f"term.{name}"] = columns[name][rows]
    for name, field in book.fields.items():
        is_date = isinstance(field, Date)
        values = columns[name][rows]
        found[f"date.{name}" if is_date else f"field.{name}"] = (
            _dates(values) if is_date else values
        )
    for name in book.events:
        found[f"due.{name}"] = _dates(columns[name][rows])
    return pa.RecordBatch.from_pydict({name: _array(one) for name, one in found.items()})


def _declared(book: Book) -> dict[str, pa.DataType]:
    kinds: dict[str, pa.DataType] = {f"term.{name}": pa.int64() for name in book.parameters}
    kinds |= {f"balance.{name}": pa.int64() for name in book.accounts}
    kinds |= {f"accrued.{name}": pa.int64() for name in book.accruals}
    for name, field in book.fields.items():
        is_date = isinstance(field, Date)
        kinds[f"date.{name}" if is_date else f"field.{name}"] = (
            pa.date32() if is_date else pa.int64()
        )
    return kinds | {f"due.{name}": pa.date32() for name in book.events}


def _notes_fit(notes: pa.Array) -> Any:
    filled = pc.fill_null(notes, "")
    is_short = pc.less_equal(pc.utf8_length(filled), NOTE_MAX)
    is_trimmed = pc.equal(filled, pc.utf8_rtrim_whitespace(filled))
    is_printable = pc.or_(pc.utf8_is_printable(filled), pc.equal(filled, ""))
    return pc.and_(pc.and_(is_short, is_trimmed), is_printable)


def _dates(values: Any) -> pa.Array:
    return pa.array(values.astype("datetime64[D]"), pa.date32(), from_pandas=True)


def _array(values: Any) -> pa.Array:
    return values if isinstance(values, pa.Array) else pa.array(values)
