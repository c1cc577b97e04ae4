"""Price books, each by the version in force; the latest charges."""

from collections.abc import Sequence
from typing import Final

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Row,
    Table,
    ask,
    empty,
    formats,
    markup,
    one_of,
    page,
    panel,
    static_table,
    t,
    title_row,
)
from yunjin.kernel.clock import nanoseconds
from yunjin.platforms.capability.api.price_books import Book
from yunjin.platforms.capability.api.pricing import Charge, PricingApi
from yunjin.platforms.capability.pages.price_words import (
    CHARGE_TONES,
    named,
    state_chip,
    total_words,
)

PAGE_ROWS: Final = 20


class PriceBooks:
    """One reader's list of price books."""

    def __init__(self, pricing: PricingApi) -> None:
        self._pricing = pricing

    async def draw(self) -> None:
        """Lay the list and the latest charges."""
        with title_row(t("pricing.books"), note=t("pricing.books_note")):
            pass
        books = await ask(self._pricing.books)
        with panel(classes="yj-panel-table"):
            if books:
                rows = [book_row(one) for one in books]
                static_table(book_columns(), rows, caption=t("pricing.books"))
            else:
                empty(t("pricing.none_yet"), hint=t("pricing.none_yet_hint"), icon="sell")
        with panel(t("pricing.charges")):
            table = Table(
                charge_columns(),
                self._load,
                caption=t("pricing.charges"),
                empty=lambda: empty(
                    t("pricing.no_charges"), hint=t("pricing.no_charges_hint"), icon="receipt"
                ),
                address=Address(),
            )
            await table.show()

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        found = await ask(self._pricing.charges, limit=PAGE_ROWS, cursor=wanted.cursor)
        return [charge_row(one) for one in found.items], found.next_cursor


def book_columns() -> list[Column]:
    """Return the columns of price books."""
    return [
        Column(key="book", label=t("pricing.book"), card="lead"),
        Column(key="version", label=t("pricing.version"), is_number=True, card="left"),
        Column(key="since", label=t("pricing.since"), is_whole=True, card="right"),
        Column(key="prices", label=t("pricing.count_prices"), is_number=True, card="left"),
        Column(key="discounts", label=t("pricing.count_discounts"), is_number=True, card="right"),
        Column(key="rates", label=t("pricing.count_rates"), is_number=True, card="none"),
        Column(key="state", label=t("pricing.state"), card="side"),
    ]


def book_row(one: Book) -> Row:
    """Return a price book as a row."""
    name = one_of(one.zh, one.en)
    return {
        "book": named(markup.link(name, f"/pricing/{one.code}"), f"{one.code} · {one.currency}"),
        "version": formats.number(one.version),
        "since": one.since.isoformat(),
        "prices": formats.number(len(one.prices)),
        "discounts": formats.number(len(one.discounts)),
        "rates": formats.number(len(one.rates)),
        "state": state_chip(one),
    }


def charge_columns() -> list[Column]:
    """Return the columns of charges."""
    return [
        Column(key="charge", label=t("pricing.charge"), card="lead"),
        Column(key="at", label=t("pricing.charge_at"), is_whole=True, card="line"),
        Column(key="agreement", label=t("pricing.agreement"), card="left"),
        Column(key="fees", label=t("pricing.fee"), card="line"),
        Column(key="total", label=t("pricing.total"), is_number=True, card="right"),
        Column(key="state", label=t("pricing.state"), card="side"),
    ]


def charge_row(one: Charge) -> Row:
    """Return a charge as a row; the reason stands under a state that is none to wish for."""
    text = str(one.charge_id)
    chip = markup.chip(
        t(f"pricing.charge_state.{one.state.value}"), CHARGE_TONES[one.state], hint=one.reason
    )
    agreement = str(one.agreement_id)
    return {
        "charge": markup.ident(text, formats.shortened(text)),
        "at": formats.moment(nanoseconds(one.at)),
        "agreement": markup.ident(
            agreement, formats.shortened(agreement), f"/agreements/{agreement}"
        ),
        "fees": ", ".join(one_of(line.zh, line.en) for line in one.priced.lines),
        "total": total_words(one.priced),
        "state": chip,
    }


def register(pricing: PricingApi) -> None:
    """Put the list of price books on the console."""

    @page("/pricing", title="pricing.books", active="pricing.books")
    async def listed() -> None:
        await PriceBooks(pricing).draw()
