"""What every part of the party centre does alike: lock, do once, tell."""

import datetime as dt
import itertools
from collections.abc import Callable, Iterable
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork
from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.kernel.clock import instant
from yunjin.kernel.ids import uuid7_of
from yunjin.platforms.capability.api.party_facts import Happening, Party, PartyState
from yunjin.platforms.capability.errors import PartyClosed, PartyNotFound
from yunjin.platforms.capability.events import PartyChanged
from yunjin.platforms.capability.service.values import NOTE_MAX, check_code, check_text
from yunjin.platforms.capability.store import parties as store
from yunjin.platforms.capability.store import party_records as records
from yunjin.platforms.capability.store.personal import Seal

BY_MAX: Final = 100
ID_MAX: Final = 64


class PartyDesk:
    """The room's tables as the party centre works on them: a part of `PartyService`."""

    def __init__(
        self,
        room: RoomDatabase,
        *,
        today: Callable[[], dt.date],
        seal: Seal,
        cursor_key: bytes,
        agreements: AgreementsApi | None = None,
    ) -> None:
        self._room, self._today, self._seal, self._key = room, today, seal, cursor_key
        self._agreements = agreements
        self._count = itertools.count()

    def party(self, party_id: str) -> Party:
        """Return the party that an id means. Raises: PartyNotFound."""

        def read(connection: Any) -> Party | None:
            record = self._record(connection, party_id)
            return None if record is None else store.whole(connection, record, self._today())

        found = self._room.read(read)
        if found is None:
            raise no_party(party_id)
        return found

    def _record(self, connection: Any, party_id: str) -> store.Record | None:
        """Return the record of the party that an id means."""
        own = store.records(connection, [_id(party_id)]).get(party_id)
        if own is None or own.root_id == own.party_id:
            return own
        return store.records(connection, [own.root_id])[own.root_id]

    def _family(self, connection: Any, party_id: str) -> list[str]:
        """Return every id that means the party an id means. Raises: PartyNotFound."""
        record = self._record(connection, party_id)
        if record is None:
            raise no_party(party_id)
        return [one.party_id for one in store.family(connection, record.party_id)]

    def _locked(
        self, work: SqlUnitOfWork, *party_ids: str, is_open: bool = True
    ) -> list[store.Record]:
        """Return the parties that ids mean, locked. Raises: PartyNotFound, PartyClosed."""
        found = store.locked(work.connection, map(_id, party_ids))
        for one in party_ids:
            if one not in found:
                raise no_party(one)
            if is_open and found[one].state is PartyState.CLOSED:
                raise PartyClosed("The party is closed.", party_id=found[one].party_id)
        return [found[one] for one in party_ids]

    def _do(
        self,
        command_id: UUID,
        word: str,
        request: Iterable[Any],
        body: Callable[[SqlUnitOfWork], Any],
        *,
        by: str,
        why: str = "",
        must_say: bool = False,
    ) -> None:
        """Do a command once. must_say: who does it and why are needed."""
        check_text("name of who does it", by, most=BY_MAX, least=int(must_say))
        check_text("reason", why, most=NOTE_MAX, least=int(must_say))

        def done(work: SqlUnitOfWork) -> dict[str, bool]:
            body(work)
            return {"is_done": True}

        self._room.command(command_id, [f"party.{word}", *request, by, why], done)

    def _note(
        self,
        work: SqlUnitOfWork,
        party_id: str,
        what: str,
        *,
        by: str,
        why: str = "",
        subject: str = "",
        is_told: bool = True,
    ) -> None:
        """Put down what happened, and tell it. is_told: as an event that no other says better."""
        records.put_happenings(
            work.connection, [self._happening(party_id, what, by=by, why=why, subject=subject)]
        )
        if is_told:
            work.outbox.add(PartyChanged(party_id=party_id, what=what, item=subject))

    def _happening(
        self, party_id: str, what: str, *, by: str, why: str = "", subject: str = ""
    ) -> Happening:
        return Happening(
            event_id=self._next_id(),
            party_id=party_id,
            what=what,
            subject=subject,
            date=self._today(),
            at=self._now(),
            by=by,
            why=why,
        )

    def _now(self) -> dt.datetime:
        return instant(self._room.clock.now_ns())

    def _next_id(self) -> UUID:
        """Return a new id that sorts behind all that this process made before."""
        at_ns = self._room.clock.now_ns()
        chance = (at_ns % 1_000_000) << 54 | (next(self._count) & 0x3FFF) << 40
        return uuid7_of(at_ns // 1_000_000, chance)


def _id(party_id: str) -> str:
    check_code("party", party_id, most=ID_MAX)
    return party_id


def no_party(party_id: str) -> PartyNotFound:
    """Return the refusal of a party that is not there."""
    return PartyNotFound("There is no such party.", party_id=party_id)
