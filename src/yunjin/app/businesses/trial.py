"""A bank to try businesses in: real rooms over an empty folder, time that is let pass by hand.

Registers, signing and messages are those in memory, unless `ports` binds others.

    with trial(BUSINESS) as bank:
        who = bank.party("王小云")
        case = bank.start("petty-cash", "ask", who, amount=5_000, account=bank.account(who))

Nothing runs by itself: `start`, `complete` and `rest` work the flows until nothing is left to do.
"""

import datetime as dt
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pyarrow as pa

from yunjin.chassis.flow import Engine
from yunjin.foundation.banking import wiring as banking
from yunjin.foundation.banking.api.agreements import AgreementsApi, Opening
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.foundation.database import wiring as database
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.ledger import wiring as ledger
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.kernel import check, tenant
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability import wiring
from yunjin.platforms.capability.adapters.channel import FakeChannel
from yunjin.platforms.capability.api.businesses import Business, BusinessesApi, CaseFacts
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.api.party_facts import NewParty, PartyKind
from yunjin.platforms.capability.api.tasks import FieldValue, Task, TasksApi

TENANT: Final = "trial"
BORN: Final = dt.date(1990, 3, 7)


class TrialClock(SystemClock):
    """The machine's clock, moved on at will."""

    skipped_ns = 0

    def now_ns(self) -> int:
        """Return the time it is, with what was skipped."""
        return super().now_ns() + self.skipped_ns

    def monotonic_ns(self) -> int:
        """Return a time that only grows, with what was skipped."""
        return super().monotonic_ns() + self.skipped_ns

    def skip(self, *, seconds: int) -> None:
        """Let time pass."""
        self.skipped_ns += seconds * 1_000_000_000


@dataclass
class Trial:
    """A bank on trial.

    doors : of the core and the centres, by Protocol.  channel : the clearing channel.
    """

    clock: TrialClock
    channel: FakeChannel
    made: wiring.Making
    engine: Engine
    doors: Mapping[type, Any] = field(default_factory=dict)

    def __getitem__(self, door: type) -> Any:
        return self.doors[door]

    def id(self) -> UUID:
        """Return a new id for a command."""
        return uuid7(self.clock)

    # who there is -------------------------------------------------------------------------------

    def party(self, name: str | NewParty = "王小云") -> str:
        """Open a person of this name, or whoever is described; return the party's id."""
        new = name if isinstance(name, NewParty) else _person(name)
        return str(self[PartiesApi].open(self.id(), new).party_id)

    def account(
        self, party: str, amount_minor: int = 0, product: str = "current-account", **terms: int
    ) -> int:
        """Open an agreement, with money that was paid in; return its id."""
        agreements: AgreementsApi = self.doors[AgreementsApi]
        opening = Opening(product=product, party_id=party, terms=terms)
        [made] = agreements.open(self.id(), [opening])
        if amount_minor:
            self.fund(made, amount_minor)
        return made

    def fund(self, agreement_id: int, amount_minor: int) -> None:
        """Pay cash into an agreement."""
        own = self.id().int
        columns = {
            "id_hi": pa.array([own >> 64], pa.uint64()),
            "id_lo": pa.array([own & 2**64 - 1], pa.uint64()),
            "agreement_id": pa.array([agreement_id], pa.int64()),
            "amount_minor": pa.array([amount_minor], pa.int64()),
        }
        answer = self[AgreementsApi].post(pa.record_batch(columns))
        check.that(answer["status"].to_pylist() == [1], "expected the money to come in")

    def balance(self, agreement_id: int) -> int:
        """Return what is on an agreement, minor units."""
        return int(self[AgreementsApi].agreement(agreement_id).balance_minor)

    # what happens -------------------------------------------------------------------------------

    def start(
        self, business: str, deed: str, party: str = "", scenario: str = "", **values: object
    ) -> CaseFacts:
        """Start a case and let everything come to rest; amounts are minor units."""
        given = [FieldValue(name=name, value=str(value)) for name, value in values.items()]
        case: CaseFacts = self[BusinessesApi].start(
            self.id(), business, deed, given, scenario=scenario, party_id=party
        )
        self.rest()
        return self.case(case)

    def case(self, case: CaseFacts) -> CaseFacts:
        """Return a case as it stands now."""
        found: CaseFacts = self[BusinessesApi].case(case.case_id)
        return found

    def tasks(self) -> Sequence[Task]:
        """Return what waits for a person."""
        found: Sequence[Task] = self[TasksApi].tasks().items
        return found

    def complete(self, by: str = "柜员 07", **values: str) -> Task:
        """Complete the one task that waits, and let everything come to rest."""
        [task] = self.tasks()
        given = [FieldValue(name=name, value=value) for name, value in values.items()]
        self[TasksApi].complete(self.id(), task.task_id, given, by)
        self.rest()
        return task

    def rest(self) -> None:
        """Work flows and hear channels until nothing is left to do now; some seconds pass."""
        for _ in range(3):
            self._work()
            self.clock.skip(seconds=1)
            for job in self.made.jobs:
                look: Callable[[], None] | None = getattr(job, "look", None)
                if look is not None:
                    look()
        self._work()

    def wait(self, *, seconds: int = 120, times: int = 6) -> None:
        """Let time pass, and everything that waits for it come to rest."""
        for _ in range(times):
            self.clock.skip(seconds=seconds)
            self.rest()

    def _work(self) -> None:
        while self.engine.drain() or self.engine.is_calling():
            time.sleep(0.0005)  # the callers' threads have the processor meanwhile


