"""Entries made by people 凭证: the list, an entry with its lines, its reversal."""

from collections.abc import Sequence
from uuid import UUID

from nicegui import ui

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Deed,
    Done,
    Figure,
    Markup,
    Row,
    Table,
    Tone,
    ask,
    box,
    button,
    day_field,
    empty,
    figures,
    formats,
    html,
    markup,
    page,
    panel,
    t,
    table_html,
    text_field,
    title_row,
)
from yunjin.foundation.banking.api.general_ledger import (
    EntryKind,
    GeneralLedgerApi,
    GlAccount,
    GlEntry,
    GlLine,
)
from yunjin.foundation.banking.errors import GlEntryNotFound
from yunjin.foundation.banking.pages import terms
from yunjin.foundation.banking.pages.books import BY, BY_HAND, account_words, book_tabs, who
from yunjin.foundation.banking.pages.desk import Desk, day_link
from yunjin.foundation.banking.pages.reading import SLOTS, whole

PAGE_ROWS = 50
REASON_MAX = 200
_NUMBERS = {name: number for number, name in SLOTS.items()}


def debits_of(one: GlEntry) -> list[tuple[str, int]]:
    """Return what an entry moves, by currency: the sum of its debits, minor units."""
    sums: dict[str, int] = {}
    for line in one.lines:
        sums[line.currency] = sums.get(line.currency, 0) + line.debit_minor
    return sorted(sums.items())


def state_chip(one: GlEntry) -> Markup:
    """Say what became of an entry."""
    word, tone = _state(one)
    return markup.chip(t(f"banking.gl_state.{word}"), tone)


def _state(one: GlEntry) -> tuple[str, Tone]:
    if not one.number:
        return "waiting", "warn"
    return ("reversed", "neutral") if one.reversed_by else ("booked", "good")


class Entries:
    """One accountant's list of entries."""

    def __init__(self, books: GeneralLedgerApi) -> None:
        self._books, self._address = books, Address()

    async def draw(self) -> None:
        """Lay the page."""
        with title_row(t("banking.gl_tab.entries"), note=t("banking.entries_note")):
            new = markup.button_link(t("banking.new_entry"), "/gl/entries/new", sign="add")
            html(new, tag="span", classes="yj-push")
        book_tabs("entries")
        with panel(classes="yj-panel-table"):
            table = Table(
                columns(),
                self._load,
                caption=t("banking.gl_tab.entries"),
                empty=lambda: empty(
                    t("banking.no_entries"),
                    hint=t("banking.no_entries_hint"),
                    icon="edit_note",
                    action=markup.button_link(
                        t("banking.new_entry"), "/gl/entries/new", sign="add"
                    ),
                ),
                address=self._address,
            )
        await table.show()

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        found = await ask(self._books.entries, BY_HAND, limit=PAGE_ROWS, cursor=wanted.cursor)
        return [row_of(one) for one in found.items], found.next_cursor


def columns() -> list[Column]:
    """Return the columns of the list."""
    return [
        Column(key="number", label=t("banking.gl_entry"), card="lead"),
        Column(key="date", label=t("banking.business_date"), is_whole=True, card="left"),
        Column(key="kind", label=t("banking.what"), card="left"),
        Column(key="reason", label=t("banking.reason"), card="line"),
        Column(key="amount", label=t("banking.amount"), is_number=True, card="side"),
        Column(key="lines", label=t("banking.lines"), is_number=True, card="none"),
        Column(key="by", label=t("banking.by"), card="right"),
        Column(key="state", label=t("banking.state"), card="right"),
    ]


def row_of(one: GlEntry) -> Row:
    """Return an entry as a row."""
    amounts = " · ".join(f"{formats.money(sum_, code)} {code}" for code, sum_ in debits_of(one))
    return {
        "number": markup.link(str(one.number), f"/gl/entries/{one.number}"),
        "date": day_link(one.date),
        "kind": t(f"banking.gl_kind.{one.kind.name.lower()}"),
        "reason": markup.stacked(one.reason, one.reference) if one.reference else one.reason or "—",
        "amount": amounts,
        "lines": formats.number(len(one.lines)),
        "by": who(one.by) if one.by else "—",
        "state": state_chip(one),
    }


