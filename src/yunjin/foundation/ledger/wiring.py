"""The ledger put together."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.ledger.api import ClearingApi, ImportApi, LedgerApi
from yunjin.foundation.ledger.api.members import MembersApi
from yunjin.foundation.ledger.api.splits import SplitApi
from yunjin.foundation.ledger.service.settings import Settings
from yunjin.kernel.clock import Clock
from yunjin.kernel.room import Faces, Room, Way

__all__ = ["Settings", "build", "check_clock", "free_copy", "journal_file"]


def journal_file(settings: Settings, folder: Path) -> Path | None:
    """Return the journal of the cell in a tenant's folder, None where a server keeps it."""
    return None if settings.journal_url else folder / f"cell-{settings.cell}.journal.db"


def free_copy(settings: Settings, file: Path) -> tuple[int, str]:
    """End the lease that a copied journal carries, since its holder writes another file.

    Returns the head: (sequence, hash in hexadecimal); (0, "") where no writer ever came.
    """
    from yunjin.foundation.ledger.store.engine import open_engine
    from yunjin.foundation.ledger.store.journal import Journal

    journal = Journal(open_engine(file.parent, "", file.name), settings.cell)
    try:
        head = journal.head()
        if head is None:
            return 0, ""
        journal.free(head.epoch)
        return head.sequence, head.hash.hex()
    finally:
        journal.close()


def build(
    settings: Settings,
    *,
    tenant: str,
    clock: Clock,
    home: Path,
    database: DatabaseApi[Any] | None = None,
    no_split: str = "",
) -> Room:
    """Open the tenant's cell and return its room.

    Without a `database` there are no aliases and no clearing: for tests and tools of the journal
    alone.  no_split: why the cell is not to be split; empty: it may be.

    Raises: LeaseHeld while another process writes it; FolderInUse.
    """
    from yunjin.foundation.ledger import migrations
    from yunjin.foundation.ledger.service.ledger import LedgerService, cursor_key
    from yunjin.foundation.ledger.service.metering import Meter
    from yunjin.foundation.ledger.store.files import head_is_readable

    meter, tables = Meter(clock), None
    if database is not None:
        tables = database.open("ledger", source="/foundation/ledger", migrations=migrations)
    members = _members(settings)
    if members is not None and no_split:
        members.bind(no_split)
    writer, fresh_journal = _writer(settings, home / tenant, clock, meter, members)
    service = LedgerService(
        writer,
        fresh_journal,
        meter,
        tenant=tenant,
        cell=settings.cell,
        tables=tables,
        cursor_key=cursor_key(tenant, secrets.token_bytes(16)),
        batch_rows_max=settings.batch_rows_max,
        head_is_readable=partial(head_is_readable, home / tenant / f"cell-{settings.cell}.head"),
    )
    room = _room(service, writer, meter, clock=clock)
    room = _with_members(settings, writer, members, clock, room)
    room = _with_clearing(settings, service, tables, clock, room)
    room = _with_telling(writer, tables, room)
    if members is None:
        no_split = no_split or "A journal in a file has one machine: bring the cell to a set first."
    room = _with_splitting(settings, writer, members, clock, room, no_split)
    clears, waiting_max = ClearingApi in room.doors, settings.requests_waiting_max
    shown = partial(_faces, clock=clock, waiting_max=waiting_max, clears=clears)
    return replace(room, faces=shown)


