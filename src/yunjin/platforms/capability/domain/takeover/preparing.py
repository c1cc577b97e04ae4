"""What a checked delivery comes to: parts of cells, in the columns that the bank takes.

Within a cell and product they are cut in the order of their parties' ids, so that a part's rows
stand together in the indexes that the bank keeps by party: else each row of a part is written into
another page.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yunjin.platforms.capability.domain.takeover.joined import (
    Joined,
    column_of,
    movement_amounts,
)
from yunjin.platforms.capability.domain.takeover.mapping import Mapping, Product

PART_ROWS: Final = 20_000  # agreements, or customers, of a part: some megabytes at most
MOVEMENT_ROWS: Final = 100_000
NOTE_MAX: Final = 200
CELL_MAX: Final = 40
OLD_MOVEMENTS: Final = pa.schema(
    [
        ("place", pa.int32()),  # of the agreement in its part
        ("date", pa.date32()),
        ("reference", pa.string()),
        ("amount_minor", pa.int64()),
        ("text", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Part:
    """Some agreements of a cell, of one old product; their movements of before.

    agreements : `key`, `customer`, and what `BringingApi.bring` takes but for the party.
    """

    cell: str
    old_product: str
    product: str
    currency: str
    agreements: pa.RecordBatch
    movements: list[pa.RecordBatch]


@dataclass(frozen=True, slots=True)
class People:
    """Some customers of a cell."""

    cell: str
    customers: pa.RecordBatch


Ranks = Callable[[pa.Array], Any]  # customers' keys → where their parties' ids sort, uint64[n]


def _as_given(keys: pa.Array) -> Any:
    return np.zeros(len(keys), np.uint64)


def parts(joined: Joined, mapping: Mapping, ranks: Ranks = _as_given) -> Iterator[Part]:
    """Yield the agreements to bring over, by cell and old product."""
    rank = _ranked(joined, ranks)
    codes, which = _coded(_cells(joined, mapping))
    spread = _by_agreement(joined)
    for code, product in mapping.products.items():
        of_it = joined.good & _equal(joined.product, code)
        if not of_it.any():
            continue
        columns = _columns(joined, product, mapping)
        for cell in np.unique(which[of_it]).tolist():
            rows = np.flatnonzero(of_it & (which == cell))
            rows = rows[np.argsort(rank[rows], kind="stable")]
            for start in range(0, len(rows), PART_ROWS):
                some = rows[start : start + PART_ROWS]
                taken = [one.take(pa.array(some)) for one in columns.values()]
                yield Part(
                    codes[cell],
                    code,
                    product.product,
                    joined.currency[int(some[0])].as_py(),
                    pa.RecordBatch.from_arrays(taken, names=list(columns)),
                    _movements(joined, spread, some),
                )


def _ranked(joined: Joined, ranks: Ranks) -> Any:
    """Return where each agreement's party sorts; each customer is looked at once."""
    if joined.customers is None:
        return ranks(pc.fill_null(joined.agreements.words("customer"), ""))
    of_customers = ranks(pc.fill_null(joined.customers.words("key"), ""))
    return np.append(of_customers, np.uint64(0))[joined.customer_at]  # −1: nobody


def _columns(joined: Joined, product: Product, mapping: Mapping) -> dict[str, pa.Array]:
    """Return all agreements in the columns of one product; those of others mean nothing."""
    sheet = joined.agreements
    keys = sheet.words("key")
    notes = pc.binary_join_element_wise(mapping.name, keys, " ")
    found: dict[str, pa.Array] = {
        "key": keys,
        "customer": sheet.words("customer"),
        "opened": _dates(sheet.dates("opened")[0]),
        "branch": pc.fill_null(sheet.coded("branch")[0], "head"),
        "note": pc.utf8_slice_codeunits(notes, 0, NOTE_MAX),
    }

    def numbers(column: str | int) -> pa.Array:
        if isinstance(column, int):
            return pa.array(np.full(len(sheet), column, np.int64))
        return pa.array(column_of(joined, column, product))

    for name, one in product.terms.items():
        found[f"term.{name}"] = numbers(one)
    for name, one in product.fields.items():
        found[f"field.{name}"] = numbers(one)
    for name, column in product.balances.items():
        found[f"balance.{name}"] = numbers(column)
    for name, column in product.accruals.items():
        found[f"accrued.{name}"] = numbers(column)
    dates = {f"date.{name}": one for name, one in product.dates.items()}
    dates |= {f"due.{name}": one for name, one in product.due.items()}
    if product.overdue_since:
        dates["overdue_since"] = product.overdue_since
    for name, column in dates.items():
        found[name] = _dates(column_of(joined, column, product))
    return found