class EntryPage:
    """One reader's view of an entry."""

    def __init__(self, desk: Desk, books: GeneralLedgerApi, number: int) -> None:
        self._desk, self._books, self._number = desk, books, number

    async def draw(self) -> None:
        """Lay the page; after a reversal it is laid anew."""
        with box("yj-content") as self._box:
            await self._draw()

    async def _again(self) -> None:
        self._box.clear()
        with self._box:
            await self._draw()

    async def _draw(self) -> None:
        one = await ask(self._books.entry, self._number)
        chart = {each.code: each for each in await ask(self._books.accounts)}
        title = Markup("{} {}").format(t("banking.gl_entry_title"), one.number)
        kind = t(f"banking.gl_kind.{one.kind.name.lower()}")
        with title_row(title, note=one.reason or kind):
            html(markup.chip(kind, "info") + state_chip(one), tag="span")
            with box("yj-push yj-deeds"):
                back = markup.button_link(
                    t("banking.gl_tab.entries"), "/gl/entries", sign="arrow_back"
                )
                html(back, tag="span")
                if one.kind is EntryKind.MANUAL and one.reversed_by is None:
                    button(t("banking.deed.reverse_entry"), lambda: self._reverse(one), icon="undo")
        with figures():
            for currency, minor in debits_of(one):
                Figure(
                    f"{t('banking.amount')} {currency}",
                    formats.money(minor, currency),
                    t("banking.both_sides"),
                )
            Figure(t("banking.business_date"), one.date.isoformat(), _booked(one))
            Figure(t("banking.by"), who(one.by) if one.by else "—", one.reference)
        if other := one.reversed_by or one.reverses:
            key = "banking.reversed_by" if one.reversed_by else "banking.reverses"
            with panel():
                html(markup.link(t(key, number=other), f"/gl/entries/{other}"))
        with panel(t("banking.gl_lines")):
            html(lines_table(one.lines, chart))

    def _reverse(self, one: GlEntry) -> None:
        fields: list[ui.input] = []

        def build(deed: Deed) -> None:
            fields.append(text_field(t("banking.reason"), hint=t("banking.reason_hint")))
            fields.append(day_field(t("banking.business_date"), value=one.date.isoformat()))
            fields[0].props(f"autofocus maxlength={REASON_MAX}")
            for field in fields:
                field.on_value_change(deed.changed)

        def given() -> tuple[str, str]:
            return str(fields[0].value or "").strip(), str(fields[1].value or "")

        def effect() -> str:
            reason, day = given()
            if not reason or formats.parse_day(day) is None:
                return ""
            return t("banking.effect.reverse_entry", number=one.number, day=day)

        def act(command_id: UUID) -> Done:
            reason, day = given()
            date = formats.parse_day(day) or one.date
            made = self._books.reverse(command_id, one.number, date=date, reason=reason, by=BY)
            return Done(t("banking.done.reverse_entry", number=made.number))

        Deed(
            clock=self._desk.clock,
            title=t("banking.deed.reverse_entry"),
            action=t("banking.deed.reverse_entry_now"),
            build=build,
            effect=effect,
            act=act,
            done=self._again,
            typed=str(one.number),
        ).open()


def _booked(one: GlEntry) -> str:
    return formats.moment(one.at_us * 1_000) if one.at_us else ""


def lines_table(lines: Sequence[GlLine], chart: dict[str, GlAccount]) -> Markup:
    """Return an entry's lines; a slot leads to the ledger's accounts behind it."""
    columns = [
        Column(key="account", label=t("banking.gl_account"), card="lead"),
        Column(key="product", label=t("banking.product"), card="left"),
        Column(key="slot", label=t("banking.ledger_accounts"), card="right"),
        Column(key="branch", label=t("banking.branch"), card="left"),
        Column(key="currency", label=t("banking.currency"), card="right"),
        Column(key="debit", label=t("banking.side.debit"), is_number=True, card="line"),
        Column(key="credit", label=t("banking.side.credit"), is_number=True, card="line"),
    ]
    rows: list[Row] = [
        {
            "account": markup.link(
                account_words(chart[one.account]) if one.account in chart else one.account,
                f"/gl/accounts/{one.account}",
            ),
            "product": terms.product_name(one.product) if one.product else "—",
            "slot": slot_link(one.slot),
            "branch": terms.branch_name(one.branch),
            "currency": one.currency,
            "debit": side_link(one, one.debit_minor),
            "credit": side_link(one, one.credit_minor),
        }
        for one in lines
    ]
    return table_html(columns, rows, caption=t("banking.gl_lines"))


def side_link(one: GlLine, minor: int) -> Markup | str:
    """Write a side of a line; it leads to the transfers behind it, where there are any."""
    amount = formats.money(minor, one.currency) if minor else ""
    if not amount or not one.has_transfers or not one.entry:
        return amount
    return markup.link(amount, f"/gl/entries/{one.entry}/lines/{one.place}")


def slot_link(slot: str) -> Markup | str:
    """Name a slot with a way to its accounts in the ledger, and from there to transfers."""
    if not slot:
        return "—"
    number = _NUMBERS.get(slot.lower())
    name = terms.slot_name(slot)
    return markup.link(name, f"/accounts?code={number}") if number else name


def register(desk: Desk) -> None:
    """Put entries on the console where the bank keeps a general ledger."""
    books = desk.doors.general_ledger
    if books is None:
        return

    @page("/gl/entries", title="banking.gl_tab.entries", active="banking.general_ledger")
    async def entries() -> None:
        await Entries(books).draw()

    @page("/gl/entries/{number}", title="banking.gl_entry", active="banking.general_ledger")
    async def entry(number: str) -> None:
        wanted = whole(number)
        if not wanted:
            raise GlEntryNotFound(f"Expected an entry's number, was {number[:20]!r}.")
        await EntryPage(desk, books, wanted).draw()
