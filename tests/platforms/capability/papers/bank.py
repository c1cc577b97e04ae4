"""As much of a bank as offers and contracts ask for: products and agreements, in memory."""

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Any

from yunjin.foundation.banking.api.agreements import Agreement, AgreementsApi
from yunjin.foundation.banking.api.products import ParameterInfo, ProductInfo, ProductsApi
from yunjin.foundation.banking.api.registry import ProductVersion, RegistryApi
from yunjin.foundation.banking.errors import AgreementNotFound
from yunjin.kernel.clock import instant

PARAMETERS = (
    ParameterInfo(
        name="amount", unit="minor", level="instance", default=None, least=1, most=10**12
    ),
    ParameterInfo(
        name="rate_ppm", unit="ppm", level="instance", default=None, least=0, most=360_000
    ),
    ParameterInfo(name="months", unit="count", level="instance", default=12, least=1, most=360),
    ParameterInfo(name="grace", unit="days", level="product", default=0, least=0, most=30),
)


@dataclass
class FakeBank:
    """A bank with one product in two versions; agreements are opened by hand."""

    versions_: list[ProductVersion] = field(default_factory=list)
    opened: dict[int, Agreement] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.register("instalment-loan")

    def register(self, code: str) -> ProductVersion:
        """Register the next version of a product."""
        version = 1 + sum(one.code == code for one in self.versions_)
        made = ProductVersion(
            code=code,
            version=version,
            note="",
            registered=instant(0),
            agreements=None,
            source=f"{code} {version}",
        )
        self.versions_.insert(0, made)
        return made

    def versions(self, code: str = "") -> list[ProductVersion]:
        return [one for one in self.versions_ if code in ("", one.code)]

    def products(self) -> list[ProductInfo]:
        return []

    def check(self, source: str) -> ProductInfo:
        return ProductInfo(
            code=source.split()[0],
            summary="",
            currency="CNY",
            rule_lines=1,
            parameters=PARAMETERS,
            accounts={},
            dues=(),
            source=source,
        )

    def open(self, agreement_id: int, party_id: str, product: str = "instalment-loan") -> int:
        """Open an agreement."""
        self.opened[agreement_id] = Agreement(
            agreement_id=agreement_id,
            product=product,
            version=1,
            currency="CNY",
            party_id=party_id,
            branch="head",
            note="",
            status="open",
            opened=dt.date(2026, 1, 5),
            closed=None,
            terms={},
            balances={},
            accrued_e8={},
            fields={},
            dates={},
            due={},
            account_ids={},
            balance_minor=0,
            held_minor=0,
            available_minor=0,
            days_overdue=0,
            risk_class=0,
        )
        return agreement_id

    def close(self, agreement_id: int) -> None:
        """Close it."""
        self.opened[agreement_id] = replace(self.opened[agreement_id], status="closed")

    def agreement(self, agreement_id: int) -> Agreement:
        if agreement_id not in self.opened:
            raise AgreementNotFound(f"There is no agreement {agreement_id}.")
        return self.opened[agreement_id]

    def waiting(self, **_: Any) -> list[Any]:
        return []

    @property
    def core(self) -> dict[type, Any]:
        return {ProductsApi: self, RegistryApi: self, AgreementsApi: self}
