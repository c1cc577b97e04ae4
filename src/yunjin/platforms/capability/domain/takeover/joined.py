"""A delivery's sheets, joined: what each line belongs to, and columns by agreement."""

from collections.abc import Mapping as Names
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yunjin.platforms.capability.domain.takeover.mapping import Product
from yunjin.platforms.capability.domain.takeover.reading import Sheet

Bounds = Names[str, tuple[int, int]]  # of a product's parameters: least and most


@dataclass(frozen=True, slots=True)
class Ours:
    """What is known of us. products: currency and bounds of parameters, by code.

    taken : keys of agreements that other runs brought over.
    """

    products: Names[str, tuple[str, Bounds]]
    taken: pa.Array


@dataclass(slots=True)
class Joined:
    """The sheets of a delivery, checked: which lines are good, and where they belong.

    balance_at : int64[agreements], of the balances; history_at : int64[history], of the agreements.
    """

    customers: Sheet | None
    agreements: Sheet
    balances: Sheet
    history: Sheet | None
    good_customers: Any
    good: Any  # bool[agreements]: to be brought over
    over: Any  # bool[agreements]: closed, with nothing wrong: not to be brought over
    customer_at: Any
    balance_at: Any
    history_at: Any
    good_history: Any
    places: Any  # int64[agreements]: decimals of the currency
    currency: pa.Array
    product: pa.Array


def movement_amounts(sheet: Sheet, decimals: Any) -> tuple[Any, Any]:
    """Return what movements come to (int64[n], minor; > 0 came in), and which cannot be read."""
    amounts, bad = sheet.minor("amount", decimals)
    bad |= ~sheet.given("amount")
    if "side" in sheet.text:
        side, bad_side = sheet.coded("side")
        bad |= bad_side | ~among(side, ["in", "out"])
        is_out = bools(pc.fill_null(pc.equal(side, "out"), False))
        amounts = np.where(is_out, -amounts, amounts)
    return amounts, bad


def column_of(joined: Joined, name: str, product: Product) -> Any:
    """Return a column by agreement, of its own file or of the balances, as numbers or days.

    Money is signed as we sign it.
    """
    is_own = name in joined.agreements.text
    sheet = joined.agreements if is_own else joined.balances
    unit, sign = sheet.units[name], -1 if product.sign == "opposite" else 1
    decimals = joined.places
    if not is_own:
        decimals = np.full(len(sheet), 2)
        there = np.flatnonzero(joined.balance_at >= 0)
        decimals[joined.balance_at[there]] = joined.places[there]
    values: Any
    if unit == "money":
        values = sheet.minor(name, decimals)[0] * (1 if is_own else sign)
    elif unit == "accrued":
        values = sheet.accrued(name, decimals)[0] * (1 if is_own else sign)
    elif unit == "date":
        values = sheet.dates(name)[0]
    else:
        values = sheet.numbers(name)[0]
    if is_own:
        return values
    nothing = np.datetime64("NaT", "D") if unit == "date" else 0
    return np.append(values, nothing)[joined.balance_at]


def among(column: pa.Array, words: list[str], *, empty: bool = False) -> Any:
    """Tell which values are one of some words (bool[n]); empty: what is not given is, too."""
    there = bools(pc.is_in(column, value_set=pa.array(words, pa.string())))
    return there | bools(pc.is_null(column)) if empty else there


def bools(mask: Any) -> Any:
    """Return a column of truths (bool[n]) without nulls."""
    found = mask.combine_chunks() if isinstance(mask, pa.ChunkedArray) else mask
    return found.to_numpy(zero_copy_only=False).astype(np.bool_)
