"""A small bank that lends: its registers, decision engine and channel misbehave on demand."""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.mariadb import database_url, mariadb
from tests.platforms.capability.payments.conftest import SkippingClock
from yunjin.chassis.flow import Engine, own_id
from yunjin.foundation.banking import wiring as banking
from yunjin.foundation.banking.api.agreements import (
    Agreement,
    AgreementQuery,
    AgreementsApi,
    Opening,
)
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.foundation.banking.api.statements import StatementsApi
from yunjin.foundation.database import wiring as database
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.ledger import wiring as ledger
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.kernel import tenant
from yunjin.kernel.errors import Outage
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability import wiring
from yunjin.platforms.capability.adapters.bank_cards import FakeNetwork
from yunjin.platforms.capability.adapters.channel import FakeChannel
from yunjin.platforms.capability.adapters.decisions import FakeDecisions
from yunjin.platforms.capability.adapters.identity import FakeRegister
from yunjin.platforms.capability.api.bank_cards import BankCardCheck
from yunjin.platforms.capability.api.businesses import (
    Business,
    Case,
    CaseFlow,
    Centres,
    Deed,
)
from yunjin.platforms.capability.api.collection import CollectionApi
from yunjin.platforms.capability.api.decisions import Decisions
from yunjin.platforms.capability.api.identity import IdentityCheck
from yunjin.platforms.capability.api.lending import (
    DISBURSAL,
    Application,
    LendingApi,
    NewApplication,
    Payout,
)
from yunjin.platforms.capability.api.limits import Limit, LimitsApi, NewLimit
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.api.party_facts import (
    ContactKind,
    DocumentType,
    NewContact,
    NewDocument,
    NewParty,
    PartyKind,
)
from yunjin.platforms.capability.api.payments import PaymentsApi
from yunjin.platforms.capability.api.tasks import TasksApi
from yunjin.platforms.capability.service.lending.disbursing import OWN_PARTY, Disbursing
from yunjin.platforms.capability.service.lending.entries import post
from yunjin.platforms.capability.service.lending.looking import Looking

__all__ = ["database_url", "mariadb"]

TEXT_HASH = hashlib.sha256("借款合同".encode()).hexdigest()
CARD = "6222020000000000000"
ID_NUMBER = "11010519491231002X"


def note(_: Centres, case: Case) -> CaseFlow:
    """Leave word of an application that came by: a step for overlays."""
    NOTED.append((case.deed, case.party_id))
    yield own_id()


NOTED: list[tuple[str, str]] = []
NOTING = Business(
    code="noting",
    words=("记录", "Noting"),
    purpose=("试验", "For tests"),
    uses=("lending",),
    deeds=(Deed(code="note", words=("记录", "Note"), form=(), act=note, of_party=False),),
    steps={"noting.note": note},
)


@dataclass
class Gate:
    """An act that waits, as if what it asks were down, until the gate is opened."""

    act: Callable[..., Any]
    met: int = 0
    is_open: bool = False

    def __call__(self, *args: Any) -> Any:
        self.met += 1
        if not self.is_open:
            raise Outage("It waits here.")
        return self.act(*args)


