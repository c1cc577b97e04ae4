"""`yunjin agreements …`: opened, listed, changed, converted, closed; orders; what waits."""

import dataclasses
import json
import sys
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID, uuid5

import typer

from yunjin.app.commands import entries
from yunjin.app.commands.entries import AsJson, Home, Id, agreements_of, minor_of
from yunjin.app.commands.opening import command_of, day_of

if TYPE_CHECKING:
    from yunjin.foundation.banking.api.agreements import Agreement

app = typer.Typer(help="Agreements of this folder: deposits, loans, cards.", no_args_is_help=True)
CommandId = Annotated[str, typer.Option("--id", help="UUID of an earlier try: it acts once.")]
app.command("post", context_settings={"ignore_unknown_options": True})(entries.post)
app.command("hold")(entries.hold)
app.command("capture")(entries.capture)
app.command("release")(entries.release)
app.command("reverse")(entries.reverse)


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
    with agreements_of(home) as agreements:
        from yunjin.foundation.banking.api.agreements import AgreementQuery

        query = AgreementQuery(
            product=product, party_id=party, branch=branch, status=status, limit=limit
        )
        found = agreements.find(query).items
        if as_json:
            print(json.dumps([_plain(one) for one in found], ensure_ascii=False))
        elif found:
            from yunjin.app.commands import agreement_tables

            agreement_tables.show_list(found)
        else:
            print("No agreement.", file=sys.stderr)


@app.command()
def show(agreement: Id, home: Home = None, as_json: AsJson = False) -> None:
    """Show an agreement as it stands now."""
    with agreements_of(home) as agreements:
        one = agreements.agreement(agreement)
    if as_json:
        print(json.dumps(_plain(one), ensure_ascii=False))
        return
    from yunjin.app.commands import agreement_tables

    agreement_tables.show_one(one)


