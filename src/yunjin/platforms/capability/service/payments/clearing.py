"""The clearing centre's door: channels as they are described, routes, sessions of batches."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from yunjin.chassis.flow import Flows
from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork, instant_us
from yunjin.kernel.clock import instant
from yunjin.kernel.errors import Malformed
from yunjin.kernel.ids import uuid7
from yunjin.kernel.money import checked_currency
from yunjin.kernel.page import LIMIT_MAX, Page
from yunjin.platforms.capability.api.channels import ChannelPort
from yunjin.platforms.capability.api.clearing import (
    BANKS_MAX,
    CUTOFFS_MAX,
    SESSION,
    Channel,
    ChannelTerms,
    NetLine,
    Route,
    Session,
    Wish,
)
from yunjin.platforms.capability.api.payments import PAYMENTS_MAX
from yunjin.platforms.capability.api.reconciliation import CsvMapping
from yunjin.platforms.capability.domain.payments import leg
from yunjin.platforms.capability.domain.routing import Now, slot_of
from yunjin.platforms.capability.errors.clearing import ChannelNotFound, SessionNotFound
from yunjin.platforms.capability.events.clearing import SessionClosed
from yunjin.platforms.capability.service.paging import page_of, position
from yunjin.platforms.capability.service.payments.ways import Ways, microseconds
from yunjin.platforms.capability.service.values import check_code, check_text, plain
from yunjin.platforms.capability.store import clearing as store
from yunjin.platforms.capability.store.limits import days_of


class Calendar(Protocol):
    """Which days are business days."""

    def business_day(self, date: dt.date) -> dt.date:
        """Return the date itself, or the next one that is."""


class EveryDay:
    """A calendar without holidays, where no bank's is given."""

    def business_day(self, date: dt.date) -> dt.date:
        """Return the date itself."""
        return date