@dataclass
class Lender:
    """The doors of a bank, a borrower with an account, and its ports."""

    clock: SkippingClock
    channel: FakeChannel
    decisions: FakeDecisions = field(default_factory=FakeDecisions)
    register: FakeRegister = field(default_factory=FakeRegister)
    network: FakeNetwork = field(default_factory=FakeNetwork)
    doors: dict[type, Any] = field(default_factory=dict)
    parts: Any = None
    engine: Any = None
    party_id: str = ""
    current: int = 0

    def id(self) -> UUID:
        return uuid7(self.clock)

    @property
    def lending(self) -> LendingApi:
        found: LendingApi = self.doors[LendingApi]
        return found

    @property
    def collection(self) -> CollectionApi:
        found: CollectionApi = self.doors[CollectionApi]
        return found

    @property
    def limits(self) -> LimitsApi:
        found: LimitsApi = self.doors[LimitsApi]
        return found

    @property
    def tasks(self) -> TasksApi:
        found: TasksApi = self.doors[TasksApi]
        return found

    @property
    def agreements(self) -> AgreementsApi:
        found: AgreementsApi = self.doors[AgreementsApi]
        return found

    @property
    def payments(self) -> PaymentsApi:
        found: PaymentsApi = self.doors[PaymentsApi]
        return found

    # what happens ---------------------------------------------------------------------------------

    def work(self) -> None:
        """Work flows until none is due."""
        while self.engine.drain() or self.engine.is_calling():
            pass

    def rest(self) -> None:
        """Work flows and hear the channel until nothing is left to do now."""
        for _ in range(3):
            self.work()
            self.parts.jobs[0].look()
        self.work()

    def settle(self) -> None:
        """Let time pass until what is tried again was tried often enough."""
        for _ in range(6):
            self.clock.skip(seconds=120)
            self.rest()

    def next_day(self, days: int = 1) -> None:
        """Close business days, look at what the new one brings."""
        for _ in range(days):
            self.doors[DaysApi].close()
            wiring.lending.day_begins(self.parts)()
            self.rest()

    # what is asked --------------------------------------------------------------------------------

    def asked(self, amount_minor: int = 1_200_000, **more: Any) -> NewApplication:
        facts: dict[str, Any] = {
            "party_id": self.party_id,
            "product": "instalment-loan",
            "amount_minor": amount_minor,
            "payout": Payout(agreement_id=self.current),
            **more,
        }
        return NewApplication(**facts)

    def applied(self, amount_minor: int = 1_200_000, **more: Any) -> Application:
        return self.lending.apply(self.id(), self.asked(amount_minor, **more))

    def accepted(self, amount_minor: int = 1_200_000, **more: Any) -> Application:
        """Return an application that was approved and signed."""
        made = self.applied(amount_minor, **more)
        self.lending.decide(self.id(), made.application_id)
        return self.lending.accept(self.id(), made.application_id, TEXT_HASH, "paper-1", by="李四")

    def lent(self, amount_minor: int = 1_200_000, **more: Any) -> Application:
        """Return an application whose loan is paid out."""
        made = self.accepted(amount_minor, **more)
        self.lending.disburse(self.id(), made.application_id)
        self.rest()
        return self.lending.application(made.application_id)

    def limit(self, ceiling_minor: int) -> Limit:
        new = NewLimit(
            name="授信",
            kind="credit",
            currency="CNY",
            ceiling_minor=ceiling_minor,
            party_id=self.party_id,
        )
        return self.limits.open(self.id(), new)

    # what is seen ---------------------------------------------------------------------------------

    def money(self) -> int:
        """Return what the borrower has on the current account."""
        return self.agreements.agreement(self.current).balance_minor

    def loan(self, one: Application) -> Agreement:
        return self.agreements.agreement(self.lending.application(one.application_id).agreement_id)

    def flow_state(self, application_id: UUID) -> str:
        """Return where the preset flow of an application stands."""
        flow_id = self.lending.application(application_id).flow_id
        assert flow_id is not None
        return str(self.parts.flows.state(flow_id).state.name.lower())

    def loans(self) -> list[Agreement]:
        """Return the borrower's loans."""
        found = self.agreements.find(AgreementQuery(party_id=self.party_id)).items
        return [one for one in found if one.agreement_id != self.current]

    def owed(self) -> int:
        """Return what stands on the borrower's loans."""
        return sum(sum(one.balances.values()) for one in self.loans())

    def own_account(self) -> int:
        """Return what stands on the bank's own agreement that loans go to other banks through."""
        found = self.agreements.find(AgreementQuery(party_id=OWN_PARTY)).items
        return sum(one.balance_minor + one.held_minor for one in found)

    def schedule(self, one: Application) -> list[int]:
        """Return what falls due, instalment by instalment."""
        found = self.doors[StatementsApi].schedule(self.loan(one).agreement_id)
        return [each.total_minor for each in found.instalments if each.number and each.total_minor]

    def used(self, limit: Limit) -> tuple[int, int]:
        now = self.limits.limit(limit.limit_id)
        return now.held_minor, now.used_minor

    def clearing(self) -> int:
        """Return what the bank's clearing slot has, debits less credits, minor units."""
        found = self.doors[DaysApi]
        report = found.day(found.last_closed())
        return sum(line.ledger_minor for line in report.proof if line.slot == "CLEARING")

    def acting(self, kind: type[Any]) -> Any:
        """Return what flows ask."""
        [found] = [one for one in self.parts.acting if isinstance(one, kind)]
        return found

    @contextmanager
    def failing(self, made: Callable[[Any], Any]) -> Iterator[None]:
        """Put something before the core, as lending sees it, for a while."""
        door = self.doors[AgreementsApi]
        users = [self.doors[LendingApi], self.acting(Disbursing), self.acting(Looking)]
        for one in users:
            one._agreements = made(door)
        yield
        for one in users:
            one._agreements = door

    @contextmanager
    def dying(self, made: Callable[[Any], Any]) -> Iterator[None]:
        """Put something around what lending keeps of its own, for a while."""
        book = self.doors[LendingApi].book
        kept = book.set
        book.set = made(kept)
        yield
        book.set = kept

    def stop_at(self, word: str) -> "Gate":
        """Let an act of disbursals wait at a gate."""
        money = self.acting(Disbursing)
        gate = Gate(getattr(money, word))
        gate.__name__ = word  # as the flow's journal calls it
        setattr(money, word, gate)
        return gate

    def say(self, word: str) -> None:
        """Let the channel say a word of all that it was sent."""
        self.channel.choose = lambda *_: word
        for content in self.channel.sent.values():
            self.channel._answer(content)

    def cancel_disbursals(self) -> None:
        """Cancel the flows that pay out."""
        for row in self.parts.flows.page().items:
            if row.name == DISBURSAL and not row.state.is_end:
                self.parts.flows.cancel(row.flow_id)
        self.work()


