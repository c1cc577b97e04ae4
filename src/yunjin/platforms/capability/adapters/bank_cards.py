"""Networks of bank cards: none, which only looks at the number's form; one in memory for trials."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from yunjin.kernel.errors import Outage, Unknown
from yunjin.platforms.capability.api.bank_cards import CardChecked, CardHolder, CardVerdict
from yunjin.platforms.capability.api.party_numbers import folded


def is_card(number: str) -> bool:
    """Whether a number may be a card's: 12 to 19 digits, the last by Luhn (ISO/IEC 7812-1)."""
    if not (number.isascii() and number.isdigit() and 12 <= len(number) <= 19):
        return False
    digits = [int(one) for one in reversed(number)]
    doubled = [one * 2 - 9 * (one > 4) for one in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


class NoNetwork:
    """What answers where no network is connected: a number that is well formed was not asked."""

    def check(self, command_id: UUID, holder: CardHolder) -> CardChecked:
        """Look at the number's form."""
        is_one = is_card(holder.card_number)
        verdict = CardVerdict.UNASKED if is_one else CardVerdict.MISMATCH
        return CardChecked(
            verdict=verdict,
            reference=str(command_id),
            detail="" if is_one else "not a number of a card",
        )


@dataclass
class FakeNetwork:
    """A network in memory: it knows whom it was told of, or any well-formed card.

    Parameters
    ----------
    cards : holders by card number; empty: every well-formed card is whose it says.
    unusable : cards that are lost, closed or not activated.
    down_for : so many questions find it down.
    loses_answers : so many questions are answered, and the answer is lost.
    says : what it answers in place of the truth, by card number.
    """

    cards: Mapping[str, CardHolder] = field(default_factory=dict)
    unusable: frozenset[str] = frozenset()
    down_for: int = 0
    loses_answers: int = 0
    says: Mapping[str, CardVerdict] = field(default_factory=dict)
    questions: list[UUID] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self, command_id: UUID, holder: CardHolder) -> CardChecked:
        """Hold the elements against what is known. Raises: Outage, Unknown."""
        with self._lock:
            if self.down_for:
                self.down_for -= 1
                raise Outage("The card network is down.")
            self.questions.append(command_id)
            if self.loses_answers:
                self.loses_answers -= 1
                raise Unknown("The card network's answer was lost.")
        verdict = self.says.get(holder.card_number) or self._truth(holder)
        return CardChecked(verdict=verdict, bank="demo bank", reference=f"card-{command_id}")

    def _truth(self, holder: CardHolder) -> CardVerdict:
        if not is_card(holder.card_number):
            return CardVerdict.MISMATCH
        if holder.card_number in self.unusable:
            return CardVerdict.CARD_UNUSABLE
        if not self.cards:
            return CardVerdict.MATCH
        known = self.cards.get(holder.card_number)
        if known is None:
            return CardVerdict.MISMATCH
        is_same = folded(known.name) == folded(holder.name) and (
            (known.id_number, known.phone) == (holder.id_number, holder.phone)
        )
        return CardVerdict.MATCH if is_same else CardVerdict.MISMATCH
