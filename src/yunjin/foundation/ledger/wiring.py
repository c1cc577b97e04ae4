"""The ledger put together."""

import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.ledger.api import ImportApi, LedgerApi
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
        description="mysql://… of the set that keeps the journal; empty: a SQLite file.",
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
    lease_s: int = Field(10, ge=1, le=3_600, description="Seconds a writer's lease lasts.")
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


def build(
    settings: Settings,
    *,
    tenant: str,
    clock: Clock,
    home: Path,
    database: DatabaseApi[Any] | None = None,
) -> Room:
    """Open the tenant's cell and return its room.

    Without a `database` there are no aliases: for tests and tools of the journal alone.

    Raises: LeaseHeld while another process writes it.
    """
    from yunjin.foundation.ledger import migrations
    from yunjin.foundation.ledger.service.ledger import LedgerService, cursor_key
    from yunjin.foundation.ledger.service.metering import Meter
    from yunjin.foundation.ledger.store.files import head_is_readable

    meter, tables = Meter(clock), None
    if database is not None:
        tables = database.open("ledger", source="/foundation/ledger", migrations=migrations)
    writer, fresh_journal = _writer(settings, home / tenant, clock, meter)
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
    return _room(service, writer, meter, clock=clock, waiting_max=waiting_max)


def _writer(
    settings: Settings, folder: Path, clock: Clock, meter: Any
) -> tuple[Any, Callable[[], Any]]:
    """Return the cell's writer, and what opens its journal once more for a reader of all."""
    from yunjin.chassis.persistence import private_folder
    from yunjin.foundation.ledger.service.cell import Cell
    from yunjin.foundation.ledger.service.metering import MeteredIndex, MeteredJournal
    from yunjin.foundation.ledger.service.writer import Limits, Writer
    from yunjin.foundation.ledger.store.engine import open_engine

    number, url, vfs = settings.cell, settings.journal_url, settings.vfs
    private_folder(folder)

    def fresh_journal() -> MeteredJournal:
        file = f"cell-{number}.journal.db"
        engine = open_engine(folder, url, file, vfs=vfs, synchronous=settings.synchronous)
        return MeteredJournal(engine, number, codec=settings.codec, meter=meter)

    def fresh_cell() -> Cell:
        journal = fresh_journal()
        file = f"cell-{number}.index.db"  # often moved over, so that each sync is a short one
        engine = open_engine(folder, url, file, vfs=vfs, wal_pages=64)
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
        lease_s=settings.lease_s,
        checkpoint_transfers=settings.checkpoint_transfers,
        verify_at_open=settings.verify_at_open,
    )
    writer = Writer(fresh_cell, cell=number, folder=folder, clock=clock, limits=limits)
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
