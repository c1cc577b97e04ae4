"""Bank-card check 银行卡四要素核验: whether card, name, id number and phone go together. A port."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class CardVerdict(StrEnum):
    """What the card's bank says."""

    MATCH = "match"  # 一致
    MISMATCH = "mismatch"  # 不一致: at least one of the four is another's
    CARD_UNUSABLE = "card_unusable"  # 卡状态异常: closed, lost, not activated
    UNSURE = "unsure"  # 无法核验: its bank does not answer such questions
    UNASKED = "unasked"  # no network is connected: the number is well formed, and that is all


@dataclass(frozen=True, slots=True, kw_only=True)
class CardHolder:
    """The four elements 四要素."""

    card_number: str = field(repr=False)
    name: str = field(repr=False)
    id_number: str = field(repr=False)
    phone: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardChecked:
    """The network's answer. bank: the card's, as the network names it."""

    verdict: CardVerdict
    bank: str = ""
    reference: str = ""
    detail: str = ""


class BankCardCheck(Protocol):
    """A card network's check of elements."""

    def check(self, command_id: UUID, holder: CardHolder) -> CardChecked:
        """Hold the four elements against the card's bank; one id is one question.

        Raises: Outage (not asked), Unknown (asked, the answer was lost: ask again).
        """