@app.command("open")
def open_agreement(
    product: Annotated[str, typer.Argument(help="The product's code.")],
    party: Annotated[str, typer.Option(help="Whose it is.")],
    term: Annotated[
        list[str] | None, typer.Option(help="A parameter, name=value; again for more.")
    ] = None,
    branch: Annotated[str, typer.Option(help="At which branch.")] = "head",
    version: Annotated[int, typer.Option(min=0, help="Of the product; 0: the live one.")] = 0,
    note: Annotated[str, typer.Option(help="What is to be remembered.")] = "",
    command_id: CommandId = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Open an agreement."""
    from yunjin.foundation.banking.api.agreements import Opening

    opening = Opening(
        product=product,
        party_id=party,
        branch=branch,
        terms=_terms(term or []),
        version=version,
        note=note,
    )
    with agreements_of(home, may_be_new=True) as agreements:
        (made,) = agreements.open(command_of(command_id), [opening])
        print(json.dumps(_plain(agreements.agreement(made))) if as_json else made)


@app.command("set")
def set_terms(
    agreement: Id,
    term: Annotated[list[str], typer.Argument(help="name=value; again for more.")],
    by: Annotated[str, typer.Option(help="Who asks, for the record.")] = "",
    command_id: CommandId = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Give an agreement's parameters other values from the business date on."""
    terms = _terms(term)
    with agreements_of(home) as agreements:
        changed = agreements.change(command_of(command_id), agreement, terms, by=by)
        if as_json:
            print(json.dumps(_plain(changed), ensure_ascii=False))
            return
        for name in terms:
            print(f"{name} is {changed.terms[name]:,}")


@app.command()
def close(
    agreement: Id, command_id: CommandId = "", home: Home = None, as_json: AsJson = False
) -> None:
    """Close an agreement; what its product settles is settled first."""
    with agreements_of(home) as agreements:
        closed = agreements.close(command_of(command_id), agreement)
        if as_json:
            print(json.dumps(_plain(closed), ensure_ascii=False))
        else:
            print(f"{closed.status} on {closed.closed}")


@app.command()
def convert(
    version: Annotated[int, typer.Argument(min=1, help="The version to come over to.")],
    agreement: Annotated[list[int], typer.Argument(min=1, help="Agreements; one or more.")],
    command_id: CommandId = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Bring agreements over to another version of their products, all or none."""
    with agreements_of(home) as agreements:
        count = agreements.convert(command_of(command_id), agreement, version)
        print(json.dumps({"converted": count}) if as_json else f"{count} came over")


@app.command()
def order(
    agreement: Id,
    to: Annotated[int, typer.Argument(min=1, help="The agreement that gets it.")],
    amount: Annotated[str, typer.Argument(help="How much each time: 100.00.")],
    first: Annotated[str, typer.Option(help="The first day.")],
    last: Annotated[str, typer.Option(help="The last day; else until it is ended.")] = "",
    months: Annotated[int, typer.Option(min=0, max=1_200, help="Every so many months.")] = 1,
    days: Annotated[int, typer.Option(min=0, max=1_200, help="Or every so many days.")] = 0,
    note: Annotated[str, typer.Option(help="What it is for.")] = "",
    command_id: CommandId = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Keep a standing order 定期转账 and print its id, which `end-order` takes."""
    from yunjin.foundation.banking.api.agreements import StandingOrder

    start, end = day_of(first), day_of(last) if last else None
    with agreements_of(home) as agreements:
        own = command_of(command_id)
        wanted = StandingOrder(
            order_id=own,
            agreement_id=agreement,
            counter_agreement_id=to,
            amount_minor=minor_of(amount, agreement, agreements),
            first=start,
            last=end,
            every_months=0 if days else months,
            every_days=days,
            note=note,
        )
        kept = agreements.order(own, wanted)
        print(_json(dataclasses.asdict(kept)) if as_json else f"order {kept.order_id}")


@app.command("end-order")
def end_order(
    agreement: Id,
    order_id: Annotated[UUID, typer.Argument(help="The order's id.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Let a standing order end; ended before, nothing happens."""
    from yunjin.kernel.errors import NotFound

    with agreements_of(home) as agreements:
        if order_id not in [one.order_id for one in agreements.orders(agreement)]:
            raise NotFound(f"There is no standing order {order_id} of this agreement.")
        agreements.cancel_order(uuid5(order_id, "end"), order_id)  # ends once
        print(_json({"order_id": order_id, "next": None}) if as_json else "ended")


@app.command()
def orders(agreement: Id, home: Home = None, as_json: AsJson = False) -> None:
    """List an agreement's standing orders 定期转账."""
    with agreements_of(home) as agreements:
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
def notices(
    agreement: Id,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 20,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List what the customer was told of an agreement, newest first."""
    with agreements_of(home) as agreements:
        found = agreements.notices(agreement, limit=limit).items
        if as_json:
            print(_json([dataclasses.asdict(one) for one in found]))
            return
        for one in found:
            print(f"{one.date}  {one.code}")
        if not found:
            print("No notice.", file=sys.stderr)


@app.command()
def tasks(
    done: Annotated[bool, typer.Option(help="Those that are settled.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List what waits for a person."""
    with agreements_of(home) as agreements:
        found = agreements.waiting(is_done=done, limit=200)
        if as_json:
            rows = [{**dataclasses.asdict(one), "date": str(one.date)} for one in found]
            print(json.dumps(rows, ensure_ascii=False))
            return
        for one in found:
            print(f"{one.task_id}  {one.date}  {one.agreement_id}  {one.code}  {one.detail}")
        if not found:
            print("Nothing waits.", file=sys.stderr)


@app.command()
def settle(
    task: Annotated[int, typer.Argument(min=1, help="The task's id, as `tasks` prints it.")],
    note: Annotated[str, typer.Option(help="What was done about it.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Say that a person has seen to a task; a stopped agreement goes on."""
    with agreements_of(home) as agreements:
        agreements.settle(task, note)
        print(_json({"task_id": task, "is_done": True}) if as_json else "settled")


def _json(facts: Any) -> str:
    return json.dumps(facts, ensure_ascii=False, default=str)


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
