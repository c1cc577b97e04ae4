"""What a message must add up to, and what no line of it may do twice."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yunjin.kernel.errors import Malformed
from yunjin.kernel.money import MINOR_MAX, exponent
from yunjin.platforms.capability.domain.iso20022.reading import Limits, Read, Table
from yunjin.platforms.capability.domain.iso20022.reasons import ReasonCode, Refused

_NUMBER: Final = re.compile(r"[0-9]{1,18}(\.[0-9]{0,17})?", re.ASCII)
_NOT_PROVIDED: Final = ["NOTPROVIDED", "NOT PROVIDED", "NONREF"]  # no references, by the standard


def _never_seen(_message_id: str) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the receiver asks for beyond the standard."""

    limits: Limits = field(default_factory=Limits)
    is_known: Callable[[str], bool] = _never_seen  # whether this sender used a message id before
    currencies_mixed: bool = False  # whether the lines of a group may be in several currencies


def seen_before(message: Read, rules: Rules) -> Refused | None:
    """Refuse a message whose id the sender used before."""
    message_id = message.header["message_id"]
    if rules.is_known(message_id):
        detail = f"expected a new MsgId, was {message_id}, which came before"
        return message.refused(ReasonCode.DUPLICATION, detail)
    return None


class Sums:
    """Exact counts and sums of lines by the parent they stand in, whatever their currency.

    An amount that is refused counts as it is written; what is no number at all counts as zero.
    """

    def __init__(self, lines: Table, parent_count: int, *, together: bool = False) -> None:
        parents = np.zeros(lines.count, np.int64) if together else lines.parents
        amounts, currencies = lines.columns["amount_minor"], lines.columns["currency"]
        self.counts = np.bincount(parents, minlength=parent_count)
        self._sums = _sums(amounts, currencies, parents, parent_count)
        for row in np.flatnonzero(pc.is_null(amounts).to_numpy(zero_copy_only=False)):
            text = lines.written["amount"][row].as_py() or ""
            if _NUMBER.fullmatch(text):
                self._sums[parents[row]] += Decimal(text)

    def refusal(
        self, message: Read, place: int, stated: Mapping[str, Any], where: str
    ) -> Refused | None:
        """Hold what a parent states against what was found."""
        count, found = stated["line_count"], int(self.counts[place])
        if count is not None and count != found:
            detail = f"{where}/NbOfTxs: expected {found} as counted, was {count}"
            return message.refused(ReasonCode.COUNT_WRONG, detail)
        total = stated["control_sum"]
        if total is not None and Decimal(total) != self._sums[place]:
            detail = f"{where}/CtrlSum: expected {self._sums[place]:f} as added up, was {total}"
            return message.refused(ReasonCode.CONTROL_SUM_WRONG, detail)
        return None


def totals(message: Read, lines: Table, stated: Mapping[str, Any], where: str) -> Refused | None:
    """Hold a header's count and control sum against all lines."""
    return Sums(lines, 1, together=True).refusal(message, 0, stated, where)


def _sums(amounts: pa.Array, currencies: pa.Array, parents: Any, count: int) -> list[Decimal]:
    """Return exact sums by parent, in units of the currencies."""
    minor = pc.fill_null(amounts, 0).to_numpy(zero_copy_only=False)
    encoded = pc.dictionary_encode(pc.fill_null(currencies, ""))
    places = np.array([exponent(code) for code in encoded.dictionary.to_pylist()] or [0])
    each = places[encoded.indices.to_numpy()] if len(minor) else np.zeros(0, int)
    found = [Decimal(0)] * count
    for decimals in np.unique(each):
        chosen = each == decimals
        high = np.zeros(count, np.int64)  # halves, so that no sum of 2^53s overflows
        low = np.zeros(count, np.int64)
        np.add.at(high, parents[chosen], minor[chosen] >> 32)
        np.add.at(low, parents[chosen], minor[chosen] & 0xFFFF_FFFF)
        for place in range(count):
            whole = (int(high[place]) << 32) + int(low[place])
            found[place] += Decimal(whole).scaleb(-int(decimals))
    return found