def open_party(lender: Lender, number: str = ID_NUMBER, born: str = "1949-12-31") -> str:
    party = NewParty(
        kind=PartyKind.PERSON,
        name="李四",
        born=dt.date.fromisoformat(born),
        documents=(NewDocument(type=DocumentType.ID_CARD, number=number),),
        contacts=(NewContact(kind=ContactKind.PHONE, value="13800000000"),),
    )
    made = lender.doors[PartiesApi].open(lender.id(), party)
    return str(made.party_id)


def pay_in(lender: Lender, agreement_id: int, amount_minor: int) -> None:
    """Let money come in through clearing."""
    assert post(lender.agreements, lender.id(), agreement_id, amount_minor).is_booked


@pytest.fixture
def lender(tmp_path: Path, database_url: str) -> Iterator[Lender]:
    """Open a bank with one borrower, whose current account is empty."""
    with tenant.entered("demo"):
        clock = SkippingClock()
        made = Lender(clock=clock, channel=FakeChannel(name="cnaps", clock=clock))
        settings = database.Settings(url=database_url)
        tables = database.build(settings, tenant="demo", clock=clock, home=tmp_path)
        rooms = [tables]
        cell = ledger.build(
            ledger.Settings(bloom_words=64),
            tenant="demo",
            clock=clock,
            home=tmp_path,
            database=tables.doors[DatabaseApi],
        )
        rooms.append(cell)
        core = banking.build(
            banking.Settings(),
            tenant="demo",
            clock=clock,
            home=tmp_path,
            database=tables.doors[DatabaseApi],
            ledger=cell.doors[LedgerApi],
        )
        rooms.append(core)
        made.parts = wiring.parts(
            wiring.Settings(institution="云锦银行", agent="YUNJCNB1"),
            tenant="demo",
            clock=clock,
            database=tables.doors[DatabaseApi],
            today=core.doors[DaysApi].business_date,
            agreements=core.doors[AgreementsApi],
            core=core.doors,
            channels=[made.channel],
            businesses=[NOTING],
            ports={
                Decisions: made.decisions,
                IdentityCheck: made.register,
                BankCardCheck: made.network,
            },
        )
        made.engine = Engine(made.parts.flows, holder="test")
        made.doors = {**core.doors, **made.parts.doors}
        if core.start is not None:
            core.start()
        made.party_id = open_party(made)
        opening = Opening(product="current-account", party_id=made.party_id)
        [made.current] = made.agreements.open(made.id(), [opening])
        yield made
        made.engine.close()
        for room in rooms[::-1]:
            if room.close is not None:
                room.close()
