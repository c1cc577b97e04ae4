"""What a customer was told of an agreement: newest first, a page at a time."""

from collections.abc import Sequence
from typing import Final

from yunjin.chassis.console import Ask, Column, Row, Table, ask, formats, html, panel, quiet, t
from yunjin.foundation.banking.api.agreements import Notice
from yunjin.foundation.banking.pages import terms
from yunjin.foundation.banking.pages.desk import Desk, day_link
from yunjin.kernel.clock import nanoseconds

PAGE_ROWS: Final = 10


class Notices:
    """The panel of an agreement's notices."""

    def __init__(self, desk: Desk, agreement_id: int) -> None:
        self._desk, self._id = desk, agreement_id

    def draw(self) -> None:
        """Lay the panel; `fill` loads its first page."""
        columns = [
            Column(key="date", label=t("banking.business_date"), is_whole=True, card="lead"),
            Column(key="what", label=t("banking.what"), card="line"),
            Column(
                key="at", label=t("time.at", zone=formats.zone_name()), is_whole=True, card="line"
            ),
        ]
        with panel(t("banking.notices"), note=t("banking.notices_note")):
            self._table = Table(columns, self._load, caption=t("banking.notices"), empty=_nothing)

    async def fill(self) -> None:
        """Load the newest ones."""
        await self._table.show()

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        page = await ask(
            self._desk.doors.agreements.notices, self._id, limit=PAGE_ROWS, cursor=wanted.cursor
        )
        return [_row(one) for one in page.items], page.next_cursor


def _row(one: Notice) -> Row:
    return {
        "date": day_link(one.date),
        "what": terms.said(one.code),
        "at": formats.moment(nanoseconds(one.at)),
    }


def _nothing() -> None:
    html(quiet("mark_email_unread", t("banking.no_notices"), t("banking.no_notices_hint")))
