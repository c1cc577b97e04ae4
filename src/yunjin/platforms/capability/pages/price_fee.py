"""One fee of a price book: its prices, worked examples, and what would be paid for something."""

import datetime as dt
from typing import Final

import pyarrow as pa
from nicegui import ui

from yunjin.chassis.console import (
    Column,
    Figure,
    Markup,
    Row,
    amount_field,
    amount_of,
    ask,
    box,
    button,
    figures,
    formats,
    grid,
    html,
    markup,
    notice_of,
    one_of,
    page,
    panel,
    static_table,
    t,
    table_html,
    text_field,
    title_row,
)
from yunjin.kernel.errors import Problem
from yunjin.kernel.money import exponent
from yunjin.platforms.capability.api.price_books import Book
from yunjin.platforms.capability.api.pricing import Basis, Priced, PriceStatus, PricingApi
from yunjin.platforms.capability.errors.pricing import PriceNotFound
from yunjin.platforms.capability.pages.price_book import book_shown
from yunjin.platforms.capability.pages.price_words import (
    price_columns,
    price_row,
    state_chip,
    tried_columns,
    tried_row,
)

_EXAMPLES: Final = (100, 1_000, 10_000, 100_000, 1_000_000)  # whole units of the currency
_MANY: Final = 1_000_000  # more uses than any price has free


class OneFee:
    """One reader's view of a fee."""

    def __init__(self, pricing: PricingApi, book: Book, fee: str) -> None:
        self._pricing, self._book, self._fee = pricing, book, fee

    async def draw(self) -> None:
        """Lay the page. Raises: PriceNotFound."""
        book = self._book
        prices = [one for one in book.prices if one.fee == self._fee]
        if not prices:
            raise PriceNotFound("The book has no such fee.", fee=self._fee[:60], book=book.code)
        name = one_of(prices[0].zh, prices[0].en)
        back = markup.link(one_of(book.zh, book.en), f"/pricing/{book.code}")
        note = Markup("{} · {} · {} {}").format(back, self._fee, t("pricing.version"), book.version)
        with title_row(name, note=note):
            html(state_chip(book), tag="span")
        with panel(t("pricing.count_prices")):
            rows = [price_row(one, book.currency, one_of(one.zh, one.en)) for one in prices]
            static_table(price_columns(), rows, caption=t("pricing.count_prices"))
        with panel(t("pricing.calculator"), note=t("pricing.calculator_note")):
            self._calculator()
        with panel(t("pricing.examples"), note=t("pricing.examples_note")):
            rows = await ask(self._examples)
            static_table(example_columns(), rows, caption=t("pricing.examples"))

    def _calculator(self) -> None:
        with ui.element("form") as form:
            form.on("submit", self._work_out, js_handler="(e) => { e.preventDefault(); emit(); }")
            with grid():
                self._amount = amount_field(t("pricing.amount"), self._book.currency)
                self._segment = text_field(t("pricing.segment"))
                self._scenario = text_field(t("pricing.scenario"))
                self._business = text_field(t("pricing.business"))
                self._party = text_field(t("pricing.party"))
            with box("yj-dialog-actions"):
                button(t("pricing.work_out"), self._work_out, icon="calculate", primary=True)
        with figures():
            self._shown = {
                name: Figure(t(f"pricing.{name}"), "—")
                for name in ("fee_before", "off", "of_which_tax", "total")
            }
        self._why = html("")

    async def _work_out(self) -> None:
        amount = amount_of(str(self._amount.value or ""), self._book.currency)
        if amount is None or amount < 0:
            self._why.set_content(str(Markup("<p>{}</p>").format(t("pricing.give_amount"))))
            return
        basis = Basis(
            fees=(self._fee,),
            amount_minor=amount,
            book=self._book.code,
            segment=str(self._segment.value or "").strip(),
            scenario=str(self._scenario.value or "").strip(),
            business=str(self._business.value or "").strip(),
            party_id=str(self._party.value or "").strip(),
            date=self._date(),
        )
        try:
            found = await ask(self._pricing.price, basis)
        except Problem as problem:
            self._why.set_content(str(notice_of(problem)))
            return
        self._show(found)

    def _date(self) -> dt.date | None:
        """Return a day on which the version shown is in force; None for today."""
        return self._book.since if self._book.state.value == "coming" else None

    def _show(self, found: Priced) -> None:
        [line] = found.lines
        money = {
            "fee_before": line.fee_minor,
            "off": line.off_minor,
            "of_which_tax": line.tax_minor,
            "total": line.total_minor,
        }
        for name, minor in money.items():
            self._shown[name].show(formats.money(minor, found.currency), found.currency)
        rows = [tried_row(one, line, found.currency) for one in line.tried]
        caption = t("pricing.calculator")
        self._why.set_content(str(table_html(tried_columns(), rows, caption=caption)))

    def _examples(self) -> list[Row]:
        places = exponent(self._book.currency)
        amounts = [whole * 10**places for whole in _EXAMPLES]
        columns = {
            "amount_minor": pa.array(amounts, pa.int64()),
            "used": pa.array([_MANY] * len(amounts), pa.int64()),
        }
        day = self._date() or (None if self._book.state.value == "in_force" else self._book.since)
        found = self._pricing.quote_all(
            self._fee, pa.record_batch(columns), book=self._book.code, date=day
        )
        return [
            example_row(amount, row, self._book.currency)
            for amount, row in zip(amounts, found.to_pylist(), strict=True)
        ]


def example_columns() -> list[Column]:
    """Return the columns of worked examples."""
    return [
        Column(key="amount", label=t("pricing.amount"), is_number=True, card="lead"),
        Column(key="price", label=t("pricing.price"), card="side"),
        Column(key="fee", label=t("pricing.fee_before"), is_number=True, card="left"),
        Column(key="off", label=t("pricing.off"), is_number=True, card="left"),
        Column(key="tax", label=t("pricing.of_which_tax"), is_number=True, card="right"),
        Column(key="total", label=t("pricing.total"), is_number=True, card="right"),
    ]


def example_row(amount_minor: int, row: dict[str, int | str], currency: str) -> Row:
    """Return a worked example as a row; one without a price has none."""
    has_price = row["status"] in (PriceStatus.PRICED, PriceStatus.FREE)
    shown = {
        name: formats.money(int(row[f"{name}_minor"]), currency) if has_price else "—"
        for name in ("fee", "off", "tax", "total")
    }
    return {
        "amount": f"{formats.money(amount_minor, currency)} {currency}",
        "price": str(row["price"]) or "—",
        **shown,
    }


def register(pricing: PricingApi) -> None:
    """Put the page of a fee on the console."""

    @page("/pricing/{code}/{fee}", title="pricing.fee", active="pricing.books")
    async def shown(code: str, fee: str) -> None:
        await OneFee(pricing, await book_shown(pricing, code), fee).draw()
