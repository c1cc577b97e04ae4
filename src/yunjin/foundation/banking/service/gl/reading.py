"""Entries and lines, read."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any, Final

from yunjin.chassis.persistence import RoomDatabase
from yunjin.foundation.banking.api.general_ledger import (
    MOVEMENTS_MAX,
    EntryKind,
    GlEntry,
    GlLine,
    GlScope,
    LineQuery,
)
from yunjin.foundation.banking.api.gl_reports import DayMovement
from yunjin.foundation.banking.api.gl_transfers import LineTransfer
from yunjin.foundation.banking.domain.general_ledger.chart import slot_name
from yunjin.foundation.banking.domain.general_ledger.movements import (
    FIRST_DAY,
    LAST_DAY,
    date_of,
    day_of,
)
from yunjin.foundation.banking.errors import GlEntryNotFound
from yunjin.foundation.banking.store import general_ledger as store
from yunjin.foundation.banking.store import gl_settings as settings
from yunjin.kernel.errors import Malformed
from yunjin.kernel.money import checked_currency
from yunjin.kernel.page import LIMIT_MAX, Page, seal, unseal

NUMBER_MAX: Final = 2**63 - 1
Position = tuple[int, int]  # where to go on behind a line
Behind = Callable[[GlLine, Position, int], tuple[list[LineTransfer], Position | None]]


class Reading:
    """Finds entries, lines and the days of an account."""

    def __init__(self, room: RoomDatabase, *, page_key: bytes) -> None:
        self._room, self._page_key = room, page_key

    def entry(self, number: int) -> GlEntry:
        """Return an entry by its number. Raises: GlEntryNotFound."""
        found = self._find(number=number) if 0 < number <= NUMBER_MAX else None
        if found is None:
            raise GlEntryNotFound(f"There is no entry {str(number)[:20]}.")
        return found

    def entry_of(self, source: str) -> GlEntry | None:
        """Return the entry of a source, None where there is none."""
        return self._find(source=source)

    def _find(self, *, source: str = "", number: int = 0) -> GlEntry | None:
        def read(connection: Any) -> GlEntry | None:
            row = store.find_entry(connection, source=source, number=number)
            if row is None:
                return None
            reversed_by = store.reversal_of(connection, row.number)
            return _entry(row, reversed_by, store.lines_of(connection, row.number))

        return self._room.read(read)

    def entries(
        self, kinds: Sequence[EntryKind], *, limit: int, cursor: str | None
    ) -> Page[GlEntry]:
        """Return entries of some kinds, newest first. Raises: Malformed."""
        if not 1 <= limit <= LIMIT_MAX:
            raise Malformed(f"expected a limit of 1–{LIMIT_MAX}, was {limit}")
        before = self._position(cursor)

        def read(connection: Any) -> list[GlEntry]:
            rows = store.find_entries(connection, kinds, before=before, limit=limit + 1)
            return [
                _entry(
                    row,
                    store.reversal_of(connection, row.number),
                    store.lines_of(connection, row.number),
                )
                for row in rows
            ]

        found = self._room.read(read)
        items, after = tuple(found[:limit]), None
        if len(found) > limit:
            after = seal([day_of(items[-1].date), items[-1].number, 0], self._page_key)
        return Page(items=items, next_cursor=after)

    def lines(self, query: LineQuery) -> Page[GlLine]:
        """Return lines, newest first. Raises: Malformed, GlAccountNotFound."""
        if not 1 <= query.limit <= LIMIT_MAX:
            raise Malformed(f"expected a limit of 1–{LIMIT_MAX}, was {query.limit}")
        days = _days(query.start or FIRST_DAY, query.end or LAST_DAY)
        equal = {
            name: value
            for name in ("branch", "currency", "product")
            if (value := getattr(query, name))
        }
        before = self._position(query.cursor)
        if not all(value.isascii() and value.isprintable() for value in equal.values()):
            return Page(items=())  # nothing is called so

        def read(connection: Any) -> Sequence[Any]:
            chart = settings.chart(connection)
            accounts = chart.beneath(query.account) if query.account else []
            return store.find_lines(
                connection,
                accounts=accounts,
                equal=equal,
                days=days,
                before=before,
                limit=query.limit + 1,
            )

        rows = self._room.read(read)
        items = tuple(_line(row) for row in rows[: query.limit])
        if len(rows) <= query.limit:
            return Page(items=items)
        last = rows[query.limit - 1]
        return Page(
            items=items, next_cursor=seal([last.day, last.number, last.place], self._page_key)
        )

    def line(self, number: int, place: int) -> GlLine:
        """Return a line of an entry. Raises: GlEntryNotFound."""
        row = None
        if 0 < number <= NUMBER_MAX and 0 < place <= MOVEMENTS_MAX:
            row = self._room.read(lambda connection: store.find_line(connection, number, place))
        if row is None:
            said = f"There is no line {str(place)[:20]} of an entry {str(number)[:20]}."
            raise GlEntryNotFound(said)
        return _line(row)

    def transfers(
        self, behind: Behind, line: GlLine, *, limit: int, cursor: str | None
    ) -> Page[LineTransfer]:
        """Return transfers behind a line, as `behind` finds them. Raises: Malformed."""
        if not 1 <= limit <= LIMIT_MAX:
            raise Malformed(f"expected a limit of 1–{LIMIT_MAX}, was {limit}")
        position = (0, 0)
        if cursor is not None:
            match unseal(cursor, self._page_key):
                case [line.entry, line.place, int(sequence), int(row)]:
                    position = (sequence, row)
                case _:
                    raise Malformed("expected a cursor of this line, was another one's")
        items, after = behind(line, position, limit)
        if after is None:
            return Page(items=tuple(items))
        sealed = seal([line.entry, line.place, *after], self._page_key)
        return Page(items=tuple(items), next_cursor=sealed)

    def daily(
        self, account: str, start: dt.date, end: dt.date, *, currency: str, branch: str = ""
    ) -> list[DayMovement]:
        """Return the days on which an account moved. Raises: Malformed, GlAccountNotFound."""
        days = _days(start, end)
        equal = {"currency": checked_currency(currency)} | ({"branch": branch} if branch else {})

        def read(connection: Any) -> tuple[int, Sequence[Any]]:
            accounts = settings.chart(connection).beneath(account)
            narrowed: dict[str, Any] = {**equal, "account": accounts}
            before = store.totals(connection, days[0] - 1, ["currency"], equal=narrowed)
            opening = sum(debits - credits for debits, credits in before.values())
            return opening, store.daily(connection, accounts, equal, days)

        balance, rows = self._room.read(read)
        found = []
        for day, debits, credits in rows:
            balance += int(debits) - int(credits)
            found.append(
                DayMovement(
                    date=date_of(day),
                    debits_minor=int(debits),
                    credits_minor=int(credits),
                    balance_minor=balance,
                )
            )
        return found

    def scope(self) -> GlScope:
        """Return what there are entries of."""

        def read(connection: Any) -> GlScope:
            booked = store.days_booked(connection)
            products = store.values_of(connection, "product")
            return GlScope(
                branches=tuple(store.values_of(connection, "branch")),
                currencies=tuple(store.values_of(connection, "currency")),
                products=tuple(product for product in products if product),
                first=None if booked is None else date_of(booked[0]),
                last=None if booked is None else date_of(booked[1]),
            )

        return self._room.read(read)

    def _position(self, cursor: str | None) -> tuple[int, int, int] | None:
        if cursor is None:
            return None
        match unseal(cursor, self._page_key):
            case [int(day), int(number), int(place)]:
                return day, number, place
        raise Malformed("expected a cursor of this search, was another one's")


def _days(start: dt.date, end: dt.date) -> tuple[int, int]:
    if end < start:
        raise Malformed(f"expected the last day not before the first, was {start} to {end}")
    return day_of(start), day_of(end)


def _entry(row: Any, reversed_by: int | None, lines: Sequence[Any]) -> GlEntry:
    return GlEntry(
        number=row.number,
        source=row.source,
        kind=EntryKind(row.kind),
        date=date_of(row.day),
        reason=row.reason,
        reference=row.reference,
        by=row.by,
        reverses=row.reverses,
        reversed_by=reversed_by,
        at_us=row.at_us,
        lines=tuple(_line(line) for line in lines),
    )


def _line(row: Any) -> GlLine:
    return GlLine(
        entry=row.number,
        place=row.place,
        source=row.source,
        kind=EntryKind(row.kind),
        date=date_of(row.day),
        account=row.account,
        slot=slot_name(row.slot),
        product=row.product,
        branch=row.branch,
        currency=row.currency,
        debit_minor=row.debit_minor,
        credit_minor=row.credit_minor,
        reason=row.reason,
    )
