"""Where slots are booked: product × slot → account, from a day on, and what is wrong with it."""

import datetime as dt
from collections.abc import Sequence

from nicegui import ui
from nicegui.events import GenericEventArguments

from yunjin.chassis.console import (
    Address,
    Column,
    Fields,
    Filters,
    Markup,
    Row,
    ask,
    box,
    button,
    choice_field,
    day_field,
    formats,
    grid,
    html,
    markup,
    notice,
    page,
    panel,
    t,
    table_html,
    title_row,
    value_deed,
)
from yunjin.foundation.banking.api.general_ledger import (
    EVERY_PRODUCT,
    GeneralLedgerApi,
    GlAccount,
    GlMapping,
)
from yunjin.foundation.banking.pages import terms
from yunjin.foundation.banking.pages.books import account_words, book_tabs, product_words
from yunjin.foundation.banking.pages.desk import Desk
from yunjin.foundation.banking.pages.movements import deed_button


class Mappings:
    """One accountant's view of the mapping."""

    def __init__(self, desk: Desk, books: GeneralLedgerApi) -> None:
        self._desk, self._books, self._address = desk, books, Address()

    async def draw(self) -> None:
        """Lay the page."""
        self._today = await ask(self._desk.doors.days.business_date)
        self._codes = await ask(self._desk.codes)
        self._accounts = {one.code: one for one in await ask(self._books.accounts)}
        with (
            title_row(t("banking.gl_tab.mappings"), note=t("banking.mappings_note")),
            box("yj-push yj-deeds"),
        ):
            button(t("banking.deed.map"), lambda: self._map(), icon="alt_route")
        book_tabs("mappings")
        with Filters(self._address, self._show) as filters:
            filters.day("on", t("banking.mapped_on"), hint=self._today.isoformat())
        with box("yj-content") as self._box:
            pass
        await self._show()

    async def _show(self) -> None:
        day = formats.parse_day(self._address.get("on")) or self._today
        now, known = await ask(self._books.mappings, day), await ask(self._books.mappings)
        wrong = await ask(self._books.complaints, day)
        self._box.clear()
        with self._box:
            if wrong:
                lines = Markup("<br>").join(wrong)
                with panel():
                    html(notice("bad", t("banking.mapping_wrong"), lines))
            with panel(t("banking.mapped_on_day", day=day)) as element:
                element.on("yj-map", self._asked, js_handler="(e) => emit(e.target.dataset.value)")
                html(self._table(now, with_deed=True))
            ahead = [one for one in known if one.since is not None]
            if ahead:
                with panel(t("banking.mapping_history"), note=t("banking.mapping_history_note")):
                    ahead.sort(key=lambda one: one.since or dt.date.min, reverse=True)
                    html(self._table(ahead, with_deed=False))

    def _table(self, found: Sequence[GlMapping], *, with_deed: bool) -> Markup:
        columns = [
            Column(key="slot", label=t("banking.slot"), card="lead"),
            Column(key="product", label=t("banking.product"), card="left"),
            Column(key="account", label=t("banking.gl_account"), card="line"),
            Column(key="since", label=t("banking.since"), is_whole=True, card="side"),
            *([Column(key="deed", label="", card="line")] if with_deed else []),
        ]
        rows: list[Row] = [
            {
                "slot": terms.slot_name(one.slot),
                "product": product_words(one.product),
                "account": self._account(one.account),
                "since": one.since.isoformat() if one.since else t("banking.as_delivered"),
                "deed": deed_button(
                    "yj-map", f"{one.slot}/{one.product}", t("banking.deed.map_row")
                ),
            }
            for one in found
        ]
        return table_html(columns, rows, caption=t("banking.gl_tab.mappings"))

    def _account(self, code: str) -> Markup | str:
        if not code:
            return t("banking.follows_all")
        name = account_words(self._accounts[code]) if code in self._accounts else code
        return markup.link(name, f"/gl/accounts/{code}")

    def _asked(self, event: GenericEventArguments) -> None:
        slot, _, product = str(event.args).partition("/")
        self._map(slot, product)

    def _map(self, slot: str = "", product: str = EVERY_PRODUCT) -> None:
        slots = sorted({name for one in self._accounts.values() for name in one.slots})

        def build(shown: Fields) -> None:
            with grid():
                names = {one: terms.slot_name(one) for one in slots}
                shown["slot"] = choice_field(t("banking.slot"), names, slot or slots[0])
                products = {one: product_words(one) for one in (EVERY_PRODUCT, *self._codes)}
                shown["product"] = choice_field(t("banking.product"), products, product)
            shown["account"] = account_field(
                t("banking.gl_account"), list(self._accounts.values()), t("banking.follows_all")
            )
            shown["since"] = day_field(
                t("banking.since"),
                value=self._today.isoformat(),
                hint=t("banking.since_hint"),
            )

        def effect(made: GlMapping) -> str:
            return t(
                "banking.effect.map",
                slot=terms.slot_name(made.slot),
                product=product_words(made.product),
                account=account_words(self._accounts[made.account])
                if made.account
                else t("banking.follows_all"),
                since=made.since,
            )

        value_deed(
            self._desk.clock,
            "banking",
            "map",
            build=build,
            made=_mapping,
            effect=effect,
            keep=self._books.map_slot,
            done=self._show,
        )


def _mapping(shown: Fields) -> GlMapping | None:
    since = formats.parse_day(str(shown["since"].value or ""))
    account, own = str(shown["account"].value or ""), str(shown["product"].value)
    if since is None or (not account and own == EVERY_PRODUCT):
        return None
    return GlMapping(slot=str(shown["slot"].value), account=account, product=own, since=since)


def account_field(label: str, accounts: Sequence[GlAccount], none: str = "") -> ui.select:
    """Show a choice of an account that may be booked to; typing narrows it."""
    options = {one.code: account_words(one) for one in accounts if one.is_postable}
    field = ui.select(
        {**({"": none} if none else {}), **options},
        label=label,
        value="" if none else None,
        with_input=True,
    )
    return field.props("outlined dense stack-label").classes("yj-field")


def register(desk: Desk) -> None:
    """Put the mapping on the console where the bank keeps a general ledger."""
    books = desk.doors.general_ledger
    if books is None:
        return

    @page("/gl/mappings", title="banking.gl_tab.mappings", active="banking.general_ledger")
    async def mappings() -> None:
        await Mappings(desk, books).draw()
