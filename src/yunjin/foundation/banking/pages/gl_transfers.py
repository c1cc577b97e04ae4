"""What is behind a line of the general ledger: the ledger's transfers, which come to the line."""

from collections.abc import Sequence
from typing import Final

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Figure,
    Markup,
    Row,
    Table,
    ask,
    empty,
    figures,
    formats,
    html,
    markup,
    page,
    panel,
    t,
    title_row,
)
from yunjin.foundation.banking.api.general_ledger import GeneralLedgerApi, GlEntry, GlLine
from yunjin.foundation.banking.api.gl_transfers import LineTransfer
from yunjin.foundation.banking.errors import GlEntryNotFound
from yunjin.foundation.banking.pages import terms
from yunjin.foundation.banking.pages.books import account_words
from yunjin.foundation.banking.pages.desk import Desk, agreement_ident, day_link
from yunjin.foundation.banking.pages.reading import CODES, whole

PAGE_ROWS: Final = 100
Sums = tuple[int, int]  # debits, credits, minor


class LineTransfers:
    """One accountant's view of a line."""

    def __init__(self, books: GeneralLedgerApi, entry: GlEntry, line: GlLine) -> None:
        self._books, self._entry, self._line = books, entry, line
        self._shown: dict[str | None, Sums] = {}  # by the cursor that a page was asked with

    async def draw(self) -> None:
        """Lay the page."""
        one = self._line
        chart = {each.code: each for each in await ask(self._books.accounts)}
        account = account_words(chart[one.account]) if one.account in chart else one.account
        note = Markup(" · ").join(
            [
                markup.link(account, f"/gl/accounts/{one.account}"),
                terms.product_name(one.product) if one.product else t("banking.gl_kind.manual"),
                terms.slot_name(one.slot),
                terms.branch_name(one.branch),
                day_link(one.date),
            ]
        )
        with title_row(t("banking.line_transfers"), note=note):
            back = markup.button_link(
                Markup("{} {}").format(t("banking.gl_entry_title"), one.entry),
                f"/gl/entries/{one.entry}",
                sign="arrow_back",
            )
            html(back, tag="span", classes="yj-push")
        with figures():
            for side, minor in zip(("debit", "credit"), _net(self._entry, one), strict=True):
                Figure(
                    f"{t(f'banking.side.{side}')} {one.currency}",
                    formats.money(minor, one.currency),
                    t("banking.of_line"),
                )
            self._sums = Figure(t("banking.transfers_sum"), "—")
        with panel(classes="yj-panel-table"):
            table = Table(
                self._columns(),
                self._load,
                caption=t("banking.line_transfers"),
                empty=lambda: empty(
                    t("banking.no_line_transfers"),
                    hint=t("banking.no_line_transfers_hint"),
                    icon="receipt_long",
                ),
                address=Address(),
            )
        await table.show()

    def _columns(self) -> list[Column]:
        code = self._line.currency
        debit, credit = (f"{t(f'banking.side.{side}')} {code}" for side in ("debit", "credit"))
        return [
            Column(key="transfer", label=t("banking.transfer"), card="lead"),
            Column(key="what", label=t("banking.what"), card="left"),
            Column(key="agreement", label=t("banking.agreement"), card="right"),
            Column(key="accounts", label=t("banking.from_to"), card="line"),
            Column(key="value", label=t("banking.value_date"), is_whole=True, card="left"),
            Column(
                key="at", label=t("time.at", zone=formats.zone_name()), is_whole=True, card="none"
            ),
            Column(key="debit", label=debit, is_number=True, card="side"),
            Column(key="credit", label=credit, is_number=True, card="side"),
        ]

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        one = self._line
        found = await ask(
            self._books.transfers, one.entry, one.place, limit=PAGE_ROWS, cursor=wanted.cursor
        )
        if wanted.cursor is None:
            self._shown.clear()
        self._shown[wanted.cursor] = (
            sum(each.debit_minor for each in found.items),
            sum(each.credit_minor for each in found.items),
        )
        self._show_sums(is_all=found.next_cursor is None)
        return [_row(each, one.currency) for each in found.items], found.next_cursor

    def _show_sums(self, *, is_all: bool) -> None:
        debits, credits = (sum(each) for each in zip(*self._shown.values(), strict=True))
        code = self._line.currency
        words = f"{formats.money(debits, code)} / {formats.money(credits, code)}"
        if not is_all:
            self._sums.show(words, t("banking.sums_so_far"))
        elif (debits, credits) == _net(self._entry, self._line):
            self._sums.show(words, t("banking.sums_agree"), tone="good")
        else:
            self._sums.show(words, t("banking.sums_differ"), tone="bad")


def _net(entry: GlEntry, line: GlLine) -> Sums:
    """Return what the ledger moves for a line: what an entry's lines on one slot leave in sum."""
    if line.product:
        return line.debit_minor, line.credit_minor
    place = (line.slot, line.branch, line.currency)
    net = sum(
        one.debit_minor - one.credit_minor
        for one in entry.lines
        if (one.slot, one.branch, one.currency) == place
    )
    return max(net, 0), max(-net, 0)


def _row(one: LineTransfer, currency: str) -> Row:
    number = str(one.transfer_id)
    sides = (
        markup.link(formats.account(each), f"/accounts/{each}")
        for each in (one.debit_account_id, one.credit_account_id)
    )
    return {
        "transfer": markup.ident(number, formats.shortened(number), f"/transfers/{number}"),
        "what": t(f"banking.code.{CODES[one.code]}") if one.code in CODES else str(one.code),
        "agreement": agreement_ident(one.agreement_id) if one.agreement_id else "—",
        "accounts": Markup(" → ").join(sides),
        "value": one.value_date.isoformat(),
        "at": formats.moment(one.timestamp),
        "debit": formats.money(one.debit_minor, currency) if one.debit_minor else "",
        "credit": formats.money(one.credit_minor, currency) if one.credit_minor else "",
    }


def register(desk: Desk) -> None:
    """Put a line's transfers on the console where the bank keeps a general ledger."""
    books = desk.doors.general_ledger
    if books is None:
        return

    @page(
        "/gl/entries/{number}/lines/{place}",
        title="banking.line_transfers",
        active="banking.general_ledger",
    )
    async def line_transfers(number: str, place: str) -> None:
        wanted, at = whole(number), whole(place)
        entry = await ask(books.entry, wanted or 0)
        line = next((one for one in entry.lines if one.place == at), None)
        if line is None:
            raise GlEntryNotFound(f"There is no line {place[:20]!r} of entry {number[:20]!r}.")
        await LineTransfers(books, entry, line).draw()
