"""Agreements printed for people."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from rich.table import Column, Table

from yunjin.app.commands.opening import print_table
from yunjin.kernel.money import format_minor

if TYPE_CHECKING:
    from yunjin.foundation.banking.api.agreements import Agreement

_E8 = 10**8  # of a minor unit, in which accruals are kept


def show_list(found: "Iterable[Agreement]") -> None:
    """Print agreements, a row each."""
    table = Table(
        Column("agreement", no_wrap=True),
        Column("product", overflow="fold"),
        Column("party", overflow="fold"),
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
    print_table(table)


def show_one(one: "Agreement") -> None:
    """Print an agreement as it stands: a line a fact, as its product names them."""
    ended = f" until {one.closed}" if one.closed else ""
    print(f"{one.agreement_id}  {one.product}, version {one.version}, of {one.party_id}")
    print(f"{one.status} since {one.opened}{ended}, at {one.branch}")
    if one.note:
        print(one.note)
    table = Table(
        Column("what", overflow="fold"),
        Column("name", overflow="fold"),
        Column("value", justify="right", no_wrap=True),
    )
    for kind, name, value in _facts(one):
        table.add_row(kind, name, value)
    print_table(table)


def _facts(one: "Agreement") -> Iterator[tuple[str, str, str]]:
    def money(minor: int) -> str:
        return f"{format_minor(minor, one.currency, grouped=True)} {one.currency}"

    if one.held_minor:
        yield "money", "on hold", money(one.held_minor)
    yield "money", "available", money(one.available_minor)
    if one.days_overdue or one.risk_class:
        yield "risk", "days overdue", f"{one.days_overdue:,}"
        yield "risk", "class", str(one.risk_class)
    for name, minor in one.balances.items():
        yield "balance", name, money(minor)
    for name, accrued in one.accrued_e8.items():
        whole, part = divmod(abs(accrued), _E8)
        yield "accrued", name, f"{'-' if accrued < 0 else ''}{whole:,}.{part:08d} minor units"
    shown: tuple[tuple[str, Any], ...] = (
        ("term", one.terms),
        ("kept", one.fields),
        ("kept", one.dates),
        ("next", one.due),
    )
    for kind, values in shown:
        for name, value in values.items():
            yield kind, name, f"{value:,}" if isinstance(value, int) else str(value)
