"""What happened with us, written as the old core writes: movements, balances, control totals."""

import csv
import io
from collections.abc import Mapping as Names
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa

from yunjin.kernel.money import exponent
from yunjin.platforms.capability.domain.takeover.mapping import File, Form, Mapping, Product

_FINE: Final = 10


@dataclass(slots=True)
class Closing:
    """Agreements of one old product as they ended, and what they came over with.

    closing, moved : int64[k], minor, by account.
    """

    product: Product
    currency: str
    keys: pa.Array
    opening: pa.RecordBatch
    standing: pa.RecordBatch
    closing: Names[str, Any]
    moved: dict[str, Any] = field(default_factory=dict)

    def wrong(self) -> list[str]:
        """Return agreements whose opening balance and movements are not their balance."""
        differs = np.zeros(len(self.keys), np.bool_)
        for name in {*self.closing, *self.moved, *self.product.balances}:
            differs |= self._opened(name) + self.moved.get(name, 0) != self.closing.get(name, 0)
        found: list[str] = self.keys.filter(pa.array(differs)).to_pylist()
        return found

    def _opened(self, name: str) -> Any:
        column = f"balance.{name}"
        if column not in self.opening.schema.names:
            return np.zeros(len(self.keys), np.int64)
        return self.opening[column].to_numpy()

    def columns(self) -> dict[str, list[int]]:
        """Return amounts by the names of the old core's columns: minor, accrued 10⁻⁸ minor."""
        sign = -1 if self.product.sign == "opposite" else 1
        nothing = np.zeros(len(self.keys), np.int64)
        found = {
            column: (sign * self.closing.get(name, nothing)).tolist()
            for name, column in self.product.balances.items()
        }
        for name, column in self.product.accruals.items():
            found[column] = (sign * self.standing[f"accrued.{name}"].to_numpy()).tolist()
        return found


@dataclass(frozen=True, slots=True)
class Happened:
    """Movements on what the old core calls the balance of an agreement."""

    currency: str
    keys: list[str]
    dates: list[Any]
    references: list[str]
    amounts: list[int]
    texts: list[str]

    @classmethod
    def of(
        cls, product: Product, currency: str, keys: pa.Array, at: Any, moved: pa.RecordBatch
    ) -> "Happened":
        """Return what moved (at: int64[k], of the keys), signed as the old core signs it."""
        sign = -1 if product.sign == "opposite" else 1
        accounts = moved["account"].to_pylist()
        high, low = moved["id_hi"].to_pylist(), moved["id_lo"].to_pylist()
        return cls(
            currency=currency,
            keys=keys.take(pa.array(at)).to_pylist(),
            dates=moved["date"].to_pylist(),
            references=[f"{one:016x}{two:016x}" for one, two in zip(high, low, strict=True)],
            amounts=(sign * moved["amount_minor"].to_numpy()).tolist(),
            texts=["" if name == "main" else name for name in accounts],
        )


def written(
    mapping: Mapping, closings: Sequence[Closing], happened: Sequence[Happened]
) -> dict[str, bytes]:
    """Return the files of a delta by name."""
    files = {mapping.balances.file: _balances(mapping, closings)}
    count = sum(len(one.keys) for one in closings)
    totals = [("balances", "rows", "", str(count))]
    if mapping.history is not None:
        files[mapping.history.file] = _history(mapping, mapping.history, happened)
        count = sum(len(one.keys) for one in happened)
        totals.append(("history", "rows", "", str(count)))
    for currency in sorted({one.currency for one in closings}):
        total = sum(
            sum(one.columns().get("balance", ())) for one in closings if one.currency == currency
        )
        amount = _amount(total, exponent(currency), Form())
        totals.append(("balances", "balance", currency, amount))
    if mapping.controls is not None:
        names = mapping.controls
        header = [names.of, names.figure, names.currency, names.total]
        files[names.file] = _rows(header, totals, mapping.form_of(names))
    return files


def _balances(mapping: Mapping, closings: Sequence[Closing]) -> bytes:
    file, form, units = (
        mapping.balances,
        mapping.form_of(mapping.balances),
        mapping.units("balances"),
    )
    rows: list[Sequence[str]] = []
    for one in closings:
        places, amounts = exponent(one.currency), one.columns()
        columns: list[Sequence[str]] = []
        for ours in file.columns:
            if ours == "key":
                columns.append(one.keys.to_pylist())
            elif ours in amounts:
                fine = places + 8 if units[ours] == "accrued" else places
                columns.append([_amount(each, fine, form) for each in amounts[ours]])
            else:
                columns.append([""] * len(one.keys))
        rows += zip(*columns, strict=True)
    return _rows(list(file.columns.values()), rows, form)


def _history(mapping: Mapping, file: File, happened: Sequence[Happened]) -> bytes:
    form = mapping.form_of(file)
    side = {ours: theirs for theirs, ours in file.codes.get("side", {}).items()}
    rows = []
    for one in happened:
        places = exponent(one.currency)
        for key, date, reference, amount, text in zip(
            one.keys, one.dates, one.references, one.amounts, one.texts, strict=True
        ):
            sided = "side" in file.columns
            way = "in" if amount > 0 else "out"
            values = {
                "key": key,
                "reference": reference,
                "date": date.strftime(form.date),
                "amount": _amount(abs(amount) if sided else amount, places, form),
                "side": side.get(way, way),
                "text": text,
            }
            rows.append([values.get(ours, "") for ours in file.columns])
    return _rows(list(file.columns.values()), rows, form)


def _rows(header: Sequence[str], rows: Sequence[Sequence[str]], form: Form) -> bytes:
    out = io.StringIO()
    quote = form.quote or '"'
    writer = csv.writer(out, delimiter=form.delimiter, quotechar=quote, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode(form.encoding)


def _amount(minor: int, places: int, form: Form) -> str:
    """Write an amount of minor units, or parts of them, with so many decimals."""
    sign, digits = "-" if minor < 0 else "", str(abs(minor)).rjust(places + 1, "0")
    if not places:
        return f"{sign}{digits}"
    return f"{sign}{digits[:-places]}{form.decimal}{digits[-places:]}"
