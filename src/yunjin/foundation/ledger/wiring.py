"""The ledger put together."""

import secrets
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.kernel.clock import Clock
from yunjin.kernel.room import Room


class Settings(BaseModel):
    """What may be set about the ledger."""

    model_config = {"extra": "forbid"}

    cell: int = Field(1, ge=0, le=32_767, description="The number of the cell served here.")
    journal_url: str = Field(
        "", description="mysql://… of the set that keeps the journal; empty: a SQLite file."
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
    rows_a_commit_max: int = Field(
        65_520, ge=1, le=1_000_000, description="Rows that one commit takes at most."
    )
    lease_s: int = Field(10, ge=1, le=3_600, description="Seconds a writer's lease lasts.")
    checkpoint_transfers: int = Field(
        4_194_304, ge=1, le=1 << 30, description="Transfers between two checkpoints."
    )
    bloom_words: int = Field(
        1 << 21, ge=64, le=1 << 32, description="64-bit words of the filter of untimely ids; 2^n."
    )


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
    from yunjin.foundation.ledger.service.cell import Cell
    from yunjin.foundation.ledger.service.ledger import LedgerService, cursor_key
    from yunjin.foundation.ledger.service.writer import Limits, Writer
    from yunjin.foundation.ledger.store.engine import open_engine
    from yunjin.foundation.ledger.store.index import Index
    from yunjin.foundation.ledger.store.journal import Journal

    folder, number = home / tenant, settings.cell
    tables = None
    if database is not None:
        tables = database.open("ledger", source="/foundation/ledger", migrations=migrations)

    def fresh_cell() -> Cell:
        url, vfs, name = settings.journal_url, settings.vfs, f"cell-{number}"
        journal = f"{name}.journal.db"
        engine = open_engine(folder, url, journal, vfs=vfs, synchronous=settings.synchronous)
        index = open_engine(folder, url, f"{name}.index.db", vfs=vfs)
        return Cell(
            number,
            Journal(engine, number, codec=settings.codec),
            Index(index, number),
            bloom_words=settings.bloom_words,
            usual=settings.checkpoint_transfers * 26 // 25,
        )

    writer = Writer(
        fresh_cell,
        cell=number,
        folder=folder,
        clock=clock,
        limits=Limits(
            rows_waiting_max=settings.rows_waiting_max,
            rows_a_commit_max=settings.rows_a_commit_max,
            lease_s=settings.lease_s,
            checkpoint_transfers=settings.checkpoint_transfers,
        ),
    )
    service = LedgerService(
        writer,
        fresh_cell,
        tenant=tenant,
        cell=number,
        tables=tables,
        cursor_key=cursor_key(tenant, secrets.token_bytes(16)),
        batch_rows_max=settings.batch_rows_max,
    )
    return _room(service, writer, clock)


def _room(service: Any, writer: Any, clock: Clock) -> Room:
    """Return what the app mounts of the ledger."""
    from yunjin.foundation.ledger import pages
    from yunjin.foundation.ledger.routes import hot, http

    return Room(
        name="ledger",
        doors={LedgerApi: service},
        routers=[http.router(service)],
        hot_routes=hot.routes(service),
        openapi=hot.document(),
        pages=lambda: pages.register(service, clock=clock),
        menu=pages.MENU,
        words=pages.WORDS,
        search=[pages.Search(service)],
        probes={"ledger": lambda: writer.stopped},
        close=service.close,
    )
