"""How the banking room is put together."""

import datetime as dt
import hashlib
import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from yunjin.chassis.flow import FlowLimits
from yunjin.foundation.banking.api import ProductsApi
from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.foundation.banking.api.bringing import BringingApi
from yunjin.foundation.banking.api.calendars import CalendarApi
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.foundation.banking.api.general_ledger import GeneralLedgerApi
from yunjin.foundation.banking.api.registry import RegistryApi
from yunjin.foundation.banking.api.statements import PapersPort, StatementsApi
from yunjin.foundation.banking.flows import WORDS, day_close
from yunjin.foundation.banking.service.products import ProductService
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.kernel.clock import Clock, business_date, instant
from yunjin.kernel.room import Faces, Room, Way


class Settings(BaseModel):
    """What banking is held to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    products_loaded_max: int = Field(
        default=64, ge=1, le=10_000, description="product files kept ready after their trial"
    )
    zone: str = Field("Asia/Shanghai", description="where the bank's days begin and end")
    first_day: dt.date | None = Field(
        None,
        ge=dt.date(2023, 7, 1),  # since when loans have the five classes
        le=dt.date(2148, 12, 31),  # the ledger keeps a date in 16 bits
        description="a new bank's first business day; else the day it is there now",
    )
    institution: str = Field("云锦 Yunjin", max_length=100, description="name on the letterhead")
    font_file: str = Field(
        "",
        max_length=1_000,
        description="TrueType font (.ttf) set and embedded in PDFs; else "
        "Helvetica and STSong-Light, which readers bring",
    )
    statement_lines_max: int = Field(
        10_000, ge=1, le=1_000_000, description="lines of a statement in one answer, rows of a PDF"
    )
    requests_waiting_max: int = Field(
        20_000, ge=1, le=1_000_000, description="entries over HTTP that may wait for a wave"
    )
    close_wait_s: int = Field(
        60, ge=1, le=3_600, description="entries wait so long for the end of a day's close, s"
    )
    follow_ms: int = Field(
        100,
        ge=10,
        le=60_000,
        description="milliseconds between two looks at books that another process writes",
    )
    repaid_open_days: int = Field(
        30,
        ge=0,
        le=3_650,
        description="a loan that is paid back stays open so long, for more of it: days",
    )
    flows: FlowLimits = Field(
        default_factory=lambda: FlowLimits(lease_s=5),
        description="how much the durable flows of banking may do",
    )
    ledger_of_cny: int = Field(
        156, ge=1, le=2**32 - 1, description="number of the ledger that CNY is kept in, if new"
    )


def products(settings: Settings) -> ProductService:
    """Return products before anybody has an agreement; needs no bank."""
    return ProductService(loaded_max=settings.products_loaded_max)


def prepare(database: DatabaseApi[Any]) -> tuple[ModuleType, ...]:
    """Load the room's code and bring its tables to their form ahead of `build`.

    Those are seconds that nobody waits for while another process writes. Raises: as `build`.
    """
    from yunjin.foundation.banking import migrations
    from yunjin.foundation.banking.service import agreements, core, days, registry

    database.open("banking", source="/foundation/banking", migrations=migrations)
    return agreements, core, days, registry


def build(
    settings: Settings,
    *,
    tenant: str = "",
    clock: Clock | None = None,
    home: Path | None = None,
    database: DatabaseApi[Any] | None = None,
    ledger: LedgerApi | None = None,
    turn: Room | None = None,
) -> Room:
    """Put the room together. Without a database and a ledger it has products only.

    turn : the room whose turn this one waits for, where it has one to wait for; meanwhile the books
        are followed.

    Raises: AnotherWriter, Outage.
    """
    doors: dict[type, Any] = {ProductsApi: products(settings)}
    if database is None or ledger is None or clock is None:
        return Room(name="banking", doors=doors)
    core, registry = _core(settings, clock, database, ledger)
    stands_by = turn.stands_by if turn is not None and turn.stands_by is not None else bool
    room = _put_together(settings, doors, tenant, core, registry, stands_by)
    if turn is None or turn.await_turn is None:
        _open(settings, room, core)
        return room
    from yunjin.foundation.banking import pages, routes
    from yunjin.foundation.banking.service.follower import Follower

    follower = Follower(core, stands_by, every_s=settings.follow_ms / 1_000)
    follower.start()
    try:
        pages.load()  # the web too: it serves at once when its turn comes
        routes.load()
        turn.await_turn()
        core.room.database.close()  # new connections have all that a set had committed before them
        _open(settings, room, core)
    except BaseException:
        follower.close()
        raise

    def close() -> None:
        follower.close()
        if room.close is not None:
            room.close()

    return replace(room, close=close)


def _open(settings: Settings, room: Room, core: Any) -> None:
    """Read what is not read yet, and go on with what was stopped."""
    zone, days = ZoneInfo(settings.zone), room.doors[DaysApi]
    first = settings.first_day or business_date(instant(core.clock.now_ns()), zone, dt.time.max)
    core.load()
    days.begin(first)
    days.resume()


def _put_together(
    settings: Settings,
    doors: dict[type, Any],
    tenant: str,
    core: Any,
    registry: Any,
    stands_by: Callable[[], bool],
) -> Room:
    """Return the room over books that are still to be read."""
    from yunjin.chassis.flow import Flows, FlowWorker, Registry
    from yunjin.foundation.banking.domain.calendars import CHINA
    from yunjin.foundation.banking.service.agreements import AgreementService
    from yunjin.foundation.banking.service.bringing import Bringing
    from yunjin.foundation.banking.service.calendar_door import CalendarDoor
    from yunjin.foundation.banking.service.days import DayService
    from yunjin.foundation.banking.service.registry_door import RegistryDoor
    from yunjin.foundation.banking.service.statements.service import StatementService
    from yunjin.foundation.banking.service.statements.writing import PaperWriter

    key = hashlib.sha256(f"banking cursors of {tenant}".encode()).digest()[:16]
    agreements = AgreementService(core, registry, cursor_key=key)
    books = _books(core, key, lambda: days.business_date() - dt.timedelta(days=1))
    days = DayService(
        core,
        registry,
        books,
        lambda closes: Flows(
            core.room, Registry(day_close(closes)), limits=settings.flows, cursor_key=key
        ),
    )
    statements = StatementService(
        agreements,
        days,
        core.ledger,
        product_of=registry.product,
        lines_max=settings.statement_lines_max,
    )
    doors |= {
        StatementsApi: statements,
        PapersPort: PaperWriter(
            statements,
            institution=settings.institution,
            rows_max=settings.statement_lines_max,
            font_file=settings.font_file,
        ),
        AgreementsApi: agreements,
        BringingApi: Bringing(core, registry),
        CalendarApi: CalendarDoor(CHINA.with_weekends_beyond()),
        DaysApi: days,
        GeneralLedgerApi: books,
        RegistryApi: RegistryDoor(registry, agreements, days),
    }
    holder = f"{socket.gethostname()}:{os.getpid()}"
    worker = FlowWorker(days.flows, holder=holder, stands_by=stands_by)
    return _room(doors, core, registry, worker, days.flows, settings.requests_waiting_max)


def _room(
    doors: dict[type, Any],
    core: Any,
    registry: Any,
    worker: Any,
    flows: Any,
    waiting_max: int,
) -> Room:
    """Return what the app mounts of banking."""

    def close() -> None:
        worker.close()
        core.outcomes.keep()

    return Room(
        name="banking",
        doors={**doors, BankingFlows: flows},
        faces=lambda way: _faces(way, core.clock, waiting_max),
        probes={"banking.flows": worker.probe, "banking.products": registry.probe},
        metrics=flows.metrics,
        start=worker.start,
        close=close,
    )


class BankingFlows:
    """The door by which the room's flows are found for their pages."""


