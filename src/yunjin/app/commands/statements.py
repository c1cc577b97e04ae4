"""`yunjin statements …`: papers of agreements, as PDF, CSV or JSON."""

import datetime as dt
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yunjin.app.commands.opening import bank_of, check_target

if TYPE_CHECKING:
    from yunjin.foundation.banking.api.statements import (
        Form,
        Kind,
        Lang,
        PapersPort,
        StatementsApi,
    )

app = typer.Typer(
    help="Statements, certificates, schedules, payoff quotes and costs of agreements.",
    no_args_is_help=True,
)
Agreement = Annotated[int, typer.Argument(min=1, help="The agreement's id.")]
Start = Annotated[str, typer.Option(help="The first business date, 2026-01-01.")]
End = Annotated[str, typer.Option(help="The last business date, 2026-01-31.")]
Account = Annotated[str, typer.Option(help="An account of the agreement; else its main one.")]
To = Annotated[Path | None, typer.Option(help="File to write, .pdf or .csv; else CSV is printed.")]
Language = Annotated[str, typer.Option("--language", help="zh or en.")]
Home = Annotated[Path | None, typer.Option(help="Folder of all data.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def account(
    agreement: Agreement,
    start: Start,
    end: End,
    account: Account = "",
    to: To = None,
    language: Language = "zh",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """An account's statement over a period 对账单."""
    from yunjin.foundation.banking.api.statements import Kind, StatementQuery

    lang, days = _lang(language), (_date(start), _date(end))
    with _doors(home, to) as (statements, papers):
        if as_json:
            query = StatementQuery(
                agreement_id=agreement, start=days[0], end=days[1], account=account
            )
            _print(statements.statement(query, lang=lang))
        if to or not as_json:
            _write(papers, Kind.STATEMENT, agreement, lang, to, days, account)


@app.command()
def verify(
    agreement: Agreement,
    start: Start,
    end: End,
    digest: Annotated[str, typer.Option(help="SHA-256 that stands on the statement.")],
    row: Annotated[int, typer.Option(help="Number of the journal row on it.")],
    hash: Annotated[str, typer.Option(help="Hash of the journal row on it.")],
    account: Account = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Hold what stands on a statement against the ledger 核验; 1 where it is another."""
    from yunjin.foundation.banking.api.statements import Seal, StatementQuery

    query = StatementQuery(
        agreement_id=agreement, start=_date(start), end=_date(end), account=account
    )
    with _doors(home, None) as (statements, _):
        found = statements.verify(
            query, Seal(digest=digest, journal_sequence=row, journal_hash=hash)
        )
    if as_json:
        print(
            json.dumps(
                {
                    "is_genuine": found.is_genuine,
                    "is_chained": found.is_chained,
                    "is_same": found.is_same,
                }
            )
        )
    elif found.is_genuine:
        print("Genuine: the ledger says the same.")
    elif found.is_chained:
        print("Not genuine: the ledger's lines give another digest.")
    else:
        print("Not genuine: the journal has no such row.")
    if not found.is_genuine:
        sys.exit(1)


@app.command()
def balances(
    agreement: Agreement,
    date: Annotated[str, typer.Option(help="At the close of this business date; else now.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Balances of an agreement's accounts at a time."""
    from yunjin.kernel.money import format_minor

    with _doors(home, None) as (statements, _):
        found = statements.balances(agreement, date=_date(date) if date else None)
    if as_json:
        _print(found)
        return
    for name, minor in found.balances.items():
        print(f"{name:<20} {format_minor(minor, found.currency, grouped=True):>20}")


@app.command()
def interest(
    agreement: Agreement,
    start: Start,
    end: End,
    to: To = None,
    language: Language = "zh",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """The interest of a period, and the rates 利息证明."""
    from yunjin.foundation.banking.api.statements import Kind

    lang, days = _lang(language), (_date(start), _date(end))
    with _doors(home, to) as (statements, papers):
        if as_json:
            _print(statements.interest(agreement, start=days[0], end=days[1]))
        if to or not as_json:
            _write(papers, Kind.INTEREST, agreement, lang, to, days)


@app.command()
def schedule(
    agreement: Agreement,
    date: Annotated[str, typer.Option(help="As of this business date; else now.")] = "",
    to: To = None,
    language: Language = "zh",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """A loan's schedule: what fell due, and what will 还款计划."""
    from yunjin.foundation.banking.api.statements import Kind

    lang, day = _lang(language), _date(date) if date else None
    with _doors(home, to) as (statements, papers):
        if as_json:
            _print(statements.schedule(agreement, date=day))
        if to or not as_json:
            _write(papers, Kind.SCHEDULE, agreement, lang, to, (day, None))


@app.command()
def payoff(
    agreement: Agreement,
    date: Annotated[str, typer.Option(help="The business date of the payoff.")],
    to: To = None,
    language: Language = "zh",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """What settles a loan in full on a date 提前还款试算."""
    from yunjin.foundation.banking.api.statements import Kind

    lang, day = _lang(language), _date(date)
    with _doors(home, to) as (statements, papers):
        if as_json:
            _print(statements.payoff(agreement, day))
        if to or not as_json:
            _write(papers, Kind.PAYOFF, agreement, lang, to, (day, None))


@app.command()
def cost(
    agreement: Agreement,
    to: To = None,
    language: Language = "zh",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """What a loan costs a year: APR and 年化综合成本."""
    from yunjin.foundation.banking.api.statements import Kind

    lang = _lang(language)
    with _doors(home, to) as (statements, papers):
        if as_json:
            _print(statements.cost(agreement))
        if to or not as_json:
            _write(papers, Kind.COST, agreement, lang, to)


@app.command()
def terms(agreement: Agreement, home: Home = None, as_json: AsJson = False) -> None:
    """What changed in an agreement's terms since it was opened 合同变更记录."""
    import dataclasses

    with bank_of(home) as bank:
        from yunjin.foundation.banking.api.agreements import AgreementsApi

        found = bank.door(AgreementsApi).term_changes(agreement)
    if as_json:
        rows = [dataclasses.asdict(one) for one in found]
        print(json.dumps(rows, ensure_ascii=False, default=str))
        return
    for one in found:
        old, new = ("-" if value is None else str(value) for value in (one.old, one.new))
        print(f"{one.date}  {one.cause:<9}  {one.parameter:<20} {old:>14} → {new:<14} {one.by}")


@contextmanager
def _doors(home: Path | None, to: Path | None) -> "Iterator[tuple[StatementsApi, PapersPort]]":
    """Open the bank, once it is sure that the file can be written."""
    if to is not None:
        _form(to)
        check_target(to)
    with bank_of(home) as bank:
        from yunjin.foundation.banking.api.statements import PapersPort, StatementsApi

        yield bank.door(StatementsApi), bank.door(PapersPort)


def _date(text: str) -> dt.date:
    from yunjin.kernel.errors import Malformed

    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Malformed(f"expected a date such as 2026-01-31, was {text[:40]!r}") from None


def _lang(text: str) -> "Lang":
    from yunjin.foundation.banking.api.statements import Lang
    from yunjin.kernel.errors import Malformed

    try:
        return Lang(text)
    except ValueError:
        raise Malformed(f"expected zh or en, was {text[:20]!r}") from None


def _form(file: Path) -> "Form":
    from yunjin.foundation.banking.api.statements import Form
    from yunjin.kernel.errors import Malformed

    try:
        return Form(file.suffix.removeprefix(".").lower())
    except ValueError:
        raise Malformed(f"expected a file that ends in .pdf or .csv, was {file.name}") from None


def _write(
    papers: "PapersPort",
    kind: "Kind",
    agreement: int,
    lang: "Lang",
    to: Path | None,
    days: tuple[dt.date | None, dt.date | None] = (None, None),
    account: str = "",
) -> None:
    """Write a paper to a file, whole or not at all; without one, print it as CSV."""
    from yunjin.foundation.banking.api.statements import Form, PaperOrder

    order = PaperOrder(
        kind=kind,
        form=_form(to) if to else Form.CSV,
        agreement_id=agreement,
        lang=lang,
        start=days[0],
        end=days[1],
        account=account,
        has_mark=to is not None,
    )
    parts = papers.write(order)
    if to is None:
        for part in parts:
            print(part.decode().replace("\r\n", "\n"), end="")
        return
    beside = to.with_name(f".{to.name}.part")
    try:
        with beside.open("wb") as file:
            file.writelines(parts)
        beside.replace(to)
    finally:
        beside.unlink(missing_ok=True)
    print(f"{to} is written.", file=sys.stderr)


def _print(found: Any) -> None:
    """Print a dataclass as JSON; columns become lists of rows."""
    import dataclasses

    import pyarrow as pa

    values = {one.name: getattr(found, one.name) for one in dataclasses.fields(found)}
    plain = {
        name: value.to_pylist() if isinstance(value, pa.RecordBatch) else _plain(value)
        for name, value in values.items()
    }
    print(json.dumps(plain, ensure_ascii=False, default=str))


def _plain(value: Any) -> Any:
    import dataclasses

    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return [_plain(one) for one in value] if isinstance(value, tuple) else value
