"""The ledger put together."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.ledger.api import ClearingApi, ImportApi, LedgerApi
from yunjin.foundation.ledger.api.members import MembersApi
from yunjin.foundation.ledger.service.clearing.settings import ClearingSettings
from yunjin.kernel.clock import Clock
from yunjin.kernel.room import Room


class Settings(BaseModel):
    """What may be set about the ledger."""

    model_config = {"extra": "forbid"}

    cell: int = Field(1, ge=0, le=32_767, description="The number of the cell served here.")
    journal_url: str = Field(
        "",
        max_length=500,
        pattern=r"^(mysql(\+pymysql)?://.+)?$",
        repr=False,
        description="Set of the journal, mysql://USER:PASSWORD@HOST:PORT,HOST:PORT/NAME; "
        "the first node is written to; empty: a SQLite file.",
    )
    patience_s: float = Field(
        30.0, ge=0, le=3_600, description="Seconds that an outage of the set is waited out."
    )
    durable_on: Literal["all", "set"] = Field(
        "all",
        description="all: a commit is on the disks of all living nodes of a Galera set, a majority "
        "at least, before it is answered; set: what the set itself promises.",
    )
    clock_off_s_max: float = Field(
        10.0,
        ge=0.1,
        le=1e6,
        description="Seconds between this machine's clock and the set's above which a cell is not "
        "opened.",
    )
    stands_by: bool = Field(
        False, description="Follow the cell's writer, and take over when it is gone."
    )
    reads_behind: bool = Field(
        False,
        description="Answer readers also where another process may have written since: what stands "
        "by then answers with what it has read so far.",
    )
    follow_ms: int = Field(
        100, ge=10, le=60_000, description="Milliseconds between two looks at what is followed."
    )
    http_address: str = Field(
        "", max_length=200, description="http://HOST:PORT where others reach this process."
    )
    flight_address: str = Field(
        "", max_length=200, description="grpc://HOST:PORT where others reach this process."
    )
    vfs: str = Field("", description="The SQLite file-system shim; only tests choose one.")
    synchronous: str = Field(
        "full",
        pattern="^(full|normal|off)$",
        description="SQLite's synchronous; full or money is lost.",
    )
    codec: str = Field(
        "none",
        pattern="^(none|lz4|zstd)$",
        description="How bodies of journal rows are compressed.",
    )
    batch_rows_max: int = Field(8_190, ge=1, le=65_535, description="Rows of one batch at most.")
    rows_waiting_max: int = Field(
        500_000, ge=1_000, le=100_000_000, description="Rows that may wait for the writer."
    )
    requests_waiting_max: int = Field(
        20_000, ge=1, le=1_000_000, description="Transfers over HTTP that may wait for a batch."
    )
    rows_a_commit_max: int = Field(
        65_520, ge=1, le=1_000_000, description="Rows that one commit takes at most."
    )
    lease_s: float = Field(10, ge=0.5, le=3_600, description="Seconds a writer's lease lasts.")
    checkpoint_transfers: int = Field(
        4_194_304, ge=1, le=1 << 30, description="Transfers between two checkpoints."
    )
    verify_at_open: bool = Field(
        False,
        description="Read the whole journal again, from its first row, before the first write.",
    )
    bloom_words: int = Field(
        1 << 21, ge=64, le=1 << 32, description="64-bit words of the filter of untimely ids; 2^n."
    )
    clearing: ClearingSettings = Field(
        default_factory=ClearingSettings, description="transfers between cells and between banks"
    )

    @field_validator("clearing")
    @classmethod
    def _clears_with_others(
        cls, clearing: ClearingSettings, info: ValidationInfo
    ) -> ClearingSettings:
        if info.data.get("cell") in clearing.peers:
            raise ValueError("expected peers other than ledger.cell")
        return clearing

    @field_validator("stands_by")
    @classmethod
    def _is_on_a_set(cls, stands_by: bool, info: ValidationInfo) -> bool:
        """A file has its machine's processes only, and they share its index."""
        if stands_by and not info.data.get("journal_url"):
            raise ValueError("expected ledger.journal_url too: a journal in a file has no standby")
        return stands_by

    @field_validator("bloom_words")
    @classmethod
    def _is_power_of_two(cls, words: int) -> int:
        """The kernels find a bit by masking."""
        if words & (words - 1):
            raise ValueError("expected a power of two")
        return words

    @field_validator("rows_waiting_max")
    @classmethod
    def _takes_a_batch(cls, rows: int, info: ValidationInfo) -> int:
        """Else a full batch would be answered `overloaded` for ever."""
        batch = info.data.get("batch_rows_max", 0)
        if rows < batch:
            raise ValueError(f"expected at least ledger.batch_rows_max, {batch}")
        return rows


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
) -> Room:
    """Open the tenant's cell and return its room.

    Without a `database` there are no aliases and no clearing: for tests and tools of the journal
    alone.

    Raises: LeaseHeld while another process writes it.
    """
    from yunjin.foundation.ledger import migrations
    from yunjin.foundation.ledger.service.ledger import LedgerService, cursor_key
    from yunjin.foundation.ledger.service.metering import Meter
    from yunjin.foundation.ledger.store.files import head_is_readable

    meter, tables = Meter(clock), None
    if database is not None:
        tables = database.open("ledger", source="/foundation/ledger", migrations=migrations)
    members = _members(settings)
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
    waiting_max = settings.requests_waiting_max
    room = _room(service, writer, meter, clock=clock, waiting_max=waiting_max)
    room = _with_members(settings, writer, members, clock, room)
    return _with_clearing(settings, service, tables, clock, room)


