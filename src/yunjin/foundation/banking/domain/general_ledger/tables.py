"""Reports as CSV, in Chinese or English, amounts as decimals."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Final

from yunjin.foundation.banking.api.gl_reports import (
    IncomeStatement,
    Report,
    Sheet,
    StatementRow,
    TrialBalance,
    TrialRow,
    TrialTotal,
)
from yunjin.kernel.errors import Malformed
from yunjin.kernel.money import format_minor

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_HEADS: Final = {
    "account": ("科目", "account"),
    "name": ("名称", "name"),
    "branch": ("机构", "branch"),
    "currency": ("币种", "currency"),
    "opening": ("期初余额（借-贷）", "opening (debit - credit)"),
    "debits": ("借方发生额", "debits"),
    "credits": ("贷方发生额", "credits"),
    "closing": ("期末余额（借-贷）", "closing (debit - credit)"),
    "level": ("级次", "level"),
    "total": ("合计", "total"),
    "amount": ("金额", "amount"),
    "prior": ("比较金额", "compared with"),
    "difference": ("差额", "difference"),
}
Cells = list[str]


def csv_of(report: Report, language: str) -> str:
    """Return a report as CSV. Raises: Malformed for another language than zh and en."""
    if language not in ("zh", "en"):
        raise Malformed(f"expected the language zh or en, was {language[:10]!r}")
    place = 0 if language == "zh" else 1

    def words(name: str) -> str:
        return _HEADS[name][place]

    if isinstance(report, TrialBalance):
        rows = _trial(report, words, place)
    else:
        rows = _statement(report, words, place)
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def _trial(report: TrialBalance, words: Callable[[str], str], place: int) -> Iterator[Cells]:
    names = ("account", "name", "level", "branch", "currency")
    figures = ("opening", "debits", "credits", "closing")
    yield [words(name) for name in (*names, *figures)]
    for row in report.rows:
        yield [*_head(row, place), _text(row.branch), row.currency, *_amounts(row)]
    for total in report.totals:
        yield [words("total"), "", "", _text(total.branch), total.currency, *_amounts(total)]
    for total in report.totals:
        amount = format_minor(total.difference_minor, total.currency)
        yield [words("difference"), "", "", _text(total.branch), total.currency, "", "", "", amount]


def _amounts(row: TrialRow | TrialTotal) -> Cells:
    sides = (row.opening_minor, row.debits_minor, row.credits_minor, row.closing_minor)
    return _decimals(row.currency, *sides)


def _statement(
    report: Sheet | IncomeStatement, words: Callable[[str], str], place: int
) -> Iterator[Cells]:
    dates = _dates(report)
    names = [words(name) for name in ("account", "name", "level", "currency")]
    yield [*names, f"{words('amount')} {dates[0]}", f"{words('prior')} {dates[1]}"]
    for row in report.rows:
        yield [
            *_head(row, place),
            row.currency,
            *_decimals(row.currency, row.amount_minor, row.prior_minor),
        ]
    for one in report.checks:
        pair = _decimals(one.currency, one.difference_minor, one.prior_difference_minor)
        yield ["", words("difference"), "", one.currency, *pair]


def _dates(report: Sheet | IncomeStatement) -> tuple[str, str]:
    if isinstance(report, Sheet):
        return str(report.date), str(report.compare)
    return f"{report.start}/{report.end}", f"{report.compare_start}/{report.compare_end}"


def _head(row: TrialRow | StatementRow, place: int) -> Cells:
    return [row.account, _text((row.name_zh, row.name_en)[place]), str(row.depth + 1)]


def _decimals(currency: str, *amounts: int) -> Cells:
    return [format_minor(amount, currency) for amount in amounts]


def _text(words: str) -> str:
    """Return words that no spreadsheet runs as a formula."""
    return f"'{words}" if words.startswith(_FORMULA) else words