def _faces(way: Way, *, clock: Clock, waiting_max: int, clears: bool) -> Faces:
    """Return what is shown of the ledger; clears: and of clearing."""
    from yunjin.chassis.transport.streams import joined
    from yunjin.foundation.ledger import pages
    from yunjin.foundation.ledger.pages import words_clearing
    from yunjin.foundation.ledger.routes import clearing, flight, hot, http, members, splits

    ledger, of_members = way(LedgerApi), way(MembersApi)
    batches = flight.endpoints(ledger)
    batches = replace(batches, actions={**batches.actions, **members.actions(of_members)})
    routers = [http.router(ledger), members.router(of_members)]
    if clears:
        routers.append(clearing.router(way(ClearingApi)))
        batches = joined([batches, clearing.endpoints(way(ClearingApi))])

    def staff_pages() -> None:
        pages.register(ledger, clock=clock)
        if clears:
            from yunjin.foundation.ledger.pages.clearing import register

            register(ledger, way(ClearingApi), clock)

    return Faces(
        routers=[*routers, splits.router(way(SplitApi))],
        hot_routes=hot.routes(ledger, waiting_max=waiting_max),
        openapi=hot.document(),
        flight=batches,
        pages=staff_pages,
        menu=[*pages.MENU, *([words_clearing.ENTRY] if clears else ())],
        words={**pages.WORDS, **(words_clearing.WORDS if clears else {})},
        search=[pages.Search(ledger)],
    )


def _with_members(settings: Settings, writer: Any, members: Any, clock: Clock, room: Room) -> Room:
    """Return the room with the cell's members."""
    from yunjin.foundation.ledger.service.membership import Alone, Membership

    where = {"http": settings.http_address, "flight": settings.flight_address}
    if members is None:
        api: MembersApi = Alone(writer, clock, cell=settings.cell, **where)
        ways: dict[str, Any] = {}
    else:
        api = membership = Membership(members, writer, clock, cell=settings.cell, **where)

        def close() -> None:
            membership.close()
            if room.close is not None:
                room.close()

        turn = writer.wait_until_leading
        ways = {"start": membership.start, "close": close, "await_turn": turn}
        ways["stands_by"] = lambda: writer.follows
    return replace(room, doors={**room.doors, MembersApi: api}, **ways)


def _with_splitting(
    settings: Settings, writer: Any, members: Any, clock: Clock, room: Room, no_split: str
) -> Room:
    """Return the room with what splits the cell."""
    from yunjin.foundation.ledger.service.splitting import NoSplit, Splitter, open_gate
    from yunjin.foundation.ledger.store.engine import open_engine
    from yunjin.foundation.ledger.store.forking import Forking

    def opened(into: int) -> Forking:
        patience_s, is_confirmed = settings.patience_s, settings.durable_on == "all"
        url, home = settings.journal_url, Path()
        engine = open_engine(home, url, "", patience_s=patience_s, is_confirmed=is_confirmed)
        return Forking(engine, settings.cell, into)

    clearing: Any = room.doors.get(ClearingApi)
    gate = open_gate if clearing is None else clearing.holding_back
    api: SplitApi = Splitter(writer, members, opened, clock, cell=settings.cell, gate=gate)
    if no_split:
        api = NoSplit(no_split)
    return replace(room, doors={**room.doors, SplitApi: api})


def check_clock(settings: Settings, clock: Clock) -> None:
    """See that this machine's clock is the set's, where the journal is on one. Raises: ClockOff."""
    if settings.journal_url:
        from yunjin.foundation.ledger.service.clocks import check

        check(settings.journal_url, clock, off_s_max=settings.clock_off_s_max)


def _members(settings: Settings) -> Any:
    """Return the members of the cells of the set, None for a journal in a file."""
    if not settings.journal_url:
        return None
    from yunjin.foundation.ledger.store.members import Members
    from yunjin.foundation.ledger.store.mysql import SetEngine

    return Members(SetEngine(settings.journal_url, patience_s=0), settings.cell)


