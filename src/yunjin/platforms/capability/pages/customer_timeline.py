"""All that happened to a customer: newest first, a page at a time."""

from collections.abc import Sequence
from typing import Final

from yunjin.chassis.console import (
    Ask,
    Column,
    Markup,
    Row,
    Table,
    ask,
    formats,
    html,
    markup,
    panel,
    quiet,
    t,
)
from yunjin.chassis.console.words import LEXICON
from yunjin.kernel.clock import nanoseconds
from yunjin.platforms.capability.api.party_facts import Happening
from yunjin.platforms.capability.pages.customer_desk import Desk

PAGE_ROWS: Final = 20
PARTIES: Final = frozenset({"merged", "unmerged", "related", "unrelated"})
WORDS_OF: Final = {
    "role.given": "role",
    "role.ended": "role",
    "consent.given": "purpose",
    "consent.withdrawn": "purpose",
}


class Timeline:
    """The panel of what happened."""

    def __init__(self, desk: Desk, party_id: str) -> None:
        self._desk, self._id = desk, party_id

    def draw(self) -> None:
        """Lay the panel; `fill` loads its first page."""
        columns = [
            Column(
                key="at", label=t("time.at", zone=formats.zone_name()), is_whole=True, card="line"
            ),
            Column(key="what", label=t("party.what"), is_whole=True, card="lead"),
            Column(key="subject", label=t("party.subject"), card="left"),
            Column(key="by", label=t("party.by"), is_whole=True, card="right"),
            Column(key="why", label=t("party.why"), card="line"),
        ]
        with panel(t("party.timeline")):
            self._table = Table(columns, self._load, caption=t("party.timeline"), empty=_nothing)

    async def fill(self) -> None:
        """Load the newest ones."""
        await self._table.show()

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        page = await ask(
            self._desk.parties.timeline, self._id, limit=PAGE_ROWS, cursor=wanted.cursor
        )
        return [_row(one) for one in page.items], page.next_cursor


def _row(one: Happening) -> Row:
    return {
        "at": formats.moment(nanoseconds(one.at)),
        "what": t(f"party.what.{one.what}"),
        "subject": subject_words(one),
        "by": t("party.by_console") if one.by == "console" else one.by or "—",
        "why": one.why or "—",
    }


def subject_words(one: Happening) -> Markup | str:
    """Name what something was done to, or with."""
    if one.what in PARTIES:
        path = f"/customers/{one.subject}"
        return markup.ident(one.subject, formats.shortened(one.subject), path)
    word = f"party.{WORDS_OF.get(one.what, '')}.{one.subject}"
    if LEXICON.knows(word):
        return t(word)
    if one.what == "changed":
        return t("party.comma").join(t(f"party.changed.{name}") for name in one.subject.split(","))
    return formats.shortened(one.subject) if one.subject else "—"


def _nothing() -> None:
    html(quiet("history", t("party.no_timeline")))
