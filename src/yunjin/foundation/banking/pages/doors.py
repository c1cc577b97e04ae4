"""The doors that banking's pages stand on."""

from dataclasses import dataclass

from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.foundation.banking.api.general_ledger import GeneralLedgerApi
from yunjin.foundation.banking.api.products import ProductsApi
from yunjin.foundation.banking.api.registry import RegistryApi
from yunjin.foundation.banking.api.statements import PapersPort, StatementsApi
from yunjin.foundation.ledger.api import LedgerApi


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """What the pages ask; where a door is None its pages stay away."""

    agreements: AgreementsApi
    days: DaysApi
    registry: RegistryApi
    products: ProductsApi
    ledger: LedgerApi
    general_ledger: GeneralLedgerApi | None = None
    statements: StatementsApi | None = None
    papers: PapersPort | None = None