def _person(name: str) -> NewParty:
    return NewParty(kind=PartyKind.PERSON, name=name, born=BORN)


@contextmanager
def trial(
    *businesses: Business,
    home: Path | None = None,
    database_url: str = "",
    ports: Mapping[type, Any] | None = None,
) -> Iterator[Trial]:
    """Open a bank for businesses, and close it again.

    Parameters
    ----------
    home : an empty folder; None makes one, and takes it away at the end.
    database_url : "" for SQLite in the folder.
    ports : what is bound to the room's ports, by Protocol.
    """
    if home is None:
        with (
            tempfile.TemporaryDirectory(prefix="yunjin-trial-") as folder,
            trial(*businesses, home=Path(folder), database_url=database_url, ports=ports) as made,
        ):
            yield made
        return
    clock, channel = TrialClock(), FakeChannel(name="trial")
    rooms: list[Any] = []
    with tenant.entered(TENANT):
        try:
            yield _opened(rooms, clock, channel, businesses, home, database_url, ports or {})
        finally:
            for room in rooms[::-1]:
                if room.close is not None:
                    room.close()


def _opened(
    rooms: list[Any],
    clock: TrialClock,
    channel: FakeChannel,
    businesses: Sequence[Business],
    home: Path,
    database_url: str,
    ports: Mapping[type, Any],
) -> Trial:
    settings = database.Settings(url=database_url)
    rooms.append(database.build(settings, tenant=TENANT, clock=clock, home=home))
    tables = rooms[0].doors[DatabaseApi]
    small = ledger.Settings(bloom_words=64)
    rooms.append(ledger.build(small, tenant=TENANT, clock=clock, home=home, database=tables))
    core = banking.build(
        banking.Settings(),
        tenant=TENANT,
        clock=clock,
        home=home,
        database=tables,
        ledger=rooms[1].doors[LedgerApi],
    )
    rooms.append(core)
    made = wiring.parts(
        wiring.Settings(
            institution="云锦银行",
            agent="YUNJCNB1",
            trial_registers=True,
            trial_signing=True,
            trial_messages=True,
        ),
        tenant=TENANT,
        clock=clock,
        database=tables,
        today=core.doors[DaysApi].business_date,
        agreements=core.doors[AgreementsApi],
        core=core.doors,
        channels=[channel],
        ports=ports,
        businesses=businesses,
    )
    engine = Engine(made.flows, holder="trial")
    rooms.append(_Closing(engine.close))
    return Trial(clock, channel, made, engine, {**core.doors, **made.doors})


@dataclass
class _Closing:
    """What is closed with the rooms."""

    close: Callable[[], None]
