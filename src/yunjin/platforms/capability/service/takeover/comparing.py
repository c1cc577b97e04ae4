"""The parallel run: an evening of the old core held beside ours."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import numpy as np
import pyarrow as pa

from yunjin.chassis.persistence import SqlUnitOfWork
from yunjin.kernel.clock import instant
from yunjin.kernel.money import exponent
from yunjin.platforms.capability.api.takeover import Compared
from yunjin.platforms.capability.domain.takeover import differing
from yunjin.platforms.capability.domain.takeover.differing import CAUSES, DIFFERENCES, E8, Inputs
from yunjin.platforms.capability.domain.takeover.finding import places as places_in
from yunjin.platforms.capability.domain.takeover.joined import movement_amounts
from yunjin.platforms.capability.domain.takeover.mapping import Mapping, Product
from yunjin.platforms.capability.domain.takeover.reading import Sheet
from yunjin.platforms.capability.errors.takeover import TakeoverNotFound, TakeoverRefused
from yunjin.platforms.capability.events.takeover import TakeoverCompared
from yunjin.platforms.capability.service.takeover.delivery import Deliveries
from yunjin.platforms.capability.service.takeover.packed import column_of_ids, ids_of, packed
from yunjin.platforms.capability.service.takeover.places import Places, by_account
from yunjin.platforms.capability.store import takeover as store

ENTRY: Final = 1  # a transfer that somebody asked for, and no product


@dataclass(slots=True)
class _Evening:
    """What the old core says of an evening, and how far it has been held beside ours."""

    plan: Mapping
    date: Any  # datetime64[D]
    balances: Sheet
    history: Sheet | None
    seen: Any  # bool[balances]
    parts: list[pa.RecordBatch] = field(default_factory=list)
    figures: int = 0
    minor: int = 0


class Comparing:
    """Holds evenings side by side."""

    def __init__(self, places: Places, deliveries: Deliveries) -> None:
        self._places, self._deliveries = places, deliveries

    def compare(
        self, command_id: UUID, run_id: UUID, source: str, date: dt.date, by: str
    ) -> Compared:
        """See TakeoverApi.compare."""
        places = self._places
        if places.room.read(lambda connection: store.run(connection, run_id)) is None:
            raise TakeoverNotFound("There is no such run.", run_id=str(run_id))
        if places.doors.days.last_closed() != date:
            raise TakeoverRefused(
                f"expected {date} to be the last day that we closed", why="another day is"
            )
        plan = places.plan(run_id)
        balances = self._deliveries.one(source, "balances", plan)
        if balances is None:
            raise TakeoverNotFound("The evening has no balances.", file=plan.balances.file)
        history = self._deliveries.one(source, "history", plan)
        seen = np.zeros(len(balances), np.bool_)
        evening = _Evening(plan, np.datetime64(date), balances, history, seen)
        for line in places.room.read(lambda connection: store.cells_of(connection, run_id)):
            rows = [row for row in places.loads(line) if row.back is None]
            for row, moved in zip(rows, places.moved(rows), strict=True):
                self._part(row, moved, evening)
        self._strangers(run_id, evening)
        return self._keep(command_id, run_id, source, date, evening)

    def _part(self, row: Any, moved: pa.RecordBatch, evening: _Evening) -> None:
        """Hold a part that came over beside the evening."""
        places = self._places
        facts = {part: one for part, _, one in places.parts(row.run_id, row.cell, "agreements")}[
            row.part
        ]
        ids = ids_of(row.first_id, row.step, row.row_count)
        staged = places.part(row.run_id, row.cell, "agreements", row.part)
        keys = staged["key"].take(pa.array(places.order(row)))
        [ours] = places.doors.bringing.standing(column_of_ids(ids))
        at = places_in(keys, evening.balances.words("key"))
        there = at >= 0
        evening.seen[at[there]] = True
        open_ones = ours["status"].to_numpy() == 1
        gone = np.flatnonzero(~there & open_ones)
        if len(gone):
            main = ours["balance.main"].to_numpy()[gone] * E8
            _tell(evening, keys.take(pa.array(gone)), "balance", main * 0, main, differing.ABSENT)
        rows = np.flatnonzero(there & open_ones)
        product = evening.plan.products[facts["old_product"]]
        later, inputs = _inputs(row, moved, keys, evening, facts["currency"], product)
        mine = pa.array(rows)
        _compare(
            evening,
            product,
            facts["currency"],
            keys.take(mine),
            at[rows],
            ours.take(mine),
            {name: one[rows] for name, one in later.items()},
            Inputs(*(one[rows] for one in inputs)),
        )

    def _strangers(self, run_id: UUID, evening: _Evening) -> None:
        """Tell of what the old core says of our cells and we do not have."""
        places, sheet = self._places, evening.balances
        keys = sheet.words("key")
        ours = np.zeros(len(sheet), np.bool_)  # staged for a cell that is not with us
        for line in places.room.read(lambda connection: store.cells_of(connection, run_id)):
            for part, _, _ in places.parts(run_id, line.cell, "agreements"):
                staged = places.part(run_id, line.cell, "agreements", part)
                at = places_in(staged["key"], keys)
                ours[at[at >= 0]] = True
        lost = np.flatnonzero(~ours & ~evening.seen)
        theirs = sheet.minor("balance", np.full(len(sheet), 2))[0][lost] * E8
        _tell(evening, keys.take(pa.array(lost)), "balance", theirs, theirs * 0, differing.ABSENT)

    def _keep(
        self, command_id: UUID, run_id: UUID, source: str, date: dt.date, evening: _Evening
    ) -> Compared:
        places = self._places
        empty = pa.RecordBatch.from_pylist([], DIFFERENCES)
        whole = pa.concat_batches([empty, *evening.parts])
        causes = Counter(CAUSES[one].value for one in whole["cause"].to_pylist())
        facts = {
            "figures": evening.figures,
            "differences": whole.num_rows,
            "beyond": int(np.count_nonzero(whole["is_beyond"].to_numpy(zero_copy_only=False))),
            "causes": dict(sorted(causes.items())),
            "difference_minor": evening.minor,
        }
        at_us = places.now_us()
        day = Compared(run_id=run_id, date=date, at=instant(at_us * 1_000), **facts)

        def body(work: SqlUnitOfWork) -> Any:
            store.put_day(work.connection, day, facts, packed(whole), at_us)
            work.outbox.add(
                TakeoverCompared(
                    run_id=str(run_id),
                    date=date.isoformat(),
                    differences=day.differences,
                    beyond=day.beyond,
                )
            )
            return date.isoformat()

        places.room.command(command_id, ["compare", str(run_id), source, date.isoformat()], body)
        kept = places.room.read(lambda connection: store.days_compared(connection, run_id))
        return next(one for one in kept if one.date == date)


def _inputs(
    row: Any,
    moved: pa.RecordBatch,
    keys: pa.Array,
    evening: _Evening,
    currency: str,
    product: Product,
) -> tuple[dict[str, Any], tuple[Any, Any, Any, Any]]:
    """Return what moved after the day, by account; and the inputs of both sides."""
    place = (moved["agreement_id"].to_numpy() - row.first_id) // row.step
    dates = moved["date"].to_numpy(zero_copy_only=False).astype("datetime64[D]")
    names = np.array(moved["account"].to_pylist(), object)
    amounts = moved["amount_minor"].to_numpy()
    is_entry = (moved["code"].to_numpy() == ENTRY) & (names == "main")
    ours, ours_near = np.zeros(row.row_count, np.int64), np.zeros(row.row_count, np.int64)
    for into, chosen in (
        (ours, is_entry & (dates == evening.date)),
        (ours_near, is_entry & (dates != evening.date)),
    ):
        np.add.at(into, place[chosen], amounts[chosen])
    later = by_account(moved.filter(pa.array(dates > evening.date)), row)
    theirs, near = _told_movements(evening, keys, currency, product)
    return later, (theirs, ours, near, ours_near)


def _compare(
    evening: _Evening,
    product: Product,
    currency: str,
    keys: pa.Array,
    at: Any,
    ours: pa.RecordBatch,
    later: dict[str, Any],
    inputs: Inputs,
) -> None:
    sheet, places = evening.balances, np.full(len(evening.balances), exponent(currency))
    sign = -1 if product.sign == "opposite" else 1
    for name, column in product.balances.items():
        if column not in sheet.text:
            continue
        theirs = sign * sheet.minor(column, places)[0][at]
        mine = ours[f"balance.{name}"].to_numpy() - later.get(name, 0)
        figure = "balance" if name == "main" else "due"
        evening.figures += len(keys)
        differs = np.flatnonzero(theirs != mine)
        causes = differing.of_balances(theirs, mine, inputs)[differs]
        _tell(
            evening,
            keys.take(pa.array(differs)),
            figure,
            theirs[differs] * E8,
            mine[differs] * E8,
            causes,
        )
    rule = product.interest
    for name, column in product.accruals.items():
        if column not in sheet.text:
            continue
        theirs = sign * sheet.accrued(column, places)[0][at]
        mine = ours[f"accrued.{name}"].to_numpy()
        evening.figures += len(keys)
        basis = _basis(evening, product, ours, at, places)
        causes = differing.of_accruals(theirs, mine, rule, basis)
        differs = np.flatnonzero(theirs != mine)
        _tell(
            evening,
            keys.take(pa.array(differs)),
            "accrued",
            theirs[differs],
            mine[differs],
            causes[differs],
        )


def _basis(
    evening: _Evening, product: Product, ours: pa.RecordBatch, at: Any, places: Any
) -> tuple[Any, Any, Any, Any]:
    """Return what interest grew on: balance, rate, since, until."""
    rule, sheet, count = product.interest, evening.balances, ours.num_rows
    nothing = np.full(count, np.datetime64("NaT", "D"))
    amount = ours["balance.main"].to_numpy()
    until = evening.date + np.timedelta64(1, "D")
    if rule is None:
        return amount, np.zeros(count, np.int64), nothing, until
    since = sheet.dates(rule.since)[0][at] if rule.since in sheet.text else nothing
    rate: Any = np.zeros(count, np.int64)
    if rule.rate.isdecimal():
        rate = np.full(count, int(rule.rate))
    elif rule.rate in sheet.text:
        rate = sheet.numbers(rule.rate)[0][at]
    elif "term.rate" in ours.schema.names:
        rate = ours["term.rate"].to_numpy()
    return amount, rate, since, until


def _told_movements(
    evening: _Evening, keys: pa.Array, currency: str, product: Product
) -> tuple[Any, Any]:
    """Return what the old core says moved on agreements: on the day, and on other days."""
    found = np.zeros(len(keys), np.int64), np.zeros(len(keys), np.int64)
    sheet = evening.history
    if sheet is None:
        return found
    at = places_in(sheet.words("key"), keys)
    sign = -1 if product.sign == "opposite" else 1
    amounts = sign * movement_amounts(sheet, np.full(len(sheet), exponent(currency)))[0]
    dates = sheet.dates("date")[0]
    for into, chosen in zip(found, (dates == evening.date, dates != evening.date), strict=True):
        rows = (at >= 0) & chosen
        np.add.at(into, at[rows], amounts[rows])
    return found


def _tell(
    evening: _Evening, keys: pa.Array, figure: str, theirs: Any, ours: Any, causes: Any
) -> None:
    if not len(keys):
        return
    outside = differing.beyond(figure, theirs, ours, evening.plan.tolerance)
    spread = np.broadcast_to(np.asarray(causes, np.uint8), len(keys))
    evening.parts.append(differing.told(keys, figure, theirs, ours, spread, outside))
    evening.minor += int((np.abs(ours - theirs) // E8).sum())
