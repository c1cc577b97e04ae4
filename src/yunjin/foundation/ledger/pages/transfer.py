"""One transfer: from whom to whom, and for a hold what became of it."""

import asyncio
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from yunjin.chassis.console import (
    Markup,
    Tone,
    ask,
    box,
    formats,
    html,
    markup,
    page,
    panel,
    t,
    title_row,
)
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.foundation.ledger.errors import HistoryNotKept, TransferNotFound
from yunjin.foundation.ledger.pages.desk import Desk, transfer_flags, transfer_kind
from yunjin.foundation.ledger.pages.reading import TransferRow, Units
from yunjin.foundation.ledger.pages.rows import sides_of
from yunjin.foundation.ledger.pages.search import as_uuid
from yunjin.kernel.ids import cell_of

PAGE_ROWS: Final = 200
PAGES_MAX: Final = 25  # of an account's history, read to find what became of a hold
_TONES: Final[dict[str, Tone]] = {
    "pending": "warn",
    "posted": "good",
    "voided": "neutral",
    "expired": "neutral",
    "unknown": "neutral",
}


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a hold, and the transfer that settled it where one did."""

    name: str  # "pending", "posted", "voided", "expired" or "unknown"
    by: TransferRow | None = None


def fate_of(ledger: LedgerApi, hold: TransferRow) -> Fate:
    """Find what became of a hold in the history of one of its accounts."""
    for account_id in (hold.debit_account_id, hold.credit_account_id):
        try:
            return _fate_in(ledger, account_id, hold)
        except HistoryNotKept:
            continue
    return Fate("unknown")


def _fate_in(ledger: LedgerApi, account_id: int, hold: TransferRow) -> Fate:
    cursor: str | None = None
    for _ in range(PAGES_MAX):
        batch, cursor = ledger.history(
            account_id,
            timestamp_from=hold.timestamp + 1,
            cursor=cursor,
            limit=PAGE_ROWS,
            oldest_first=True,
        )
        for row in TransferRow.all_of(batch):
            if row.kind == "expired" and row.id == hold.id:
                return Fate("expired")
            if row.pending_id == hold.id:
                return Fate("posted" if row.kind == "post" else "voided", row)
        if cursor is None:
            return Fate("pending")
    return Fate("unknown")


class Transfer:
    """One reader's view of a transfer."""

    def __init__(self, desk: Desk, row: TransferRow, units: Units) -> None:
        self._desk, self._row, self._units = desk, row, units

    async def draw(self) -> None:
        """Lay the page."""
        row = self._row
        names = await self._desk.alias_of(sides_of([row]))
        title = Markup("{} {}").format(t("ledger.transfer"), formats.shortened(str(row.id)))
        fate = await ask(fate_of, self._desk.ledger, row) if row.kind == "pending" else None
        with title_row(title, note=formats.moment(row.timestamp, fraction=True)):
            html(transfer_kind(row), tag="span")
            if fate is not None:
                chip = markup.chip(t(f"ledger.fate.{fate.name}"), _TONES[fate.name])
                html(chip, tag="span")
            html(transfer_flags(row), tag="span")
        with panel():
            html(self._flow(names))
        with box("yj-halves"):
            with panel(t("ledger.about_transfer")):
                html(self._about())
            with box("yj-column"):
                if fate is not None:
                    with panel(t("ledger.fate")):
                        html(self._fate(fate))
                with panel(t("ledger.links")):
                    html(self._links())

    def _flow(self, names: dict[int, list[str]]) -> Markup:
        row = self._row
        side = Markup(
            '<div class="yj-flow-side"><span>{}</span>{}<span class="yj-note">{}</span></div>'
        )
        first, last = (
            side.format(t(key), markup.account(one), " · ".join(names.get(one, [])))
            for key, one in (
                ("ledger.from", row.debit_account_id),
                ("ledger.to", row.credit_account_id),
            )
        )
        middle = Markup('<div class="yj-flow-middle"><b class="num">{}</b>{}</div>').format(
            self._units.money(row.ledger, row.amount_minor), markup.icon("arrow_forward")
        )
        return Markup('<div class="yj-flow">{}{}{}</div>').format(first, middle, last)

    def _about(self) -> Markup:
        row = self._row
        facts: list[tuple[str, Markup | str]] = [
            (t("ledger.transfer_id"), markup.ident(str(row.id), str(row.id), is_whole=True)),
            (t("ledger.booked_at"), formats.moment(row.timestamp, fraction=True)),
            (t("ledger.ledger"), self._units.name(row.ledger)),
            (t("ledger.transfer_code"), str(row.code)),
            (t("ledger.cell_number"), str(cell_of(row.debit_account_id))),
        ]
        if row.kind == "pending":
            limit = formats.duration(row.timeout_s) if row.timeout_s else t("ledger.no_timeout")
            facts.append((t("ledger.timeout"), limit))
        if row.pending_id is not None:
            facts.append((t("ledger.pending_id"), _other(row.pending_id)))
        return markup.facts(facts)

    def _fate(self, fate: Fate) -> Markup:
        row = self._row
        until = row.expires_ns
        key = f"ledger.fate_note.{fate.name}"
        if fate.name == "pending" and until is not None:
            key += "_until"
        note = t(
            key,
            at=formats.moment(until) if until is not None else "",
            amount=self._units.money(row.ledger, fate.by.amount_minor) if fate.by else "",
        )
        facts: list[tuple[str, Markup | str]] = [
            (t("ledger.state"), markup.chip(t(f"ledger.fate.{fate.name}"), _TONES[fate.name])),
        ]
        if fate.by is not None:
            facts.append((t("ledger.fate_by"), _other(fate.by.id)))
            facts.append((t("ledger.booked_at"), formats.moment(fate.by.timestamp)))
        return Markup('<p class="yj-lead">{}</p>{}').format(note, markup.facts(facts))

    def _links(self) -> Markup:
        row = self._row
        shown: list[tuple[str, Markup | str]] = []
        if row.user_data_128 is not None:
            shown.append((t("ledger.user_data_128"), _reference(str(row.user_data_128))))
        if row.user_data_64:
            shown.append((t("ledger.user_data_64"), _reference(str(row.user_data_64))))
        if row.user_data_32:
            shown.append((t("ledger.user_data_32"), str(row.user_data_32)))
        if not shown:
            return Markup('<p class="yj-note">{}</p>').format(t("ledger.no_links"))
        return markup.facts(shown)


def _other(transfer_id: UUID) -> Markup:
    text = str(transfer_id)
    return markup.ident(text, formats.shortened(text), f"/transfers/{text}")


def _reference(value: str) -> Markup:
    link = markup.link(t("ledger.same_reference"), f"/transfers?reference={value}")
    return markup.stacked(markup.ident(value, formats.shortened(value, head=12)), link)


def register(desk: Desk) -> None:
    """Put the page of a transfer on the console."""

    @page("/transfers/{transfer_id}", title="ledger.transfer", active="ledger.transfers")
    async def transfer(transfer_id: str) -> None:
        wanted = as_uuid(transfer_id)
        if wanted is None:
            raise TransferNotFound(f"Expected a transfer's id, was {transfer_id[:60]!r}.")
        units, batch = await asyncio.gather(desk.units(), ask(desk.ledger.transfers, [wanted]))
        rows = TransferRow.all_of(batch)
        if not rows:
            raise TransferNotFound(f"There is no transfer {wanted}.", transfer_id=str(wanted))
        await Transfer(desk, rows[0], units).draw()
