"""Banking's part of the console's search: agreements, products, accounts of the general ledger."""

from contextlib import suppress
from typing import Final

from yunjin.foundation.banking.api.agreements import Agreement, AgreementQuery
from yunjin.foundation.banking.errors import AgreementNotFound
from yunjin.foundation.banking.pages.doors import Doors
from yunjin.foundation.banking.pages.reading import agreement_number
from yunjin.foundation.banking.pages.words import WORDS
from yunjin.kernel.ids import cell_of, sequence_of
from yunjin.kernel.room import Hit

HITS_MAX: Final = 8


class Search:
    """Finds what a reader typed or pasted."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def __call__(self, query: str) -> list[Hit]:
        """Return hits: agreements first, then products, then accounts of the general ledger."""
        text = query.strip()
        if not text:
            return []
        return self._agreements(text) + self._products(text.lower()) + self._accounts(text.lower())

    def _agreements(self, text: str) -> list[Hit]:
        number = agreement_number(text, self._doors.ledger.state().cell)
        found: list[Agreement] = []
        if number:
            with suppress(AgreementNotFound):
                found.append(self._doors.agreements.agreement(number))
        if text.isascii():  # as ids of parties are
            query = AgreementQuery(party_id=text, limit=HITS_MAX)
            found += self._doors.agreements.find(query).items
        return [_hit(one) for one in found]

    def _products(self, text: str) -> list[Hit]:
        codes = sorted({one.code for one in self._doors.registry.versions()})
        return [
            Hit(kind="banking.product", title=code, path=f"/products/{code}", note=names[0])
            for code in codes
            for names in [WORDS.get(f"banking.product.{code}", (code, code))]
            if any(text in name.lower() for name in (code, *names))
        ][:HITS_MAX]

    def _accounts(self, text: str) -> list[Hit]:
        books = self._doors.general_ledger
        return [
            Hit(
                kind="banking.gl_account",
                title=f"{one.code} {one.name_zh}",
                path=f"/gl/accounts/{one.code}",
                note=one.name_en,
            )
            for one in (books.accounts() if books is not None else [])
            if one.code.startswith(text) or text in f"{one.name_zh} {one.name_en}".lower()
        ][:HITS_MAX]


def _hit(one: Agreement) -> Hit:
    number = one.agreement_id
    return Hit(
        kind="banking.agreement",
        title=f"{cell_of(number)}-{sequence_of(number):06d}",
        path=f"/agreements/{number}",
        note=f"{one.product} · {one.party_id}",
    )
