"""`yunjin agreements list | show | open | post | hold | release | orders | tasks`."""

import dataclasses
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import typer

from yunjin.app.commands.opening import bank_of

if TYPE_CHECKING:
    from yunjin.foundation.banking.api.agreements import Agreement, AgreementsApi

app = typer.Typer(help="Agreements of this folder: deposits, loans, cards.", no_args_is_help=True)
Home = Annotated[Path | None, typer.Option(help="Folder of all data.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Id = Annotated[int, typer.Argument(min=1, help="The agreement's id.")]
_LOW: Final = 2**64 - 1


@contextmanager
def _opened(home: Path | None, *, may_be_new: bool = False) -> "Iterator[AgreementsApi]":
    with bank_of(home, may_be_new=may_be_new) as bank:
        from yunjin.foundation.banking.api.agreements import AgreementsApi

        yield bank.door(AgreementsApi)


@app.command("list")
def find(
    product: Annotated[str, typer.Option(help="Only this product.")] = "",
    party: Annotated[str, typer.Option(help="Only this party.")] = "",
    branch: Annotated[str, typer.Option(help="Only this branch.")] = "",
    status: Annotated[str, typer.Option(help="open, closed or stopped.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 20,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List agreements, newest first."""
    with _opened(home) as agreements:
        from yunjin.foundation.banking.api.agreements import AgreementQuery

        query = AgreementQuery(
            product=product, party_id=party, branch=branch, status=status, limit=limit
        )
        found = agreements.find(query).items
        if as_json:
            print(json.dumps([_plain(one) for one in found], ensure_ascii=False))
        elif found:
            _table(found)
        else:
            print("No agreement.", file=sys.stderr)


@app.command()
def show(agreement: Id, home: Home = None, as_json: AsJson = False) -> None:
    """Show an agreement as it stands now."""
    with _opened(home) as agreements:
        one = agreements.agreement(agreement)
        print(json.dumps(_plain(one), ensure_ascii=False, indent=None if as_json else 2))


@app.command("open")
def open_agreement(
    product: Annotated[str, typer.Argument(help="The product's code.")],
    party: Annotated[str, typer.Option(help="Whose it is.")],
    term: Annotated[
        list[str] | None, typer.Option(help="A parameter, name=value; again for more.")
    ] = None,
    branch: Annotated[str, typer.Option(help="At which branch.")] = "head",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Open an agreement."""
    from yunjin.foundation.banking.api.agreements import Opening
    from yunjin.kernel.clock import SystemClock
    from yunjin.kernel.ids import uuid7

    opening = Opening(product=product, party_id=party, branch=branch, terms=_terms(term or []))
    with _opened(home, may_be_new=True) as agreements:
        (made,) = agreements.open(uuid7(SystemClock()), [opening])
        print(json.dumps(_plain(agreements.agreement(made))) if as_json else made)


@app.command(context_settings={"ignore_unknown_options": True})
def post(
    agreement: Id,
    amount: Annotated[str, typer.Argument(help="100.00 comes in, -100.00 goes out.")],
    to: Annotated[int, typer.Option(min=0, help="The other agreement; 0: the bank.")] = 0,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Post an entry 记账 under the product's rules."""
    with _opened(home) as agreements:
        asked = {"amount_minor": _minor(amount, agreement, agreements), "counter_agreement_id": to}
        _post(agreements, agreement, asked, as_json=as_json)


@app.command()
def hold(
    agreement: Id,
    amount: Annotated[str, typer.Argument(help="How much: 100.00.")],
    to: Annotated[int, typer.Option(min=0, help="The other agreement; 0: the bank.")] = 0,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Hold money 冻结 and print the hold's id, which `release` takes."""
    with _opened(home) as agreements:
        asked = {"amount_minor": _minor(amount, agreement, agreements), "counter_agreement_id": to}
        _post(agreements, agreement, {**asked, "action": "HOLD"}, as_json=as_json)


@app.command()
def release(
    agreement: Id,
    hold_id: Annotated[UUID, typer.Argument(help="The hold's id.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Let held money go 解冻."""
    with _opened(home) as agreements:
        asked = {
            "amount_minor": 0,
            "action": "RELEASE",
            "hold_id_hi": hold_id.int >> 64,
            "hold_id_lo": hold_id.int & _LOW,
        }
        _post(agreements, agreement, asked, as_json=as_json)


@app.command()
def orders(agreement: Id, home: Home = None, as_json: AsJson = False) -> None:
    """List an agreement's standing orders 定期转账."""
    with _opened(home) as agreements:
        one = agreements.agreement(agreement)
        found = agreements.orders(agreement)
        if as_json:
            rows = [dataclasses.asdict(order) for order in found]
            print(json.dumps(rows, ensure_ascii=False, default=str))
            return
        from yunjin.kernel.money import format_minor

        for order in found:
            money = format_minor(order.amount_minor, one.currency, grouped=True)
            when = f"next {order.next}" if order.next else "ended"
            print(f"{order.order_id}  {money} to {order.counter_agreement_id}  {when}")
        if not found:
            print("No standing order.", file=sys.stderr)


@app.command()
def tasks(
    done: Annotated[bool, typer.Option(help="Those that are settled.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List what waits for a person."""
    with _opened(home) as agreements:
        found = agreements.waiting(is_done=done, limit=200)
        if as_json:
            rows = [{**dataclasses.asdict(one), "date": str(one.date)} for one in found]
            print(json.dumps(rows, ensure_ascii=False))
            return
        for one in found:
            print(f"{one.task_id}  {one.date}  {one.agreement_id}  {one.code}  {one.detail}")
        if not found:
            print("Nothing waits.", file=sys.stderr)


def _minor(amount: str, agreement: int, agreements: "AgreementsApi") -> int:
    from yunjin.kernel.money import parse_minor

    return parse_minor(amount, agreements.agreement(agreement).currency)


def _post(
    agreements: "AgreementsApi", agreement: int, asked: dict[str, Any], *, as_json: bool
) -> None:
    """Post one entry and say what came of it; leave with 1 where it was refused."""
    import pyarrow as pa

    from yunjin.foundation.banking.api.agreements import (
        ENTRIES_OPTIONAL,
        ENTRIES_REQUIRED,
        Action,
        EntryStatus,
    )
    from yunjin.kernel.clock import SystemClock
    from yunjin.kernel.ids import uuid7
    from yunjin.kernel.money import format_minor

    currency, own = agreements.agreement(agreement).currency, uuid7(SystemClock())
    action = Action[asked.pop("action", "BOOK")]
    columns = {
        "id_hi": own.int >> 64,
        "id_lo": own.int & _LOW,
        "agreement_id": agreement,
        "action": int(action),
        **asked,
    }
    types = {**ENTRIES_REQUIRED, **ENTRIES_OPTIONAL}
    arrays = [pa.array([value], types[name]) for name, value in columns.items()]
    entry = pa.RecordBatch.from_arrays(arrays, names=list(columns))
    (answer,) = agreements.post(entry).to_pylist()
    status = EntryStatus(answer["status"])
    word = status.name.lower()
    if as_json:
        print(json.dumps({"id": str(own), **answer, "status": word}, ensure_ascii=False))
    else:
        reason = f": {answer['reason']}" if answer["reason"] else ""
        balance, available = (
            format_minor(answer[name], currency, grouped=True)
            for name in ("balance_minor", "available_minor")
        )
        print(
            f"{word.replace('_', ' ')}{reason}; balance {balance}, available {available} {currency}"
        )
        if action == Action.HOLD and status == EntryStatus.BOOKED:
            print(f"hold {own}")
    if status not in (EntryStatus.BOOKED, EntryStatus.EXISTS):
        sys.exit(1)


def _terms(words: list[str]) -> dict[str, int]:
    from yunjin.kernel.errors import Malformed

    terms = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign or not value.lstrip("-").isascii() or not value.lstrip("-").isdecimal():
            raise Malformed(f"expected name=whole number, was {word[:60]!r}")
        terms[name] = int(value)
    return terms


def _plain(one: "Agreement") -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(one), default=str))
    return facts


def _table(found: "tuple[Agreement, ...]") -> None:
    from rich.console import Console
    from rich.table import Column, Table

    from yunjin.kernel.money import format_minor

    table = Table(
        Column("agreement", no_wrap=True),
        "product",
        "party",
        "branch",
        "status",
        Column("balance", justify="right", no_wrap=True),
        Column("available", justify="right", no_wrap=True),
    )
    for one in found:
        money = [
            format_minor(minor, one.currency, grouped=True)
            for minor in (one.balance_minor, one.available_minor)
        ]
        cells = (str(one.agreement_id), one.product, one.party_id, one.branch, one.status)
        table.add_row(*cells, *money)
    Console().print(table)
