"""The room with documents, messages, offers and contracts: ports that misbehave, time that is set.

The bank is as much of one as they ask for: products and agreements, kept in memory.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.mariadb import database_url, mariadb
from tests.platforms.capability.papers.bank import FakeBank
from yunjin.chassis.flow import Engine, FlowLimits
from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.foundation.database import wiring as database
from yunjin.foundation.database.api import DatabaseApi
from yunjin.kernel import tenant
from yunjin.kernel.clock import FixedClock, instant
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability import wiring
from yunjin.platforms.capability.adapters.esign import FakeESign
from yunjin.platforms.capability.adapters.messages import FakeMessageChannel
from yunjin.platforms.capability.api.contracts import ContractsApi
from yunjin.platforms.capability.api.documents import DocumentsApi
from yunjin.platforms.capability.api.esign import ESign
from yunjin.platforms.capability.api.message_channels import ChannelKind, MessageChannel
from yunjin.platforms.capability.api.messages import MessagesApi
from yunjin.platforms.capability.api.offers import OffersApi
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.api.party_facts import NewParty, PartyKind

__all__ = ["database_url", "mariadb"]

NOON_NS = 1_767_600_000_000_000_000  # 2026-01-05 08:00 UTC, 16:00 in Shanghai


@dataclass
class Office:
    """The doors, the ports behind them, and an engine that is turned by hand."""

    clock: FixedClock
    esign: FakeESign
    made: wiring.Making
    engine: Engine
    tables: Any
    bank: FakeBank
    sms: FakeMessageChannel
    mail: FakeMessageChannel
    today: list[dt.date] = field(default_factory=lambda: [dt.date(2026, 1, 5)])

    def id(self) -> UUID:
        self.clock.at_ns += 1_000_000
        return uuid7(self.clock)

    def door(self, api: type[Any]) -> Any:
        return self.made.doors[api]

    @property
    def documents(self) -> Any:
        return self.door(DocumentsApi)

    @property
    def messages(self) -> Any:
        return self.door(MessagesApi)

    @property
    def offers(self) -> Any:
        return self.door(OffersApi)

    @property
    def contracts(self) -> Any:
        return self.door(ContractsApi)

    def in_days(self, days: int) -> dt.datetime:
        return instant(self.clock.now_ns()) + dt.timedelta(days=days)

    def person(self, name: str = "王芳", **more: Any) -> str:
        party = NewParty(kind=PartyKind.PERSON, name=name, **more)
        return str(self.door(PartiesApi).open(self.id(), party).party_id)

    def rest(self) -> None:
        """Work flows and hear every port until nothing is left to do now."""
        for _ in range(4):
            while self.engine.drain() or self.engine.is_calling():
                pass
            for job in self.made.jobs:
                if hasattr(job, "look"):
                    job.look()

    def settle(self, *, seconds: int = 120, times: int = 8) -> None:
        """Let time pass until what is tried again was tried often enough."""
        for _ in range(times):
            self.rest()
            self.clock.advance(seconds)
        self.rest()


def opened(url: str, home: Path, *, has_signing: bool = True) -> Office:
    """Open the room over an empty database."""
    clock, esign, bank = FixedClock(NOON_NS), FakeESign(), FakeBank()
    sms = FakeMessageChannel(kind=ChannelKind.SMS)
    mail = FakeMessageChannel(kind=ChannelKind.EMAIL, knows_ids=False)
    ports: dict[type, Any] = {MessageChannel: [sms, mail]}
    today = [dt.date(2026, 1, 5)]
    tables = database.build(database.Settings(url=url), tenant="demo", clock=clock, home=home)
    made = wiring.parts(
        wiring.Settings(flows=FlowLimits(callers=0)),
        tenant="demo",
        clock=clock,
        database=tables.doors[DatabaseApi],
        today=lambda: today[0],
        agreements=bank.core[AgreementsApi],
        core=bank.core,
        ports={**ports, **({ESign: esign} if has_signing else {})},
    )
    engine = Engine(made.flows, holder="test")
    return Office(clock, esign, made, engine, tables, bank, sms, mail, today)


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    with tenant.entered("demo"):
        made = opened(database_url, tmp_path)
        yield made
        made.engine.close()
        made.tables.close()
