"""Customers, found by what somebody typed: on their pages, and in the console's search."""

from typing import Final

from yunjin.kernel.room import Hit
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.api.party_facts import Party, PartyLine, PartyQuery

HITS_MAX: Final = 8
ID_LENGTH: Final = 27
DIGITS_MIN: Final = 5  # of a document's number or a phone


class Search:
    """Finds parties by id, name, document's number or phone."""

    def __init__(self, parties: PartiesApi) -> None:
        self._parties = parties

    def __call__(self, query: str) -> list[Hit]:
        """Return hits, newest first."""
        if not query.strip():
            return []
        found, _ = looked_for(self._parties, query, PartyQuery(limit=HITS_MAX))
        return [
            Hit(
                kind="party.customer",
                title=one.name,
                path=f"/customers/{one.party_id}",
                note=one.party_id,
            )
            for one in found
        ]


def is_number(text: str) -> bool:
    """Whether a text may be somebody's document or phone, which no address may keep."""
    digits = sum(one.isdigit() for one in text)
    return digits >= DIGITS_MIN and len(text.strip()) != ID_LENGTH


def looked_for(
    parties: PartiesApi, text: str, query: PartyQuery
) -> tuple[list[PartyLine], str | None]:
    """Return the parties that a text means: by id, by number, or by name.

    Raises: Malformed (cursor).
    """
    text = text.strip()
    if len(text) == ID_LENGTH and text.isascii():
        [party_id] = parties.resolve([text.upper()])
        return ([line_of(parties.party(party_id))] if party_id else []), None
    if not is_number(text):
        page = parties.find(_with(query, name=text))
        return list(page.items), page.next_cursor
    found: dict[str, PartyLine] = {}
    for what in ("document", "phone"):
        found |= {one.party_id: one for one in parties.find(_with(query, **{what: text})).items}
    return list(found.values()), None


def _with(query: PartyQuery, **more: str) -> PartyQuery:
    facts = {name: getattr(query, name) for name in PartyQuery.__slots__}
    return PartyQuery(**{**facts, **more})


def line_of(one: Party) -> PartyLine:
    """Return a party as a list shows it."""
    return PartyLine(**{name: getattr(one, name) for name in PartyLine.__slots__})
