"""How the banking room is put together."""

import datetime as dt
import hashlib
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from yunjin.foundation.banking.api import ProductsApi
from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.foundation.banking.api.registry import RegistryApi
from yunjin.foundation.banking.service.products import ProductService
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.kernel.clock import Clock, business_date, instant
from yunjin.kernel.room import Room


class Settings(BaseModel):
    """What banking is held to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    products_loaded_max: int = Field(
        default=64, ge=1, le=10_000, description="product files kept ready after their trial"
    )
    zone: str = Field("Asia/Shanghai", description="where the bank's days begin and end")
    first_day: dt.date | None = Field(
        None, description="a new bank's first business day; else the day it is there now"
    )
    ledger_of_cny: int = Field(
        156, ge=1, le=2**32 - 1, description="number of the ledger that CNY is kept in, if new"
    )


def products(settings: Settings) -> ProductService:
    """Return products before anybody has an agreement; needs no bank."""
    return ProductService(loaded_max=settings.products_loaded_max)


def build(
    settings: Settings,
    *,
    tenant: str = "",
    clock: Clock | None = None,
    home: Path | None = None,
    database: DatabaseApi[Any] | None = None,
    ledger: LedgerApi | None = None,
) -> Room:
    """Put the room together. Without a database and a ledger it has products only.

    Raises: AnotherWriter, Outage.
    """
    doors: dict[type, Any] = {ProductsApi: products(settings)}
    if database is None or ledger is None or clock is None:
        return Room(name="banking", doors=doors)
    core, registry = _core(settings, clock, database, ledger)
    from yunjin.foundation.banking.service.agreements import AgreementService
    from yunjin.foundation.banking.service.days import DayService
    from yunjin.foundation.banking.service.registry_door import RegistryDoor
    from yunjin.foundation.banking.service.slot_sums import SlotSums

    key = hashlib.sha256(f"banking cursors of {tenant}".encode()).digest()[:16]
    agreements = AgreementService(core, registry, cursor_key=key)
    days = DayService(core, SlotSums())
    first = settings.first_day or business_date(
        instant(clock.now_ns()), ZoneInfo(settings.zone), dt.time.max
    )
    core.load()
    days.begin(first)
    days.resume()
    doors |= {
        AgreementsApi: agreements,
        DaysApi: days,
        RegistryApi: RegistryDoor(registry, agreements),
    }
    return Room(name="banking", doors=doors, close=core.tell_outcomes)


def _core(
    settings: Settings, clock: Clock, database: DatabaseApi[Any], ledger: LedgerApi
) -> tuple[Any, Any]:
    from yunjin.foundation.banking import migrations
    from yunjin.foundation.banking.service.core import Core
    from yunjin.foundation.banking.service.registry import Registry

    room = database.open("banking", source="/foundation/banking", migrations=migrations)
    registry = Registry(room, clock)
    registry.load()
    currencies = [("CNY", settings.ledger_of_cny)]
    return Core(room, ledger, clock, registry.product, currencies=currencies), registry
