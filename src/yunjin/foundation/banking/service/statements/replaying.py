"""An agreement as it stood on a past business date: lived through again from its opening.

What it remembers is kept as of now only. But all of it follows from its terms, which are on
record, and from its entries, which are in the ledger; so both are gone through again under the
product's rules, and the balances that come of it are held against the ledger's of that evening.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np

from yunjin.foundation.banking.api.agreements import Agreement, Cause, TermChange
from yunjin.foundation.banking.api.dates import business_date, value_date
from yunjin.foundation.banking.domain.products.declarations import Product
from yunjin.foundation.banking.domain.products.simulation import Entry
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.errors import NoSchedule
from yunjin.foundation.banking.service.drafting import Kind
from yunjin.foundation.banking.service.statements.projecting import Projection
from yunjin.foundation.banking.service.statements.reading import Line
from yunjin.foundation.banking.service.statements.words import PARTIES
from yunjin.foundation.banking.service.terms import VERSION, in_force
from yunjin.kernel.clock import instant


@dataclass(frozen=True, slots=True)
class _Event:
    """What happened to an agreement at an instant: an entry, or changes of one command."""

    at: dt.datetime
    date: dt.date
    entry: Entry | None = None
    changes: tuple[TermChange, ...] = ()


def replayed(
    product_of: Callable[[int], Product],
    agreement: Agreement,
    changes: Sequence[TermChange],
    lines: Iterator[Line],
    date: dt.date,
) -> Projection:
    """Return an agreement as it stood when a business date was about to be closed.

    product_of : the product by version.
    changes : of the agreement's terms, all of them, in order.
    lines : of the account where its entries arrive, up to and with the date.
    Raises: NoSchedule where the product does not go that way again.
    """
    before = dt.date.min
    terms, version = in_force(agreement.terms, agreement.version, changes, before)
    projection = Projection.fresh(product_of(version), replace(agreement, terms=terms))
    events = [*_entries(lines), *_commands(one for one in changes if one.date <= date)]
    for event in sorted(events, key=lambda one: one.at):
        projection.go_to(np.datetime64(event.date, "D"))
        if event.entry is not None:
            projection.enter(event.entry)
            continue
        terms, version = _changed(terms, version, event.changes)
        if any(one.parameter == VERSION and one.cause is Cause.VERSION for one in event.changes):
            projection.convert(product_of(version), terms)
        else:
            projection.change({one.parameter: terms[one.parameter] for one in event.changes})
    projection.go_to(np.datetime64(date, "D"))
    return projection


def check_balances(projection: Projection, balances: Mapping[str, int]) -> None:
    """Hold what was worked out against the ledger's balances of that evening, once it is closed.

    Raises: NoSchedule where they differ: something happened that terms and entries do not tell.
    """
    evening = projection.evening()
    wrong = [name for name, amount in balances.items() if evening.get(name, 0) != amount]
    if wrong:
        raise NoSchedule(
            f"expected {wrong[0]} to come to {balances[wrong[0]]} by {projection.date}, "
            f"was {evening.get(wrong[0], 0)}: the past cannot be worked out again"
        )


def _entries(lines: Iterator[Line]) -> Iterator[_Event]:
    for line in lines:
        if line.row["code"] != Kind.ENTRY:
            continue
        numbers = line.row["user_data_32"]
        is_named = line.other_slot not in (*PARTIES, Slot.INTER_BRANCH)
        entry = Entry(
            date=np.datetime64(business_date(numbers), "D"),
            amount_minor=line.credit_minor - line.debit_minor,
            value_date=np.datetime64(value_date(numbers), "D"),
            against=Slot(line.other_slot) if is_named else Slot.CLEARING,
        )
        yield _Event(instant(line.row["timestamp"]), business_date(numbers), entry=entry)


def _commands(changes: Iterator[TermChange]) -> Iterator[_Event]:
    """Yield changes by the command that made them: its hook saw them together."""
    for _, some in groupby(changes, key=lambda one: (one.command_id, one.date)):
        mine = tuple(some)
        yield _Event(mine[0].at, mine[0].date, changes=mine)


def _changed(
    terms: Mapping[str, int], version: int, changes: Sequence[TermChange]
) -> tuple[dict[str, int], int]:
    found: dict[str, Any] = dict(terms)
    for one in changes:
        if one.cause is Cause.VERSION and one.parameter == VERSION:
            version = one.new or version
        elif one.new is None:
            found.pop(one.parameter, None)
        else:
            found[one.parameter] = one.new
    return found, version
