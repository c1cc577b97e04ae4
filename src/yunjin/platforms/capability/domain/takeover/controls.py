"""Control totals: what the old core says its files come to, beside what they do."""

from collections.abc import Mapping as Names
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import pyarrow.compute as pc

from yunjin.kernel.money import exponent
from yunjin.platforms.capability.api.takeover import FindingKind
from yunjin.platforms.capability.domain.takeover.finding import Findings
from yunjin.platforms.capability.domain.takeover.joined import Joined, movement_amounts
from yunjin.platforms.capability.domain.takeover.reading import SCALE, Sheet


def check_controls(
    sheet: Sheet, sheets: Names[str, Sheet], joined: Joined, found: Findings
) -> None:
    """Hold every control total against the lines of its file, refused ones too."""
    columns = ("of", "figure", "currency", "total")
    rows = zip(*(sheet.words(name).to_pylist() for name in columns), strict=True)
    for number, (of, figure, currency, total) in enumerate(rows, 1):
        key = f"{of} {figure} {currency or ''}".strip()
        was = _total(of or "", figure or "", currency or "", sheets, joined)
        try:
            wanted = Decimal(total or "")
        except InvalidOperation:
            wanted = None
        if was is None or wanted is None or was != wanted:
            reason = f"expected {total} as the control file says, was {was}"
            found.add_one(FindingKind.CONTROL, sheet.file, number, key, reason)


def _total(
    of: str, figure: str, currency: str, sheets: Names[str, Sheet], joined: Joined
) -> Decimal | None:
    """Return what a figure comes to; None where there is no such."""
    sheet = sheets.get(of)
    if sheet is None:
        return None
    if figure == "rows":
        return Decimal(len(sheet) + len(sheet.broken))
    if figure not in sheet.text or sheet.units[figure] != "money":
        return None
    if not currency:  # of all lines, as they are written
        return Decimal(int(sheet.exact(figure).sum())).scaleb(-SCALE)
    at = _agreement_of(of, sheet, joined)
    same = pc.fill_null(pc.equal(joined.currency, currency), False)
    mine = np.append(same.to_numpy(zero_copy_only=False).astype(np.bool_), False)[at]
    places = np.append(joined.places, 2)[at]
    amounts = _amounts(of, sheet, figure, places)
    return Decimal(int(amounts[mine].sum())).scaleb(-exponent(currency))


def _amounts(of: str, sheet: Sheet, figure: str, places: Any) -> Any:
    if of == "history" and figure == "amount":
        return movement_amounts(sheet, places)[0]
    return sheet.minor(figure, places)[0]


def _agreement_of(of: str, sheet: Sheet, joined: Joined) -> Any:
    """Return the agreement of each line (int64[n]); −1: none."""
    if of == "agreements":
        return np.arange(len(sheet))
    if of == "history":
        return joined.history_at
    at = np.full(len(sheet), -1)
    there = np.flatnonzero(joined.balance_at >= 0)
    at[joined.balance_at[there]] = there
    return at
