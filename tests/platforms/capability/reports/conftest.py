"""A bank with something to report of: payments, fees, points, a limit; a day that is closed."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from tests.mariadb import database_url, mariadb
from tests.platforms.capability.payments.conftest import Payer, bank
from tests.platforms.capability.pricing.conftest import STANDARD
from yunjin.platforms.capability.api.limits import LimitsApi, NewLimit
from yunjin.platforms.capability.api.points import Earning, EarningRule, PointsApi, Programme
from yunjin.platforms.capability.api.pricing import Basis, PricingApi
from yunjin.platforms.capability.service.reports.reports import ReportService
from yunjin.platforms.capability.service.reports.sources import readings

__all__ = ["bank", "database_url", "mariadb"]


@dataclass(repr=False)
class Office:
    """The report centre over all doors of a bank, and the day that was closed last."""

    bank: Payer
    reports: Any = field(init=False)
    closed: dt.date | None = None

    def __post_init__(self) -> None:
        parts: Any = self.bank.parts
        self.reports = ReportService(
            parts.ground.room,
            readings(self.bank.doors.get),
            today=parts.ground.today,
            last_closed=lambda: self.closed,
            cursor_key=parts.ground.key,
        )

    def id(self) -> UUID:
        return self.bank.id()

    @property
    def today(self) -> dt.date:
        parts: Any = self.bank.parts
        today: dt.date = parts.ground.today()
        return today

    def rows(self, code: str, **more: Any) -> list[tuple[Any, ...]]:
        """Run a report and return its rows."""
        return list(self.reports.table(self.reports.run(self.id(), code, **more).run_id).rows)

    def charge(self, amount_minor: int) -> None:
        """Charge for a loan."""
        basis = Basis(fees=("loan.service",), amount_minor=amount_minor)
        self.bank.doors[PricingApi].charge(self.id(), self.bank.payer, basis=basis)


@pytest.fixture
def office(bank: Payer) -> Office:
    made = Office(bank)
    bank.pay(
        bank.order(10_000, counter_agreement_id=bank.payee),
        bank.order(20_000, counter_agreement_id=bank.payee),
        bank.order(30_000),
        bank.order(10**12),
    )
    bank.doors[LimitsApi].open(
        made.id(), NewLimit(name="授信", kind="credit", currency="CNY", ceiling_minor=500_000)
    )
    bank.doors[PricingApi].publish(made.id(), STANDARD)
    made.charge(1_000_000)
    rule = EarningRule(code="any", zh="消费", en="Any", per_minor=100, per_points=1)
    programme = Programme(
        code="card", zh="积分", en="Points", currency="CNY", rules=(rule,), value_e6=500_000
    )
    bank.doors[PointsApi].put_programme(made.id(), programme)
    earning = Earning(programme="card", party_id="p1", event_id="e1", amount_minor=10_001)
    bank.doors[PointsApi].earn(made.id(), earning)
    return made
