"""A small bank for fees: a payer with 10,000.00, a price book, a core that can be put before."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from tests.mariadb import database_url, mariadb
from tests.platforms.capability.payments.conftest import Payer, bank
from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.platforms.capability.api.price_books import (
    Band,
    Book,
    Discount,
    FeeKind,
    Free,
    NewBook,
    Price,
    Scope,
    Tax,
)
from yunjin.platforms.capability.api.pricing import Basis, PricingApi

__all__ = ["bank", "database_url", "mariadb"]

TRANSFER = Price(
    fee="transfer.out",
    code="transfer",
    zh="跨行转账",
    en="Transfer to another bank",
    kind=FeeKind.SLAB,
    bands=(
        Band(upto_minor=1_000_000, minor=500),
        Band(upto_minor=10_000_000, minor=1_000),
        Band(rate_ppm=20),
    ),
    most_minor=20_000,
    free=Free(count=3),
    tax=Tax.INCLUDED,
    tax_bp=600,
)
VIP = Price(
    fee="transfer.out",
    code="transfer-vip",
    zh="跨行转账（贵宾）",
    en="Transfer, for the wealthy",
    kind=FeeKind.FLAT,
    bands=(Band(minor=200),),
    scope=Scope(segment="vip"),
)
LOAN = Price(
    fee="loan.service",
    code="loan",
    zh="贷款服务费",
    en="Service of a loan",
    kind=FeeKind.PERCENT,
    bands=(Band(rate_ppm=5_000),),
    least_minor=1_000,
    tax=Tax.EXCLUDED,
    tax_bp=600,
)
AUTUMN = Discount(
    code="autumn",
    zh="秋季优惠",
    en="Autumn",
    fees=("loan.service",),
    off_bp=2_000,
    since=dt.date(2026, 9, 1),
    until=dt.date(2026, 12, 1),
)
STANDARD = NewBook(
    code="standard",
    zh="标准价目",
    en="Standard prices",
    currency="CNY",
    prices=(TRANSFER, VIP, LOAN),
    discounts=(AUTUMN,),
)


@dataclass(repr=False)
class Desk:
    """A bank and its price book."""

    bank: Payer
    pricing: Any
    book: Book

    def id(self) -> UUID:
        return self.bank.id()

    @property
    def balance(self) -> int:
        """What the payer has."""
        return self.bank.balances()[0]

    def basis(self, *fees: str, **more: Any) -> Basis:
        """Return what is priced: a transfer of 1,000.00 where nothing else is said."""
        more.setdefault("amount_minor", 100_000)
        return Basis(fees=fees or ("transfer.out",), **more)


@pytest.fixture
def desk(bank: Payer) -> Desk:
    bank.day = dt.date(2026, 10, 5)
    pricing = bank.doors[PricingApi]
    return Desk(bank, pricing, pricing.publish(bank.id(), STANDARD))


@pytest.fixture
def core(bank: Payer) -> Any:
    return bank.doors[AgreementsApi]
