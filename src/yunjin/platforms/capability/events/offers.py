"""What the centres of offers and of contracts tell."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferChanged:
    """A version of an offer came to a state: "draft", "open", "suspended" or "closed"."""

    type: ClassVar[str] = "yunjin.capability.offer.changed.v1"
    code: str
    version: int
    product: str
    state: str
    why: str

    @property
    def subject(self) -> str:
        """What happens to an offer keeps its order."""
        return self.code


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractChanged:
    """A contract came to a state, or its agreements or terms are others.

    what : "drafted", "changed", "offered", "recalled", "declined", "signed", "fulfilled",
        "released", "ended" or "void".
    state : "draft", "offered", "signed", "in_force", "ended" or "void".
    agreement_ids : those it has opened, as text.
    """

    type: ClassVar[str] = "yunjin.capability.contract.changed.v1"
    contract_id: str
    what: str
    state: str
    offer: str
    offer_version: int
    party_ids: tuple[str, ...]
    agreement_ids: tuple[str, ...]

    @property
    def subject(self) -> str:
        """What happens to a contract keeps its order."""
        return self.contract_id
