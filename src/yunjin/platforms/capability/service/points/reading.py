"""What is asked of points."""

import datetime as dt
from collections.abc import Callable, Iterable
from uuid import UUID

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork
from yunjin.kernel.clock import instant
from yunjin.kernel.errors import Malformed
from yunjin.kernel.page import LIMIT_MAX, Page, seal, unseal
from yunjin.platforms.capability.api.points import (
    Entry,
    EntryKind,
    Liability,
    Lot,
    PointsAccount,
    PointsHold,
    Programme,
)
from yunjin.platforms.capability.domain.payments import leg
from yunjin.platforms.capability.domain.points import NEVER, Account
from yunjin.platforms.capability.errors.points import (
    PointsEntryNotFound,
    PointsHoldNotFound,
    ProgrammeNotFound,
)
from yunjin.platforms.capability.events.points import PointsMoved
from yunjin.platforms.capability.store import points as store

_E6 = 1_000_000


class PointsReading:
    """Queries of points over a room's tables, and what every deed needs."""

    def __init__(
        self, room: RoomDatabase, *, today: Callable[[], dt.date], cursor_key: bytes
    ) -> None:
        self._room, self._today, self._key = room, today, cursor_key

    def programme(self, code: str) -> Programme:
        """Return a programme. Raises: ProgrammeNotFound."""
        return found_programme(
            self._room.read(lambda connection: store.programme(connection, code)), code
        )

    def programmes(self) -> list[Programme]:
        """Return all programmes, by code."""
        return self._room.read(store.every_programme)

    def account(self, programme: str, party_id: str) -> PointsAccount:
        """Return a party's account. Raises: ProgrammeNotFound."""
        self.programme(programme)
        found = self._room.read(
            lambda connection: store.accounts_of(connection, party_id, programme)
        )
        return found[0] if found else _empty(programme, party_id)

    def accounts(self, party_id: str) -> list[PointsAccount]:
        """Return a party's accounts, by programme."""
        return self._room.read(lambda connection: store.accounts_of(connection, party_id))

    def lots(self, programme: str, party_id: str) -> list[Lot]:
        """Return the lots that have something left, those that end first in front."""
        return self._room.read(lambda connection: store.lots_of(connection, (programme, party_id)))

    def entry(self, entry_id: UUID) -> Entry:
        """Return an entry. Raises: PointsEntryNotFound."""
        found = self._room.read(lambda connection: store.entry(connection, entry_id))
        if found is None:
            raise PointsEntryNotFound("There is no such entry.", entry_id=str(entry_id))
        return found[0]

    def entries(
        self, programme: str, party_id: str, *, limit: int = 50, cursor: str | None = None
    ) -> Page[Entry]:
        """Return an account's entries, newest first. Raises: Malformed (cursor)."""
        before, limit = _number(cursor, self._key), min(limit, LIMIT_MAX)
        key = (programme, party_id)
        found = self._room.read(
            lambda connection: store.entries(connection, key, before, limit + 1)
        )
        shown = found[:limit]
        more = seal([shown[-1][0]], self._key) if len(found) > limit else None
        return Page(tuple(one for _, one in shown), more)

    def held(self, hold_id: UUID) -> PointsHold:
        """Return a hold. Raises: PointsHoldNotFound."""
        found = self._room.read(lambda connection: store.hold(connection, hold_id))
        if found is None:
            raise PointsHoldNotFound("There is no such hold.", hold_id=str(hold_id))
        return found[0]

    def liability(self) -> list[Liability]:
        """Return what each programme's points would cost now, by programme."""
        sums = self._room.read(store.sums)
        found: list[Liability] = []
        for one in self.programmes():
            accounts, points, owed = sums.get(one.code, (0, 0, 0))
            found.append(
                Liability(
                    programme=one.code,
                    accounts=accounts,
                    points=points,
                    owed=owed,
                    value_minor=-(-points * one.value_e6 // _E6),
                    currency=one.currency,
                )
            )
        return found

    def _accounts(
        self, work: SqlUnitOfWork, keys: Iterable[store.Key], command_id: UUID
    ) -> dict[store.Key, Account]:
        """Return accounts, locked, at today's date; what is over in them has ended."""
        today = self._today()
        found = store.locked(work.connection, keys, today)
        for one in found.values():
            one.turn(today)
            ended = one.end(today)
            if ended:
                entry_id = leg(command_id, f"expired {one.programme} {one.party_id}")
                self._enter(work, one, entry_id, EntryKind.EXPIRED, -ended)
        return found

    def _enter(
        self,
        work: SqlUnitOfWork,
        account: Account,
        entry_id: UUID,
        kind: EntryKind,
        points: int,
        *,
        owed: int = 0,
        subject: str = "",
        note: str = "",
        rules: tuple[str, ...] = (),
        capped: int = 0,
        expires: dt.date | None = None,
        reverses: UUID | None = None,
    ) -> Entry:
        """Keep an entry of what an account has moved by, and tell of it."""
        account.entries += 1
        made = Entry(
            entry_id=entry_id,
            programme=account.programme,
            party_id=account.party_id,
            kind=kind,
            points=points,
            owed=owed,
            balance=account.balance,
            subject=subject,
            note=note,
            rules=rules,
            capped=capped,
            expires=None if expires == NEVER else expires,
            reverses=reverses,
            day=self._today(),
            at=instant(self._room.clock.now_ns()),
        )
        store.put_entry(work.connection, made, account.entries)
        if kind is not EntryKind.EXPIRED:
            told = PointsMoved(
                entry_id=str(entry_id),
                programme=made.programme,
                party_id=made.party_id,
                kind=kind.value,
                points=points,
                balance=made.balance,
                subject_id=subject,
            )
            work.outbox.add(told)
        return made


def found_programme(found: Programme | None, code: str) -> Programme:
    """Return a programme that is there. Raises: ProgrammeNotFound."""
    if found is None:
        raise ProgrammeNotFound("There is no such programme.", programme=code[:60])
    return found


def _empty(programme: str, party_id: str) -> PointsAccount:
    return PointsAccount(
        programme=programme,
        party_id=party_id,
        balance=0,
        held=0,
        owed=0,
        came=0,
        went=0,
        soon=0,
        soon_by=None,
    )


def _number(cursor: str | None, key: bytes) -> int | None:
    if cursor is None:
        return None
    match unseal(cursor, key):
        case [int(number)]:
            return number
    raise Malformed("expected a cursor of this list, was another list's")
