"""The general ledger's reports on the terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from yunjin.app.commands.opening import print_table

if TYPE_CHECKING:
    from rich.table import Table

    from yunjin.foundation.banking.api.general_ledger import GlAccount, GlLine
    from yunjin.foundation.banking.api.gl_reports import (
        IncomeStatement,
        Sheet,
        StatementRow,
        TrialBalance,
        TrialRow,
    )
    from yunjin.foundation.banking.api.gl_transfers import LineTransfer


_KINDS: Final = {1: "entry", 2: "product", 3: "accrual", 4: "provision", 5: "manual"}


def _table(*columns: str, numbers: Sequence[str] = ()) -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    made = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        made.add_column(name, overflow="fold")
    for name in numbers:
        made.add_column(name, justify="right", no_wrap=True)
    return made


def _amount(minor: int, currency: str) -> str:
    from yunjin.kernel.money import format_minor

    return format_minor(minor, currency, grouped=True) if minor else "–"


def _named(row: "TrialRow | StatementRow", language: str) -> str:
    return "  " * row.depth + (row.name_en if language == "en" else row.name_zh)


def show_trial_balance(report: "TrialBalance", language: str) -> None:
    """Print a trial balance, its sums and their difference."""
    table = _table(
        "account", "name", "branch", numbers=("opening", "debits", "credits", "closing", "")
    )
    for row in report.rows:
        sides = (row.opening_minor, row.debits_minor, row.credits_minor, row.closing_minor)
        amounts = [_amount(side, row.currency) for side in sides]
        style = "bold" if row.is_total else None
        name = _named(row, language)
        table.add_row(row.account, name, row.branch, *amounts, row.currency, style=style)
    for total in report.totals:
        sides = (total.opening_minor, total.debits_minor, total.credits_minor, total.closing_minor)
        amounts = [_amount(side, total.currency) for side in sides]
        table.add_section()
        table.add_row("", "difference", total.branch, *amounts, total.currency, style="bold")
    print_table(table)


def show_statement(report: "Sheet | IncomeStatement", now: str, prior: str, language: str) -> None:
    """Print a balance sheet or an income statement, and what is left between its sides."""
    table = _table("account", "name", numbers=(now, prior, ""))
    for row in report.rows:
        amounts = [_amount(side, row.currency) for side in (row.amount_minor, row.prior_minor)]
        style = "bold" if row.is_total else None
        table.add_row(row.account, _named(row, language), *amounts, row.currency, style=style)
    for one in report.checks:
        sides = (one.difference_minor, one.prior_difference_minor)
        amounts = [_amount(side, one.currency) for side in sides]
        table.add_section()
        table.add_row("", "difference", *amounts, one.currency)
    print_table(table)


def show_lines(lines: "Sequence[GlLine]") -> None:
    """Print lines of entries."""
    table = _table(
        *("entry", "line", "date", "account", "slot", "product", "branch"),
        numbers=("debit", "credit", ""),
    )
    for line in lines:
        sides = [_amount(side, line.currency) for side in (line.debit_minor, line.credit_minor)]
        place = (line.account, line.slot, line.product, line.branch)
        number = (str(line.entry), str(line.place))
        table.add_row(*number, str(line.date), *place, *sides, line.currency)
    print_table(table)


def show_transfers(found: "Sequence[LineTransfer]", currency: str) -> None:
    """Print transfers behind a line, and what those shown come to."""
    table = _table("transfer", "agreement", "kind", "value date", numbers=("debit", "credit", ""))
    for one in found:
        sides = [_amount(side, currency) for side in (one.debit_minor, one.credit_minor)]
        whose, kind = str(one.agreement_id or "—"), _KINDS.get(one.code, str(one.code))
        table.add_row(str(one.transfer_id), whose, kind, str(one.value_date), *sides, currency)
    debits, credits = (
        sum(getattr(one, f"{side}_minor") for one in found) for side in ("debit", "credit")
    )
    sums = [_amount(side, currency) for side in (debits, credits)]
    table.add_row(f"{len(found)} transfers", "", "", "", *sums, currency)
    print_table(table)


def show_accounts(accounts: "Sequence[GlAccount]") -> None:
    """Print the chart of accounts."""
    table = _table("code", "名称", "name", "element", "", "slots")
    for one in accounts:
        marks = {
            "heading": not one.is_postable,
            "contra": one.is_contra,
            "common": one.is_common,
            "control": one.is_control,
        }
        said = ", ".join(name for name, holds in marks.items() if holds)
        names = (one.name_zh, one.name_en)
        table.add_row(one.code, *names, one.element, said, ", ".join(one.slots))
    print_table(table)
