"""`yunjin day show | close | list`: the bank's business days."""

import dataclasses
import datetime as dt
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yunjin.app.commands.opening import bank_of, print_table

if TYPE_CHECKING:
    from yunjin.foundation.banking.api.days import DayReport, DaysApi

app = typer.Typer(help="Business days of this folder.", no_args_is_help=True)
Home = Annotated[Path | None, typer.Option(help="Folder of all data.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@contextmanager
def _opened(home: Path | None) -> "Iterator[DaysApi]":
    with bank_of(home) as bank:
        from yunjin.foundation.banking.api.days import DaysApi

        yield bank.door(DaysApi)


def _date(text: str) -> dt.date:
    from yunjin.kernel.errors import Malformed

    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Malformed(f"expected a date such as 2026-01-31, was {text[:40]!r}") from None


@app.command()
def close(
    until: Annotated[str, typer.Option(help="Close every day up to this one.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Close the open business day 日终: accrue, book, prove, open the next."""
    with _opened(home) as days:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        last = _date(until) if until else None
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:.0f} %"),
        )
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task(f"closing {days.business_date()}", total=1)

            def tell(report: "DayReport") -> None:
                (step,) = report.steps
                bar.update(
                    task,
                    description=f"{report.date} {step.name}",
                    completed=step.done,
                    total=step.total,
                )

            report = days.close(last, progress=tell)
        _tell(report, as_json=as_json)


@app.command()
def show(
    date: Annotated[str, typer.Argument(help="A business date; else the newest closed one.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show a business day and its proof."""
    with _opened(home) as days:
        chosen = _date(date) if date else days.last_closed() or days.business_date()
        _tell(days.day(chosen), as_json=as_json)


@app.command("list")
def last_days(
    limit: Annotated[int, typer.Option(min=1, max=400, help="How many.")] = 31,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List business days, newest first."""
    with _opened(home) as days:
        found = days.days(limit=limit)
        if as_json:
            print(json.dumps([_plain(one) for one in found]))
            return
        for one in found:
            print(
                f"{one.date}  {one.status:<8}  {one.transfers:>9,} transfers  "
                f"{one.waiting:>4} waiting  {one.seconds:>7.2f} s"
            )
        _say_what_waits(found)


def _say_what_waits(found: "Iterable[DayReport]") -> None:
    """Say what brings a close on that has begun and not ended."""
    for one in found:
        if one.status in ("closing", "opening"):
            word = "The close of" if one.status == "closing" else "The opening of"
            print(
                f"{word} {one.date} goes on while a process has the bank open: `serve`, or "
                "`day close`, which also shows how far it is.",
                file=sys.stderr,
            )


def _plain(report: "DayReport") -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(report), default=str))
    return facts


def _tell(report: "DayReport", *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(_plain(report)))
        return
    from rich.table import Column, Table

    from yunjin.kernel.money import format_minor

    sums = ("subledger", "general ledger", "difference")
    table = Table(
        Column("slot", overflow="fold"),
        Column("branch", overflow="fold"),
        "currency",
        *(Column(name, justify="right", no_wrap=True) for name in sums),
    )
    for line in report.proof:
        money = (line.subledger_minor, line.ledger_minor, line.difference_minor)
        cells = [format_minor(minor, line.currency, grouped=True) for minor in money]
        table.add_row(line.slot, line.branch, line.currency, *cells)
    if report.proof:
        print_table(table)
    totals = "".join(
        f", {one.currency} accrued {format_minor(one.accrued_minor, one.currency, grouped=True)}, "
        f"provision {format_minor(one.provision_minor, one.currency, grouped=True)}"
        for one in report.sums
    )
    words = (
        f"{report.date} {report.status}: {report.agreements:,} agreements, "
        f"{report.transfers:,} transfers{totals}, {report.waiting} waiting, {report.seconds} s"
    )
    print(words, file=sys.stderr)
    _say_what_waits([report])