def sums_of(lines: pa.RecordBatch, parent: str | None, count: int) -> list[tuple[int, str]]:
    """Return count and sum of the lines of each parent. Raises: Malformed, of what cannot be."""
    parents = lines.column(parent).to_numpy() if parent else np.zeros(lines.num_rows, np.int64)
    if lines.num_rows and not 0 <= parents.min() <= parents.max() < count:
        raise Malformed(f"expected a {parent} of every line, was none of some")
    if pc.any(pc.less(lines.column("amount_minor"), 0)).as_py():
        raise Malformed("expected amounts without sign, was a negative amount")
    sums = _sums(lines.column("amount_minor"), lines.column("currency"), parents, count)
    counts = np.bincount(parents, minlength=count).tolist()
    return [(each, f"{total:f}") for each, total in zip(counts, sums, strict=True)]


def duplicates(lines: Table, names: Sequence[str]) -> None:
    """Refuse lines whose reference an earlier line of the message has."""
    for name in names:
        texts = lines.columns[name]
        encoded = pc.dictionary_encode(texts)
        if len(encoded.dictionary) + texts.null_count == len(texts):
            continue
        codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
        first = np.zeros(lines.count, bool)
        first[np.unique(codes, return_index=True)[1]] = True
        nothing = pc.is_in(texts, pa.array(_NOT_PROVIDED)).to_numpy(False)
        again = ~first & (codes >= 0) & ~nothing
        _say_again(lines, name, again, texts)


def _say_again(lines: Table, name: str, again: Any, texts: pa.Array) -> None:
    def words(row: int) -> str:
        return f"expected a new {name}, was {texts[row].as_py()}, as in an earlier line"

    lines.verdicts.refuse(again, ReasonCode.DUPLICATION, words)


def passed_down(parents: Table, lines: Table) -> None:
    """Refuse the lines of a parent that is refused itself."""
    said = parents.verdicts.columns()
    reasons = np.array(said["reason"].to_pylist(), object)[lines.parents]
    details = said["detail"].to_pylist()
    for reason in {each for each in reasons if each is not None}:
        lines.verdicts.refuse(
            reasons == reason, reason, lambda row: str(details[lines.parents[row]])
        )


def zero_amounts(lines: Table) -> None:
    """Refuse lines that move nothing."""
    none = pc.fill_null(pc.equal(lines.columns["amount_minor"], 0), False).to_numpy(False)
    lines.verdicts.refuse(none, ReasonCode.AMOUNT_ZERO, "expected an amount above zero, was zero")


def mixed_currencies(lines: Table, account_currencies: pa.Array) -> None:
    """Refuse lines in another currency than their group's account; else than its first line."""
    currencies = np.array(lines.columns["currency"].to_pylist(), object)
    expected = np.array(account_currencies.to_pylist(), object)
    first = np.unique(lines.parents, return_index=True)
    for place, row in zip(*first, strict=True):
        if expected[place] is None:
            expected[place] = currencies[row]
    wanted = expected[lines.parents]

    def words(row: int) -> str:
        return f"expected {wanted[row]} as all of its group, was {currencies[row]}"

    other = (currencies != wanted) & (currencies != None)  # noqa: E711 - elementwise
    lines.verdicts.refuse(other, ReasonCode.CURRENCY_NOT_ALLOWED, words)


def without(table: Table, names: Sequence[str]) -> Any:
    """Say which rows have none of some columns. bool[rows]."""
    missing = np.ones(table.count, bool)
    for name in names:
        missing &= pc.is_null(table.columns[name]).to_numpy(zero_copy_only=False)
    return missing


def total_amount(message: Read, lines: Table, where: str) -> Refused | None:
    """Hold the header's total amount against the lines, which must then be in its currency."""
    stated, currency = message.header["total_minor"], message.header["total_currency"]
    amounts = lines.columns["amount_minor"]
    if stated is None or amounts.null_count:
        return None
    others = pc.any(pc.not_equal(lines.columns["currency"], currency)).as_py()
    found = sum(amounts.to_pylist())
    if others or found != stated:
        detail = f"{where}: expected the sum of all lines in one currency, was another"
        return message.refused(ReasonCode.CONTROL_SUM_WRONG, detail)
    return None


def one_currency_total(lines: pa.RecordBatch, *, is_told: bool) -> dict[str, Any]:
    """Return a header's total amount where the lines have one currency and it fits an amount."""
    currencies = pc.unique(lines.column("currency")).to_pylist()
    total = sum(lines.column("amount_minor").to_pylist())
    if not is_told or len(currencies) != 1 or total > MINOR_MAX:
        return {"total_minor": None, "total_currency": None}
    return {"total_minor": total, "total_currency": currencies[0]}