def _with_members(settings: Settings, writer: Any, members: Any, clock: Clock, room: Room) -> Room:
    """Return the room with what the app mounts of the cell's members."""
    from yunjin.foundation.ledger.routes import members as routes
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
    actions = {**room.flight.actions, **routes.actions(api)}
    return replace(
        room,
        doors={**room.doors, MembersApi: api},
        routers=[*room.routers, routes.router(api)],
        flight=replace(room.flight, actions=actions),
        **ways,
    )


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

    number, url, vfs = settings.cell, settings.journal_url, settings.vfs
    private_folder(folder)

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
            number,
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


def _room(service: Any, writer: Any, meter: Any, *, clock: Clock, waiting_max: int) -> Room:
    """Return what the app mounts of the ledger."""
    from yunjin.foundation.ledger import pages
    from yunjin.foundation.ledger.routes import flight, hot, http
    from yunjin.foundation.ledger.service.importing import Importer

    return Room(
        name="ledger",
        doors={LedgerApi: service, ImportApi: Importer(service, clock)},
        routers=[http.router(service)],
        hot_routes=hot.routes(service, waiting_max=waiting_max),
        openapi=hot.document(),
        flight=flight.endpoints(service),
        pages=lambda: pages.register(service, clock=clock),
        menu=pages.MENU,
        words=pages.WORDS,
        search=[pages.Search(service)],
        probes={"ledger": lambda: writer.stopped},
        metrics=lambda: meter.families(writer.rows_waiting),
        close=service.close,
    )


def _with_clearing(
    settings: Settings,
    ledger: Any,
    tables: Any,
    clock: Clock,
    room: Room,
) -> Room:
    """Return the room with what the app mounts of clearing, which ends before the ledger does."""
    if tables is None:
        return room
    from yunjin.chassis.transport.streams import joined
    from yunjin.foundation.ledger.adapters.cells import FlightCell
    from yunjin.foundation.ledger.pages import words_clearing
    from yunjin.foundation.ledger.routes.clearing import endpoints, router
    from yunjin.foundation.ledger.service.clearing import metering, peers, service, shelf

    cell, rows_max = settings.cell, min(settings.clearing.batch_rows_max, settings.batch_rows_max)
    chosen = settings.clearing.model_copy(update={"batch_rows_max": rows_max})
    clearing = service.ClearingService(
        ledger,
        shelf.Shelf(tables, cell),
        peers.peers_of(cell, chosen, FlightCell),
        cell=cell,
        clock=clock,
        settings=chosen,
        meter=metering.Meter(clock),
    )

    def start() -> None:
        if room.start is not None:
            room.start()
        clearing.start()

    def pages() -> None:
        from yunjin.foundation.ledger.pages.clearing import register

        if room.pages is not None:
            room.pages()
        register(ledger, clearing, clock)

    def close() -> None:
        clearing.close()
        if room.close is not None:
            room.close()

    return replace(
        room,
        doors={**room.doors, ClearingApi: clearing},
        routers=[*room.routers, router(clearing)],
        flight=joined([room.flight, endpoints(clearing)]),
        pages=pages,
        menu=[*room.menu, words_clearing.ENTRY],
        words={**room.words, **words_clearing.WORDS},
        metrics=lambda: [*(room.metrics() if room.metrics else ()), *clearing.families()],
        start=start,
        close=close,
    )
