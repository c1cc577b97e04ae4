"""Every room put together: the bank."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from yunjin.app.businesses import businesses_of
from yunjin.app.members import MembersSeen
from yunjin.app.settings import Settings
from yunjin.chassis.persistence import private_folder
from yunjin.chassis.transport import configure_plain_logs, traceparent
from yunjin.foundation.banking import wiring as banking
from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.foundation.database import wiring as database
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.database.api.topology import StagePort
from yunjin.foundation.ledger import wiring as ledger
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.foundation.ledger.api.members import MembersApi
from yunjin.kernel import tenant
from yunjin.kernel.clock import Clock, SystemClock
from yunjin.kernel.room import Faces, Room, Way, shown
from yunjin.platforms.capability import wiring as capability

_OF_A_BANK: Final = (
    "A bank's agreements lie beside its ledger, so its cell is not split: open new agreements in"
    " another cell, or move this one to a larger set."
)


@dataclass(frozen=True, kw_only=True)
class Bank:
    """The open rooms of one tenant."""

    settings: Settings
    clock: Clock
    rooms: tuple[Room, ...]

    def door(self, api: type[Any]) -> Any:
        """Return what implements a room's api."""
        return next(room.doors[api] for room in self.rooms if api in room.doors)

    @cached_property
    def faces(self) -> list[Faces]:
        """What the rooms show; made when it is first asked for, with the weight of the web."""
        return shown(*self.rooms)

    def close(self) -> None:
        """Close the rooms, the last opened first."""
        for room in reversed(self.rooms):
            if room.close is not None:
                room.close()


def open_bank(settings: Settings, *, clock: Clock | None = None) -> Bank:
    """Open every room. Raises: LeaseHeld, FolderInUse, Outage, Malformed."""
    configure_plain_logs()
    clock = clock or SystemClock()
    name = tenant.checked(settings.tenant)
    home = settings.home.absolute()
    private_folder(home / name)
    rooms: list[Room] = []
    cells = MembersSeen(clock)
    ledger.check_clock(settings.ledger, clock)
    try:
        rooms.append(
            database.build(
                settings.database,
                tenant=name,
                clock=clock,
                home=home,
                events=settings.events,
                traceparent=traceparent,
                stage=cells,
                cells=cells,
            )
        )
        tables = rooms[0].doors[DatabaseApi]
        banking.prepare(tables)
        capability.prepare(tables)
        rooms.append(
            ledger.build(
                _reachable(settings),
                tenant=name,
                clock=clock,
                home=home,
                database=tables,
                no_split=_OF_A_BANK,
            )
        )
        cells.follow(rooms[1].doors[MembersApi])
        if rooms[1].await_turn is not None and rooms[1].start is not None:
            rooms[1].start()  # what stands by is known
        rooms.append(
            banking.build(
                settings.banking,
                tenant=name,
                clock=clock,
                home=home,
                database=tables,
                ledger=rooms[1].doors[LedgerApi],
                turn=rooms[1],
            )
        )
        rooms.append(
            capability.build(
                settings.capability,
                tenant=name,
                clock=clock,
                database=tables,
                today=rooms[2].doors[DaysApi].business_date,
                agreements=rooms[2].doors[AgreementsApi],
                core={**rooms[1].doors, **rooms[2].doors},
                businesses=businesses_of(settings.businesses),
                stands_by=rooms[1].stands_by or bool,
            )
        )
    except BaseException:
        Bank(settings=settings, clock=clock, rooms=tuple(rooms)).close()
        raise
    for room in rooms:
        if room.start is not None and room.await_turn is None:
            room.start()
    return Bank(settings=settings, clock=clock, rooms=tuple(rooms))


def open_cell(settings: Settings, *, clock: Clock | None = None) -> Bank:
    """Open the ledger alone: a cell that serves transfers, or stands by for the one that does.

    Where the rooms' tables are on a set, aliases and clearing are served too.

    Raises: LeaseHeld, FolderInUse, Outage, Malformed.
    """
    configure_plain_logs()
    clock = clock or SystemClock()
    name = tenant.checked(settings.tenant)
    home = settings.home.absolute()
    private_folder(home / name)
    rooms: list[Room] = []
    ledger.check_clock(settings.ledger, clock)
    try:
        tables = None
        if settings.database.url:
            rooms.append(
                database.build(
                    settings.database,
                    tenant=name,
                    clock=clock,
                    home=home,
                    events=settings.events,
                    traceparent=traceparent,
                )
            )
            rooms[0] = _without_pages(rooms[0])
            tables = rooms[0].doors[DatabaseApi]
        room = ledger.build(
            _reachable(settings), tenant=name, clock=clock, home=home, database=tables
        )
        rooms.append(_without_pages(room))
    except BaseException:
        Bank(settings=settings, clock=clock, rooms=tuple(rooms)).close()
        raise
    for room in rooms:
        if room.start is not None:
            room.start()
    return Bank(settings=settings, clock=clock, rooms=tuple(rooms))


def _without_pages(room: Room) -> Room:
    """Return a room that shows no pages."""

    def faces(way: Way) -> Faces:
        return replace(room.faces(way), pages=None, menu=(), search=())

    return replace(room, faces=faces)


@contextmanager
def opened_stage(settings: Settings, stage: StagePort) -> Iterator[Bank]:
    """Open the database room alone for a block: the fleet, its doctor, and the topology page."""
    configure_plain_logs()
    clock, name = SystemClock(), tenant.checked(settings.tenant)
    home = settings.home.absolute()
    private_folder(home / name)
    with tenant.entered(name):
        room = database.build(settings.database, tenant=name, clock=clock, home=home, stage=stage)
        bank = Bank(settings=settings, clock=clock, rooms=(room,))
        try:
            if room.start is not None:
                room.start()
            yield bank
        finally:
            bank.close()


def _reachable(settings: Settings) -> ledger.Settings:
    """Return the ledger's settings with where this process is reached, if nobody said."""
    http, chosen = settings.http, settings.ledger
    where = {
        "http_address": chosen.http_address or f"http://{http.listen}:{http.port}",
        "flight_address": chosen.flight_address or f"grpc://{http.listen}:{http.flight_port}",
    }
    return chosen.model_copy(update=where)


@contextmanager
def opened(settings: Settings) -> Iterator[Bank]:
    """Open the bank for a block, on behalf of its tenant."""
    with tenant.entered(settings.tenant):
        bank = open_bank(settings)
        try:
            yield bank
        finally:
            bank.close()