class ClearingService:
    """Clearing channels over the room's tables.

    Parameters
    ----------
    ports : the channels that are connected, by name.
    zone : of the hours that channels are described with.
    """

    def __init__(
        self,
        room: RoomDatabase,
        flows: Flows,
        ports: Mapping[str, ChannelPort],
        *,
        today: Callable[[], dt.date],
        calendar: Calendar,
        zone: ZoneInfo,
        cursor_key: bytes,
    ) -> None:
        self._room, self._flows, self._ports = room, flows, dict(ports)
        self._today, self._calendar, self._zone = today, calendar, zone
        self._key = cursor_key

    # the door -----------------------------------------------------------------------------------

    def describe(self, command_id: UUID, terms: ChannelTerms) -> Channel:
        """Say what a channel takes. Raises: Malformed."""
        check_terms(terms)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            store.put_channel(work.connection, terms.channel, self._now_us(), terms=terms)
            return {"channel": terms.channel}

        self._room.command(command_id, ["clearing.describe", repr(plain(terms))], body)
        return self._channel(terms.channel)

    def set_up(self, command_id: UUID, channel: str, is_up: bool, why: str = "") -> Channel:
        """Take a channel out, or let it in again. Raises: ChannelNotFound, Malformed."""
        check_text("reason", why, most=200)
        self._checked(channel)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            said = {"is_up": int(is_up), "why": "" if is_up else why}
            store.put_channel(work.connection, channel, self._now_us(), **said)
            return {"channel": channel}

        self._room.command(command_id, ["clearing.set_up", channel, is_up, why], body)
        return self._channel(channel)

    def close_session(self, command_id: UUID, channel: str) -> Session:
        """End the running session of a batch channel. Raises: ChannelNotFound, Malformed."""
        terms = self._terms(channel)
        if not terms.is_batch:
            raise Malformed(f"expected a batch channel, was {channel}, which has no sessions")
        known = self._room.read(lambda connection: store.session(connection, command_id))
        if known is None:
            now_us, ends = self._now_us(), slot_of(terms, self._now()).after
            until_us = now_us if ends is None else max(microseconds(ends), now_us)
            self._end(command_id, channel, until_us, now_us)
        return self._session(command_id)

    def route(self, wish: Wish) -> Route:
        """Return which channel takes a payment, and why others do not. Raises: NoRoute."""
        return self.ways().route(wish)

    def channels(self) -> list[Channel]:
        """Return the channels that are connected, and those that are described."""
        ways = self.ways()
        names = [*self._ports, *(name for name in ways.known if name not in self._ports)]
        return [self._seen(ways, name) for name in names]

    def sessions(
        self, channel: str = "", *, limit: int = 50, cursor: str | None = None
    ) -> Page[Session]:
        """Return sessions that are over, newest first. Raises: Malformed (cursor)."""
        before, limit = position(cursor, self._key), min(limit, LIMIT_MAX)
        found = self._room.read(
            lambda connection: store.some_sessions(
                connection, channel=channel, before=before, limit=limit + 1
            )
        )
        return page_of(found, limit, self._key, lambda one: one.session_id)

    def net(self, session_id: UUID) -> Sequence[NetLine]:
        """Return what a session comes to as of now. Raises: SessionNotFound."""
        one = self._session(session_id)
        return self._room.read(lambda connection: store.net(connection, one))

    # what payments and reconciliation ask for ---------------------------------------------------

    def ways(self) -> Ways:
        """Return the channels as they stand now."""
        return Ways(self._room.read(store.all_channels), self._ports, self._now())

    def batches_in(self, work: SqlUnitOfWork) -> set[str]:
        """Return the channels whose payments wait for sessions; within a transaction."""
        known = store.all_channels(work.connection)
        return {name for name, row in known.items() if row[0] is not None and row[0].is_batch}

    def close_due(self) -> int:
        """End the sessions whose cut-off has come; return how many."""
        count = 0
        for channel in sorted(self.ways().batches()):
            now_us = self._now_us()
            if self._is_due(channel, now_us):
                self._end(uuid7(self._room.clock), channel, now_us, now_us)
                count += 1
        return count

    def _is_due(self, channel: str, now_us: int) -> bool:
        return self._room.read(lambda connection: store.has_held(connection, channel, now_us))

    def mapping(self, channel: str) -> CsvMapping | None:
        """Return how a channel's CSV is read. Raises: ChannelNotFound."""
        self._checked(channel)
        row = self._room.read(store.all_channels).get(channel)
        return None if row is None else row[1]

    def put_mapping(self, work: SqlUnitOfWork, channel: str, mapping: CsvMapping) -> None:
        """Keep how a channel's CSV is read. Raises: ChannelNotFound."""
        self._checked(channel)
        store.put_channel(work.connection, channel, self._now_us(), mapping=mapping)

    def cost_minor(self, channel: str) -> int:
        """Return what a channel takes for a payment. Unit: minor."""
        return self._terms(channel).cost_minor

    # inside -------------------------------------------------------------------------------------

    def _end(self, session_id: UUID, channel: str, until_us: int, cutoff_us: int) -> None:
        """Keep a session, and start a flow for each of its files."""

        def body(work: SqlUnitOfWork) -> None:
            if store.session(work.connection, session_id) is not None:
                return
            since = store.last_cutoff(work.connection, channel)
            files: list[UUID] = []
            count = total = 0
            while True:
                wave_id = leg(session_id, f"file {len(files)}")
                some = store.take_held(work.connection, channel, until_us, wave_id, PAYMENTS_MAX)
                if not some:
                    break
                files.append(wave_id)
                count, total = count + len(some), total + sum(minor for _, minor in some)
                self._flows.start(wave_id, SESSION, str(wave_id), work=work)
            store.put_session(
                work.connection,
                {
                    "session_id": session_id,
                    "channel": channel,
                    "day": days_of(self._today()),
                    "since_us": since,
                    "cutoff_us": cutoff_us,
                    "payments": count,
                    "amount_minor": total,
                    "files": [str(one) for one in files],
                },
            )
            work.outbox.add(
                SessionClosed(
                    session_id=str(session_id),
                    channel=channel,
                    payments=count,
                    amount_minor=total,
                )
            )

        self._room.run(body)
        self._flows.bell.set()

    def _channel(self, name: str) -> Channel:
        return self._seen(self.ways(), name)

    def _seen(self, ways: Ways, name: str) -> Channel:
        shown = ways.terms(name) or ChannelTerms(channel=name)
        slot = slot_of(replace(shown, is_batch=True), ways.now) if shown.cutoffs else None
        return Channel(
            terms=shown,
            is_connected=name in self._ports,
            is_up=ways.is_up(name),
            why=ways.known[name][3] if name in ways.known else "",
            next_cutoff=None if slot is None else slot.after,
        )

    def _terms(self, channel: str) -> ChannelTerms:
        self._checked(channel)
        row = self._room.read(store.all_channels).get(channel)
        return ChannelTerms(channel=channel) if row is None or row[0] is None else row[0]

    def _checked(self, channel: str) -> None:
        if channel not in self._ports and channel not in self._room.read(store.all_channels):
            raise ChannelNotFound("There is no such channel.", channel=channel[:40])

    def _session(self, session_id: UUID) -> Session:
        found = self._room.read(lambda connection: store.session(connection, session_id))
        if found is None:
            raise SessionNotFound("There is no such session.", session_id=str(session_id))
        return found

    def _now(self) -> Now:
        local = instant(self._room.clock.now_ns()).astimezone(self._zone)
        return Now(today=self._today(), local=local, business_day=self._calendar.business_day)

    def _now_us(self) -> int:
        return instant_us(self._room.clock.now_ns())


def check_terms(terms: ChannelTerms) -> None:
    """Raises: Malformed."""
    check_code("name of a channel", terms.channel, least=1, most=40)
    for currency in terms.currencies:
        checked_currency(currency)
    if len(terms.cutoffs) > CUTOFFS_MAX or len(terms.banks) > BANKS_MAX:
        raise Malformed(f"expected up to {CUTOFFS_MAX} cut-offs and {BANKS_MAX} banks, was more")
    if terms.is_batch and not terms.cutoffs:
        raise Malformed("expected a cut-off of a batch channel, was none")
    if terms.closes != dt.time(0) and terms.closes <= terms.opens:
        raise Malformed(f"expected a channel that opens before it closes, was {terms.opens}")
    if terms.least_minor < 1 or terms.cost_minor < 0:
        raise Malformed("expected a least amount of 1 and a cost of 0 or more")
    if terms.most_minor and terms.most_minor < terms.least_minor:
        raise Malformed(f"expected a bound of {terms.least_minor} or more")
    for bank in terms.banks:
        check_code("bank's number", bank, least=1, most=35)
