"""`yunjin gl …`: the general ledger of this folder: reports, entries, periods, chart."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yunjin.app.commands import gl_chart, gl_transfers
from yunjin.app.commands.opening import bank_of, check_target, command_of, day_of

if TYPE_CHECKING:
    from yunjin.foundation.banking.api.general_ledger import (
        GeneralLedgerApi,
        GlEntry,
        GlLine,
        GlPeriod,
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
    first = day_of(start)
    last = day_of(end) if end else first
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
    day, other = day_of(date), day_of(compare) if compare else None
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
    first, last = day_of(start), day_of(end)
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
        start=day_of(start) if start else None,
        end=day_of(end) if end else None,
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
def entries(
    kind: Annotated[
        list[str] | None, typer.Option(help="manual, reversal, year_end, …; again for more.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 20,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Print entries, newest first."""
    from yunjin.foundation.banking.api.general_ledger import EntryKind
    from yunjin.kernel.errors import Malformed

    known = {one.name.lower(): one for one in EntryKind}
    for name in kind or []:
        if name not in known:
            raise Malformed(f"expected a kind of {', '.join(known)}; was {name[:40]!r}")
    with _opened(home) as gl:
        found = gl.entries([known[name] for name in kind or known], limit=limit).items
    if as_json:
        from yunjin.foundation.banking.routes.gl_schemas import EntryOut

        items = [EntryOut.of(one).model_dump(mode="json") for one in found]
        print(json.dumps(items, ensure_ascii=False))
        return
    for one in found:
        said = f"{one.number:>8}  {one.date}  {one.kind.name.lower():<9}"
        print(f"{said}  {len(one.lines):>4} lines  {one.reason}  {one.by}".rstrip())
    if not found:
        print("No entry.", file=sys.stderr)


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
        command_id=command_of(command_id),
        date=day_of(date),
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
    at, command = day_of(date), command_of(command_id)
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
def close(
    month: Month, by: By, home: Home = None, command_id: CommandId = "", as_json: AsJson = False
) -> None:
    """Close a month."""
    with _opened(home) as gl:
        _show_period(gl.close_period(command_of(command_id), month, by=by), as_json)


@app.command()
def reopen(
    month: Month,
    reason: Reason,
    by: By,
    home: Home = None,
    command_id: CommandId = "",
    as_json: AsJson = False,
) -> None:
    """Open the last closed month again."""
    with _opened(home) as gl:
        done = gl.reopen_period(command_of(command_id), month, by=by, reason=reason)
        _show_period(done, as_json)


@app.command()
def lock(
    month: Month, by: By, home: Home = None, command_id: CommandId = "", as_json: AsJson = False
) -> None:
    """Lock a closed month and those before it for ever."""
    with _opened(home) as gl:
        _show_period(gl.lock_period(command_of(command_id), month, by=by), as_json)


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
        booked = gl.year_end(command_of(command_id), year, by=by)
    if booked is not None:
        _show_entry(booked, as_json)
    else:
        print("null" if as_json else f"Nothing of {year} is left to carry.")


def _show_period(period: "GlPeriod", as_json: bool) -> None:
    from yunjin.foundation.banking.routes.gl_schemas import PeriodOut

    print(PeriodOut.of(period).model_dump_json() if as_json else period.status)


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


app.command("transfers")(gl_transfers.transfers)
app.command("accounts")(gl_chart.accounts)
app.command("add-account")(gl_chart.add_account)
app.command("mappings")(gl_chart.mappings)
app.command("map")(gl_chart.map_slot)
app.command("rules")(gl_chart.rules)
app.command("set-rule")(gl_chart.set_rule)