def _by_agreement(joined: Joined) -> tuple[Any, Any, dict[str, pa.Array]]:
    """Return good movements in the order of their agreements: those' places, and the columns."""
    sheet = joined.history
    if sheet is None:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), {}
    at = joined.history_at
    rows = np.flatnonzero(joined.good_history & (at >= 0))
    dates = sheet.dates("date")[0]
    turn = rows[np.lexsort((dates[rows], at[rows]))]
    amounts, _ = movement_amounts(sheet, np.append(joined.places, 2)[at])
    order = pa.array(turn)
    columns = {
        "date": _dates(dates[turn]),
        "reference": pc.fill_null(sheet.words("reference"), "").take(order),
        "amount_minor": pa.array(amounts[turn]),
        "text": pc.fill_null(sheet.words("text"), "").take(order),
    }
    return at[turn], turn, columns


def _movements(
    joined: Joined, spread: tuple[Any, Any, dict[str, pa.Array]], rows: Any
) -> list[pa.RecordBatch]:
    """Return the movements of some agreements (int64[k]), by their place in it."""
    owners, _, columns = spread
    if not columns or not len(rows):
        return []
    first = np.searchsorted(owners, rows, "left")
    last = np.searchsorted(owners, rows, "right")
    counts = last - first
    total = int(counts.sum())
    if not total:
        return []
    starts = np.cumsum(counts) - counts
    at = np.repeat(first - starts, counts) + np.arange(total)
    place = np.repeat(np.arange(len(rows), dtype=np.int32), counts)
    taken = {name: one.take(pa.array(at)) for name, one in columns.items()}
    arrays = [pa.array(place), *(taken[each.name] for each in list(OLD_MOVEMENTS)[1:])]
    whole = pa.RecordBatch.from_arrays(arrays, schema=OLD_MOVEMENTS)
    return [whole.slice(at, MOVEMENT_ROWS) for at in range(0, total, MOVEMENT_ROWS)]


def people(joined: Joined, mapping: Mapping, ranks: Ranks = _as_given) -> Iterator[People]:
    """Yield the customers of each cell; those without an agreement are of the first one."""
    sheet, good = joined.customers, joined.good_customers
    if sheet is None:
        return
    codes, which = _coded(_cells(joined, mapping))
    columns = {
        "key": sheet.words("key"),
        "kind": sheet.coded("kind")[0],
        "name": sheet.words("name"),
        "document_type": sheet.coded("document_type")[0],
        "document": sheet.words("document"),
        "phone": sheet.words("phone"),
        "born": _dates(sheet.dates("born")[0]),
    }
    rank = ranks(pc.fill_null(columns["key"], ""))
    owned = joined.customer_at[joined.good]
    alone = np.setdiff1d(np.flatnonzero(good), owned)
    order = np.argsort(codes) if codes else np.zeros(0, np.int64)
    for turn, cell in enumerate(order.tolist()):
        mine = np.unique(joined.customer_at[joined.good & (which == cell)])
        rows = np.concatenate([mine[mine >= 0], alone if turn == 0 else alone[:0]])
        rows = rows[np.argsort(rank[rows], kind="stable")]
        for start in range(0, len(rows), PART_ROWS):
            some = pa.array(rows[start : start + PART_ROWS])
            taken = [one.take(some) for one in columns.values()]
            yield People(codes[cell], pa.RecordBatch.from_arrays(taken, names=list(columns)))


def _cells(joined: Joined, mapping: Mapping) -> pa.Array:
    """Return the cell of each agreement."""
    words = pc.fill_null(joined.agreements.coded(mapping.cell)[0], "head")
    return pc.utf8_trim_whitespace(pc.utf8_slice_codeunits(words, 0, CELL_MAX))


def _coded(column: pa.Array) -> tuple[list[str], Any]:
    coded = column.dictionary_encode()
    return coded.dictionary.to_pylist(), coded.indices.to_numpy(zero_copy_only=False)


def _equal(column: pa.Array, word: str) -> Any:
    same = pc.fill_null(pc.equal(column, word), False)
    return same.to_numpy(zero_copy_only=False).astype(np.bool_)


def _dates(days: Any) -> pa.Array:
    return pa.array(days.astype("datetime64[D]"), pa.date32(), from_pandas=True)
