"""Manual entries and their reversals: the ledger first where slots are touched, then the books.

What is to be booked is kept before the ledger is asked, so that an answer that got lost (or a
process that ended) leaves something to finish, and never money in one of the two only.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork
from yunjin.foundation.banking.api.general_ledger import (
    EVERY_PRODUCT,
    REST,
    EntryKind,
    GlEntry,
    ManualEntry,
    ManualLine,
    Movement,
    PostSlots,
)
from yunjin.foundation.banking.domain.general_ledger.chart import Chart
from yunjin.foundation.banking.domain.general_ledger.movements import (
    Amounts,
    Key,
    checked_entry,
    day_of,
    digest_of_entry,
)
from yunjin.foundation.banking.domain.general_ledger.preset import CONTROL
from yunjin.foundation.banking.errors import (
    AccountUnusable,
    AlreadyReversed,
    ControlAccount,
    DayClosed,
    EntryRefused,
    SlotsNotOffered,
)
from yunjin.foundation.banking.service.gl.booking import Booking, Head, Lines
from yunjin.foundation.banking.service.gl.reading import Reading
from yunjin.foundation.banking.store import general_ledger as store
from yunjin.foundation.banking.store import gl_settings as settings
from yunjin.kernel import check
from yunjin.kernel.errors import IdempotencyConflict, Refusal

Judge = Callable[[SqlUnitOfWork, Chart], Lines]


class Manual:
    """Books what people enter.

    Parameters
    ----------
    last_closed : the newest closed business day, None before the first.
    post_slots : books bank-side accounts in the ledger; None where it is not joined.
    """

    def __init__(
        self,
        room: RoomDatabase,
        booking: Booking,
        reading: Reading,
        *,
        last_closed: Callable[[], dt.date | None],
        post_slots: PostSlots | None,
    ) -> None:
        self._room, self._booking, self._reading = room, booking, reading
        self._last_closed, self._post_slots = last_closed, post_slots

    def enter(self, entry: ManualEntry) -> GlEntry:
        """Book a manual entry; see GeneralLedgerApi.enter."""
        entry = checked_entry(entry)

        def judged(work: SqlUnitOfWork, chart: Chart) -> Lines:
            return [(_key(chart, line, day_of(entry.date)), _sides(line)) for line in entry.lines]

        return self._act(entry, judged, reverses=None)

    def reverse(
        self, command_id: UUID, number: int, *, date: dt.date, reason: str, by: str
    ) -> GlEntry:
        """Book the opposite of a manual entry; see GeneralLedgerApi.reverse."""
        first = self._reading.entry(number)
        if first.kind is not EntryKind.MANUAL:
            raise AlreadyReversed(f"expected a manual entry, {number} is {first.kind.name.lower()}")
        opposite = tuple(
            ManualLine(
                account=line.account,
                branch=line.branch,
                currency=line.currency,
                debit_minor=line.credit_minor,
                credit_minor=line.debit_minor,
            )
            for line in first.lines
        )
        entry = checked_entry(
            ManualEntry(
                command_id=command_id,
                date=date,
                lines=opposite,
                reason=reason,
                by=by,
                reference=first.reference,
            )
        )

        def judged(work: SqlUnitOfWork, chart: Chart) -> Lines:
            other = store.reversal_of(work.connection, number)
            if other is not None:
                raise AlreadyReversed(f"Entry {number} was reversed by {other}.", entry=other)
            rows = store.lines_of(work.connection, number)
            day = day_of(date)
            return [
                (_followed(chart, row, day), (row.credit_minor, row.debit_minor)) for row in rows
            ]

        return self._act(entry, judged, reverses=number)

    def finish_waiting(self) -> int:
        """Finish what waits for the ledger's answer; return how many."""
        finished = 0
        for row in self._room.read(settings.all_intents):
            with suppress(Refusal):  # it was let go of; the next one has nothing to do with it
                self._finish(row.command_id)
                finished += 1
        return finished

    def _act(self, entry: ManualEntry, judge: Judge, *, reverses: int | None) -> GlEntry:
        digest = digest_of_entry(entry, reverses)
        request = {"command": "gl.enter", "digest": digest.hex()}
        closed = self._last_closed()
        begun = self._room.command(
            entry.command_id,
            request,
            lambda work: self._begin(work, entry, judge, reverses=reverses, closed=closed),
        )
        if begun["is_waiting"]:
            self._finish(entry.command_id)
        found = self._reading.entry_of(_source(entry.command_id))
        if found is None:
            raise EntryRefused("The ledger refused this entry before; it needs another id.")
        return found

    def _begin(
        self,
        work: SqlUnitOfWork,
        entry: ManualEntry,
        judge: Judge,
        *,
        reverses: int | None,
        closed: dt.date | None,
    ) -> dict[str, Any]:
        """Book an entry, or keep it as something that waits for the ledger."""
        self._booking.take_turn(work)
        connection, digest = work.connection, digest_of_entry(entry, reverses)
        known = store.find_entry(connection, source=_source(entry.command_id))
        waiting = settings.intent(connection, entry.command_id)
        if known is not None or waiting is not None:  # its first answer was pruned
            if (known or waiting).digest != digest:
                raise IdempotencyConflict("This id was used for another entry.")
            return {"is_waiting": known is None}
        _check_date(entry.date, closed, is_open_day=False)
        chart = self._booking.made_ready(work, entry.date)
        lines = judge(work, chart)
        if any(key.slot != REST for key, _ in lines):
            self._joined()
            _check_date(entry.date, closed, is_open_day=True)
            row = {
                "command_id": entry.command_id,
                "digest": digest,
                "day": day_of(entry.date),
                "body": _body(entry, lines, reverses),
                "at_us": self._booking.now_us(),
            }
            settings.put_intent(connection, row)
            return {"is_waiting": True}
        self._write(work, entry.command_id, _body(entry, lines, reverses), digest)
        return {"is_waiting": False}

    def _finish(self, command_id: UUID) -> None:
        """Let the ledger book an entry's slots, then book the entry. May be done again."""
        row = self._room.read(lambda connection: settings.intent(connection, command_id))
        if row is None:
            return
        date = dt.date.fromisoformat(row.body["date"])
        movements = slot_movements(_lines(row.body))
        post_slots = self._joined()
        try:
            post_slots(command_id, date, movements, row.body["reference"])
        except Refusal:
            self._room.run(lambda work: settings.drop_intent(work.connection, command_id))
            raise
        self._room.run(lambda work: self._complete(work, command_id))

    def _complete(self, work: SqlUnitOfWork, command_id: UUID) -> None:
        self._booking.take_turn(work)
        row = settings.intent(work.connection, command_id)
        if row is not None:
            self._write(work, command_id, row.body, row.digest)
            settings.drop_intent(work.connection, command_id)

    def _write(
        self, work: SqlUnitOfWork, command_id: UUID, body: dict[str, Any], digest: bytes
    ) -> None:
        reverses = body["reverses"]
        head = Head(
            source=_source(command_id),
            kind=EntryKind.MANUAL if reverses is None else EntryKind.REVERSAL,
            day=day_of(dt.date.fromisoformat(body["date"])),
            digest=digest,
            reason=body["reason"],
            reference=body["reference"],
            by=body["by"],
            reverses=reverses,
        )
        self._booking.write(work, head, _lines(body))

    def _joined(self) -> PostSlots:
        if self._post_slots is None:
            raise SlotsNotOffered("expected the ledger to be joined for accounts that slots go to")
        return self._post_slots