def _writer(
    settings: Settings, folder: Path, clock: Clock, meter: Any, members: Any
) -> tuple[Any, Callable[[], Any]]:
    """Return the cell's writer, and what opens its journal once more for a reader of all."""
    from yunjin.chassis.persistence import private_folder
    from yunjin.foundation.ledger.service.cell import Cell
    from yunjin.foundation.ledger.service.limits import Limits
    from yunjin.foundation.ledger.service.metering import MeteredIndex, MeteredJournal
    from yunjin.foundation.ledger.service.writer import Writer
    from yunjin.foundation.ledger.store.engine import open_engine
    from yunjin.foundation.ledger.store.turns import await_turn

    number, url, vfs = settings.cell, settings.journal_url, settings.vfs
    private_folder(folder)
    if settings.turn_wait_s and not url:
        await_turn(folder / f"cell-{number}.lock", settings.turn_wait_s)

    def fresh_journal() -> MeteredJournal:
        file = f"cell-{number}.journal.db"
        engine = open_engine(
            folder,
            url,
            file,
            vfs=vfs,
            synchronous=settings.synchronous,
            patience_s=settings.patience_s,
            is_confirmed=settings.durable_on == "all",
        )
        return MeteredJournal(engine, number, codec=settings.codec, meter=meter)

    def fresh_cell() -> Cell:
        journal = fresh_journal()
        file = f"cell-{number}.index.db"  # often moved over, so that each sync is a short one
        engine = open_engine(folder, "", file, vfs=vfs, wal_pages=64)
        return Cell(
            journal,
            MeteredIndex(engine, number, meter=meter),
            bloom_words=settings.bloom_words,
            usual=settings.checkpoint_transfers * 26 // 25,
        )

    limits = Limits(
        rows_waiting_max=settings.rows_waiting_max,
        rows_a_commit_max=settings.rows_a_commit_max,
        lease_ns=int(settings.lease_s * 1e9),
        checkpoint_transfers=settings.checkpoint_transfers,
        verify_at_open=settings.verify_at_open,
        stands_by=settings.stands_by,
        is_alone=bool(url),
        reads_behind=settings.reads_behind,
        follow_ms=settings.follow_ms,
    )
    writer = Writer(
        fresh_cell,
        cell=number,
        folder=folder,
        clock=clock,
        limits=limits,
        leader_of=members.where if members is not None else lambda head: {},
    )
    return writer, fresh_journal


def _room(service: Any, writer: Any, meter: Any, *, clock: Clock) -> Room:
    """Return the ledger alone."""
    from yunjin.foundation.ledger.service.importing import Importer

    return Room(
        name="ledger",
        doors={LedgerApi: service, ImportApi: Importer(service, clock)},
        probes={"ledger": lambda: writer.stopped},
        metrics=lambda: meter.families(writer.rows_waiting),
        close=service.close,
    )


def _with_telling(writer: Any, tables: Any, room: Room) -> Room:
    """Return the room with what tells of its journal, where it has an outbox."""
    if tables is None:
        return room
    from yunjin.foundation.ledger.service.telling import Teller

    teller = Teller(writer, tables)

    def start() -> None:
        if room.start is not None:
            room.start()
        teller.start()

    def close() -> None:
        teller.close()
        if room.close is not None:
            room.close()

    return replace(room, start=start, close=close)


def _with_clearing(
    settings: Settings,
    ledger: Any,
    tables: Any,
    clock: Clock,
    room: Room,
) -> Room:
    """Return the room with clearing, which ends before the ledger does."""
    if tables is None:
        return room
    from yunjin.foundation.ledger.adapters.cells import FlightCell
    from yunjin.foundation.ledger.service.clearing import metering, peers, service, shelf

    cell, rows_max = settings.cell, min(settings.clearing.batch_rows_max, settings.batch_rows_max)
    chosen = settings.clearing.model_copy(update={"batch_rows_max": rows_max})
    home, known = ledger.share().home, room.doors[MembersApi].members
    clearing = service.ClearingService(
        ledger,
        shelf.Shelf(tables, cell),
        peers.peers_of(home, chosen, FlightCell, known),
        cell=cell,
        clock=clock,
        settings=chosen,
        meter=metering.Meter(clock),
        share=ledger.share,
        own_home=peers.own_home(home, cell, chosen, FlightCell, known),
    )

    def start() -> None:
        if room.start is not None:
            room.start()
        clearing.start()

    def close() -> None:
        clearing.close()
        if room.close is not None:
            room.close()

    return replace(
        room,
        doors={**room.doors, ClearingApi: clearing},
        metrics=lambda: [*(room.metrics() if room.metrics else ()), *clearing.families()],
        start=start,
        close=close,
    )