def _faces(way: Way, clock: Clock, waiting_max: int) -> Faces:
    from yunjin.chassis.flow_pages import FlowPages
    from yunjin.foundation.banking import pages
    from yunjin.foundation.banking.routes import (
        agreements,
        days,
        entries,
        flight,
        general_ledger,
        products,
        statements,
    )

    seen = pages.Doors(
        agreements=way(AgreementsApi),
        days=way(DaysApi),
        registry=way(RegistryApi),
        products=way(ProductsApi),
        ledger=way(LedgerApi),
        general_ledger=way(GeneralLedgerApi),
        statements=way(StatementsApi),
        papers=way(PapersPort),
    )
    flows: Any = way(BankingFlows)
    staff = FlowPages(flows, "banking", section="section.money", order=60)

    def staff_pages() -> None:
        pages.register(seen, clock=clock)
        staff.register()

    return Faces(
        routers=[
            agreements.router(seen.agreements),
            days.router(seen.days),
            products.router(seen.registry, seen.products),
            general_ledger.router(way(GeneralLedgerApi)),
            statements.router(way(StatementsApi), way(PapersPort)),
        ],
        hot_routes=entries.routes(seen.agreements, waiting_max=waiting_max),
        openapi=entries.document(),
        flight=flight.endpoints(seen.agreements),
        pages=staff_pages,
        menu=[*pages.menu(seen), staff.menu],
        words={**pages.WORDS, **staff.words, **WORDS},
        search=[pages.Search(seen), staff.search],
    )


def _books(core: Any, page_key: bytes, last_closed: Callable[[], dt.date]) -> Any:
    from yunjin.foundation.banking.service.general_ledger import GeneralLedger
    from yunjin.foundation.banking.service.line_transfers import LineTransfers
    from yunjin.foundation.banking.service.slot_posting import SlotPosting

    return GeneralLedger(
        core.room,
        page_key=page_key,
        last_closed=last_closed,
        post_slots=SlotPosting(core),
        behind=LineTransfers(core),
    )


def _core(
    settings: Settings, clock: Clock, database: DatabaseApi[Any], ledger: LedgerApi
) -> tuple[Any, Any]:
    from yunjin.foundation.banking import migrations
    from yunjin.foundation.banking.service.core import Core
    from yunjin.foundation.banking.service.registry import Registry, shipped

    room = database.open("banking", source="/foundation/banking", migrations=migrations)
    registry = Registry(room, clock)
    shipped()  # ahead of the turn: it takes a while
    currencies = [("CNY", settings.ledger_of_cny)]
    core = Core(
        room,
        ledger,
        clock,
        registry.product,
        currencies=currencies,
        close_wait_s=settings.close_wait_s,
        repaid_open_days=settings.repaid_open_days,
        beside=registry.load,
    )
    return core, registry