def _check_date(date: dt.date, closed: dt.date | None, *, is_open_day: bool) -> None:
    """See that a date is not to come; where the ledger books too, that it is the open day."""
    if closed is None:
        return
    today = closed + dt.timedelta(days=1)
    if date > today or (is_open_day and date != today):
        kind = "the open business day" if is_open_day else "a date up to the business day"
        raise DayClosed(f"expected {kind}, {today}, was {date}", business_date=str(today))


def slot_movements(lines: Lines) -> list[Movement]:
    """Return what slots move by, and REST for what balances them; nothing where none is touched."""
    sums: dict[tuple[str, str, int, str], int] = {}
    for key, (debit, credit) in lines:
        if key.slot != REST:
            rest = (key.branch, key.currency, REST, "")
            place = (key.branch, key.currency, key.slot, key.product)
            sums[place] = sums.get(place, 0) + debit - credit
            sums[rest] = sums.get(rest, 0) + credit - debit
    return [
        Movement(
            product=product,
            branch=branch,
            currency=currency,
            slot=slot,
            debit_minor=max(net, 0),
            credit_minor=max(-net, 0),
        )
        for (branch, currency, slot, product), net in sorted(sums.items())
        if net
    ]


def _source(command_id: UUID) -> str:
    return f"manual/{command_id}"


def _sides(line: ManualLine) -> Amounts:
    return line.debit_minor, line.credit_minor


def _key(chart: Chart, line: ManualLine, day: int) -> Key:
    """Return what a line is booked to. Raises: GlAccountNotFound and as `enter`."""
    account = chart.account(line.account)
    if not account.is_postable:
        raise AccountUnusable(f"expected an account to book to, {account.code} is a heading")
    places = chart.slots_of(day).get(account.code, [])
    if any(slot in CONTROL for slot, _ in places):
        raise ControlAccount(
            f"Agreements make {account.code} {account.name_zh} up; post to them instead.",
            account=account.code,
        )
    slot, product = places[0] if places else (REST, "")
    product = "" if product == EVERY_PRODUCT else product
    return Key(account.code, int(slot), product, line.branch, line.currency)


def _followed(chart: Chart, row: Any, day: int) -> Key:
    """Return where a booked line's slot is now."""
    account = row.account
    if row.slot != REST:
        account = chart.account_of(row.slot, row.product, day).code
    return Key(account, row.slot, row.product, row.branch, row.currency)


def _body(entry: ManualEntry, lines: Lines, reverses: int | None) -> dict[str, Any]:
    return {
        "date": entry.date.isoformat(),
        "reason": entry.reason,
        "reference": entry.reference,
        "by": entry.by,
        "reverses": reverses,
        "lines": [[*key, *amounts] for key, amounts in lines],
    }


def _lines(body: dict[str, Any]) -> Lines:
    found: Sequence[Any] = body["lines"]
    check.that(all(len(row) == 7 for row in found), "expected lines of seven values")
    return [(Key(*row[:5]), (row[5], row[6])) for row in found]
