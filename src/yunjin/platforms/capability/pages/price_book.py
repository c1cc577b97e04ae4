"""One price book: its fees, discounts and rates by a version, and its versions."""

from yunjin.chassis.console import (
    Address,
    Column,
    Row,
    ask,
    formats,
    html,
    markup,
    one_of,
    page,
    panel,
    static_table,
    t,
    title_row,
)
from yunjin.platforms.capability.api.price_books import Book
from yunjin.platforms.capability.api.pricing import PricingApi
from yunjin.platforms.capability.errors.pricing import PriceBookNotFound
from yunjin.platforms.capability.pages.price_words import (
    discount_columns,
    discount_row,
    price_columns,
    price_row,
    rate_columns,
    rate_row,
    state_chip,
)


async def book_shown(pricing: PricingApi, code: str) -> Book:
    """Return the version that the address names, or that in force, or the newest.

    Raises: PriceBookNotFound.
    """
    wanted = Address().get("version")
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 9:
        return await ask(pricing.book, code, int(wanted))
    try:
        return await ask(pricing.book, code)
    except PriceBookNotFound:
        return (await ask(pricing.versions, code))[0]


async def draw(pricing: PricingApi, code: str) -> None:
    """Lay a book. Raises: PriceBookNotFound."""
    one = await book_shown(pricing, code)
    note = f"{one.code} · {one.currency} · {t('pricing.version')} {one.version}"
    with title_row(one_of(one.zh, one.en), note=note):
        html(state_chip(one), tag="span")
    with panel(t("pricing.count_prices")):
        rows = [
            price_row(
                each,
                one.currency,
                markup.link(one_of(each.zh, each.en), fee_path(one, each.fee)),
            )
            for each in sorted(one.prices, key=lambda each: (each.fee, each.code))
        ]
        static_table(price_columns(), rows, caption=t("pricing.count_prices"))
    if one.discounts:
        with panel(t("pricing.discounts")):
            found = [discount_row(each, one.currency) for each in one.discounts]
            static_table(discount_columns(), found, caption=t("pricing.discounts"))
    if one.rates:
        with panel(t("pricing.rates")):
            found = [rate_row(each) for each in one.rates]
            static_table(rate_columns(), found, caption=t("pricing.rates"))
    versions = await ask(pricing.versions, code)
    with panel(t("pricing.versions")):
        found = [version_row(each) for each in versions]
        static_table(version_columns(), found, caption=t("pricing.versions"))


def fee_path(one: Book, fee: str) -> str:
    """Return the address of a fee of a version."""
    return f"/pricing/{one.code}/{fee}?version={one.version}"


def version_columns() -> list[Column]:
    """Return the columns of versions."""
    return [
        Column(key="version", label=t("pricing.version"), card="lead"),
        Column(key="since", label=t("pricing.since"), is_whole=True, card="left"),
        Column(key="note", label=t("pricing.note"), card="line"),
        Column(key="state", label=t("pricing.state"), card="side"),
    ]


def version_row(one: Book) -> Row:
    """Return a version as a row."""
    path = f"/pricing/{one.code}?version={one.version}"
    return {
        "version": markup.link(formats.number(one.version), path),
        "since": one.since.isoformat(),
        "note": one.note or "—",
        "state": state_chip(one),
    }


def register(pricing: PricingApi) -> None:
    """Put the page of a price book on the console."""

    @page("/pricing/{code}", title="pricing.book", active="pricing.books")
    async def shown(code: str) -> None:
        await draw(pricing, code)
