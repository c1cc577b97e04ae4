"""`yunjin gl …`: the general ledger of this folder: reports, entries, periods, chart."""

import datetime as dt
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from yunjin.app.commands.opening import bank_of, check_target

if TYPE_CHECKING:
    from yunjin.foundation.banking.api.general_ledger import (
        GeneralLedgerApi,
        GlEntry,
        GlLine,
        ManualLine,
    )
    from yunjin.foundation.banking.api.gl_reports import Report

app = typer.Typer(help="The general ledger of this folder.", no_args_is_help=True)
Home = Annotated[Path | None, typer.Option(help="Folder of all data.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Branch = Annotated[str, typer.Option(help="Only this branch.")]
Currency = Annotated[str, typer.Option(help="Only this currency.")]
Language = Annotated[str, typer.Option("--language", help="zh or en.")]
Csv = Annotated[Path | None, typer.Option("--csv", help="Write the report to this file as well.")]
By = Annotated[str, typer.Option("--by", help="Who it is.")]
Reason = Annotated[str, typer.Option(help="Why.")]
CommandId = Annotated[str, typer.Option("--id", help="UUID of an earlier try: it acts once.")]
Month = Annotated[str, typer.Argument(help="2026-01.")]
Date = Annotated[str, typer.Argument(help="A business date, 2026-01-31.")]


@contextmanager
def _opened(home: Path | None) -> "Iterator[GeneralLedgerApi]":
    with bank_of(home) as bank:
        from yunjin.foundation.banking.api.general_ledger import GeneralLedgerApi

        yield bank.door(GeneralLedgerApi)


def _date(text: str) -> dt.date:
    from yunjin.kernel.errors import Malformed

    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Malformed(f"expected a date such as 2026-01-31, was {text[:40]!r}") from None


def _command(text: str) -> UUID:
    """Return the id of a try, said before it is sent: all that is needed to try again."""
    from yunjin.kernel.clock import SystemClock
    from yunjin.kernel.errors import Malformed
    from yunjin.kernel.ids import uuid7

    try:
        identity = UUID(text) if text else uuid7(SystemClock())
    except ValueError:
        raise Malformed(f"expected a UUID, was {text[:50]!r}") from None
    print(f"command {identity}", file=sys.stderr, flush=True)
    return identity


@app.command("trial-balance")
def trial_balance(
    start: Date,
    end: Annotated[str, typer.Argument(help="The last day; else the same day.")] = "",
    branch: Branch = "",
    currency: Currency = "",
    by_branch: Annotated[bool, typer.Option("--by-branch", help="A row a branch.")] = False,
    language: Language = "zh",
    csv: Csv = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Print opening, debits, credits and closing of all accounts; exit 1 where they differ."""
    first = _date(start)
    last = _date(end) if end else first
    with _opened(home) as gl:
        report = gl.trial_balance(
            first, last, branch=branch, currency=currency, by_branch=by_branch
        )
        _write_csv(gl, report, csv, language)
    if as_json:
        from yunjin.foundation.banking.routes.gl_report_schemas import TrialBalanceOut

        print(TrialBalanceOut.model_validate(report).model_dump_json())
    else:
        from yunjin.app.commands import gl_tables

        gl_tables.show_trial_balance(report, language)
    if not report.is_balanced:
        raise typer.Exit(1)


@app.command("balance-sheet")
def balance_sheet(
    date: Date,
    compare: Annotated[str, typer.Option(help="Another day; else the end of last year.")] = "",
    branch: Branch = "",
    currency: Currency = "",
    language: Language = "zh",
    csv: Csv = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Print assets, liabilities and equity of a day beside another's."""
    day, other = _date(date), _date(compare) if compare else None
    with _opened(home) as gl:
        report = gl.balance_sheet(day, compare=other, branch=branch, currency=currency)
        _write_csv(gl, report, csv, language)
    if as_json:
        from yunjin.foundation.banking.routes.gl_report_schemas import SheetOut

        print(SheetOut.model_validate(report).model_dump_json())
    else:
        from yunjin.app.commands import gl_tables

        gl_tables.show_statement(report, str(report.date), str(report.compare), language)


@app.command("income-statement")
def income_statement(
    start: Date,
    end: Annotated[str, typer.Argument(help="The last day.")],
    branch: Branch = "",
    currency: Currency = "",
    language: Language = "zh",
    csv: Csv = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Print income and expense of days beside those of a year before."""
    first, last = _date(start), _date(end)
    with _opened(home) as gl:
        report = gl.income_statement(first, last, branch=branch, currency=currency)
        _write_csv(gl, report, csv, language)
    if as_json:
        from yunjin.foundation.banking.routes.gl_report_schemas import IncomeOut

        print(IncomeOut.model_validate(report).model_dump_json())
    else:
        from yunjin.app.commands import gl_tables

        now = f"{report.start} – {report.end}"
        prior = f"{report.compare_start} – {report.compare_end}"
        gl_tables.show_statement(report, now, prior, language)


def _write_csv(gl: "GeneralLedgerApi", report: "Report", file: Path | None, language: str) -> None:
    if file is not None:
        check_target(file)
        file.write_text("\ufeff" + gl.csv(report, language=language), encoding="utf-8", newline="")


@app.command()
def lines(
    account: Annotated[str, typer.Argument(help="A code; a heading means all beneath it.")] = "",
    start: Annotated[str, typer.Option(help="First day.")] = "",
    end: Annotated[str, typer.Option(help="Last day.")] = "",
    branch: Branch = "",
    currency: Currency = "",
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many lines.")] = 20,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Print lines of entries, newest first."""
    from yunjin.foundation.banking.api.general_ledger import LineQuery

    query = LineQuery(
        account=account,
        start=_date(start) if start else None,
        end=_date(end) if end else None,
        branch=branch,
        currency=currency,
        limit=limit,
    )
    with _opened(home) as gl:
        page = gl.lines(query)
    _show_lines(page.items, as_json)
    if page.next_cursor and not as_json:
        print("there are more; give a later --end or a --limit", file=sys.stderr)


@app.command()
def entry(
    number: Annotated[int, typer.Argument(min=1, help="Its number.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Print an entry with its lines."""
    with _opened(home) as gl:
        _show_entry(gl.entry(number), as_json)


@app.command()
def enter(
    date: Date,
    debit: Annotated[list[str], typer.Option(help="6601=300.00, or 6601=300.00:west.")],
    credit: Annotated[list[str], typer.Option(help="1003=300.00.")],
    reason: Reason,
    by: By,
    reference: Annotated[str, typer.Option(help="The voucher's number.")] = "",
    currency: Annotated[str, typer.Option(help="ISO 4217 code.")] = "CNY",
    command_id: CommandId = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Book a manual entry; debits and credits balance in each branch."""
    from yunjin.foundation.banking.api.general_ledger import ManualEntry

    booked = tuple(_line(text, currency, is_debit=True) for text in debit)
    booked += tuple(_line(text, currency, is_debit=False) for text in credit)
    asked = ManualEntry(
        command_id=_command(command_id),
        date=_date(date),
        lines=booked,
        reason=reason,
        by=by,
        reference=reference,
    )
    with _opened(home) as gl:
        _show_entry(gl.enter(asked), as_json)


def _line(text: str, currency: str, *, is_debit: bool) -> "ManualLine":
    """Read account=amount, or account=amount:branch. Raises: Malformed."""
    from yunjin.foundation.banking.api.agreements import BRANCH
    from yunjin.foundation.banking.api.general_ledger import ManualLine
    from yunjin.kernel.errors import Malformed
    from yunjin.kernel.money import checked_currency, parse_minor

    account, equals, rest = text.partition("=")
    amount, _, branch = rest.partition(":")
    if not equals:
        raise Malformed(f"expected a line such as 6601=300.00, was {text[:40]!r}")
    minor = parse_minor(amount, checked_currency(currency))
    return ManualLine(
        account=account,
        branch=branch or BRANCH,
        currency=currency,
        debit_minor=minor if is_debit else 0,
        credit_minor=0 if is_debit else minor,
    )


@app.command()
def reverse(
    number: Annotated[int, typer.Argument(min=1, help="The entry's number.")],
    date: Annotated[str, typer.Option(help="The day of the reversal.")],
    reason: Reason,
    by: By,
    command_id: CommandId = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Book the opposite of a manual entry."""
    at, command = _date(date), _command(command_id)
    with _opened(home) as gl:
        _show_entry(gl.reverse(command, number, date=at, reason=reason, by=by), as_json)


@app.command()
def periods(home: Home = None, as_json: AsJson = False) -> None:
    """Print the months of the books, newest first."""
    with _opened(home) as gl:
        found = gl.periods()
    if as_json:
        from yunjin.foundation.banking.routes.gl_schemas import PeriodOut

        print(json.dumps([PeriodOut.of(one).model_dump(mode="json") for one in found]))
        return
    for one in found:
        print(f"{one.month}  {one.status:<8} {one.by:<16} {one.reason}".rstrip())


@app.command()
def close(month: Month, by: By, home: Home = None, command_id: CommandId = "") -> None:
    """Close a month."""
    with _opened(home) as gl:
        print(gl.close_period(_command(command_id), month, by=by).status)


@app.command()
def reopen(
    month: Month, reason: Reason, by: By, home: Home = None, command_id: CommandId = ""
) -> None:
    """Open the last closed month again."""
    with _opened(home) as gl:
        print(gl.reopen_period(_command(command_id), month, by=by, reason=reason).status)


@app.command()
def lock(month: Month, by: By, home: Home = None, command_id: CommandId = "") -> None:
    """Lock a closed month and those before it for ever."""
    with _opened(home) as gl:
        print(gl.lock_period(_command(command_id), month, by=by).status)


@app.command("year-end")
def year_end(
    year: Annotated[int, typer.Argument(min=1970, max=2199)],
    by: By,
    command_id: CommandId = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Carry a year's income and expense into retained earnings."""
    with _opened(home) as gl:
        booked = gl.year_end(_command(command_id), year, by=by)
    if booked is not None:
        _show_entry(booked, as_json)
    else:
        print("null" if as_json else f"Nothing of {year} is left to carry.")


@app.command()
def accounts(home: Home = None, as_json: AsJson = False) -> None:
    """Print the chart of accounts and the slots that are booked to each."""
    with _opened(home) as gl:
        found = gl.accounts()
    if as_json:
        from yunjin.foundation.banking.routes.gl_schemas import AccountOut

        items = [AccountOut.model_validate(one).model_dump(mode="json") for one in found]
        print(json.dumps(items, ensure_ascii=False))
    else:
        from yunjin.app.commands import gl_tables

        gl_tables.show_accounts(found)


@app.command("map")
def map_slot(
    slot: Annotated[str, typer.Argument(help="A slot: deposits.")],
    account: Annotated[str, typer.Argument(help="The account's code.")],
    since: Annotated[str, typer.Option(help="From this day on.")],
    product: Annotated[str, typer.Option(help="A product's code, * for all.")] = "*",
    command_id: CommandId = "",
    home: Home = None,
) -> None:
    """Book a slot to another account from a day on."""
    from yunjin.foundation.banking.api.general_ledger import GlMapping

    mapping = GlMapping(slot=slot, account=account, product=product, since=_date(since))
    with _opened(home) as gl:
        gl.map_slot(_command(command_id), mapping)
    print(f"{slot} of {product} is booked to {account} from {since} on")


def _show_entry(booked: "GlEntry", as_json: bool) -> None:
    if as_json:
        from yunjin.foundation.banking.routes.gl_schemas import EntryOut

        print(EntryOut.of(booked).model_dump_json())
        return
    print(f"entry {booked.number}  {booked.date}  {booked.reason}  {booked.by}".rstrip())
    _show_lines(booked.lines, as_json=False)


def _show_lines(found: "Sequence[GlLine]", as_json: bool) -> None:
    if as_json:
        from yunjin.foundation.banking.routes.gl_schemas import LineOut

        items: list[Any] = [LineOut.of(line).model_dump(mode="json") for line in found]
        print(json.dumps({"items": items}, ensure_ascii=False))
        return
    from yunjin.app.commands import gl_tables

    gl_tables.show_lines(found)
