"""An account of the general ledger: its balance day by day, and the lines that made it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from yunjin.chassis.console import (
    Address,
    Ask,
    Chart,
    Column,
    Filters,
    Markup,
    Row,
    Series,
    Table,
    ask,
    box,
    empty,
    formats,
    html,
    markup,
    one_of,
    page,
    panel,
    t,
    title_row,
)
from yunjin.foundation.banking.api.general_ledger import (
    GeneralLedgerApi,
    GlAccount,
    GlLine,
    GlScope,
    LineQuery,
)
from yunjin.foundation.banking.errors import GlAccountNotFound
from yunjin.foundation.banking.pages import terms
from yunjin.foundation.banking.pages.books import account_words
from yunjin.foundation.banking.pages.desk import Desk, day_link
from yunjin.foundation.banking.pages.gl_entries import side_link, slot_link
from yunjin.kernel.money import exponent

PAGE_ROWS: Final = 50
CHART_DAYS: Final = 366


class GlAccountPage:
    """One reader's view of an account of the chart."""

    def __init__(self, books: GeneralLedgerApi, account: GlAccount, scope: GlScope) -> None:
        self._books, self._account, self._scope = books, account, scope
        self._address = Address()

    async def draw(self) -> None:
        """Lay the page."""
        one = self._account
        title = Markup("{} {}").format(one.code, one_of(one.name_zh, one.name_en))
        slots = Markup(" · ").join(slot_link(slot) for slot in one.slots)
        note = Markup("{} {}").format(t("banking.ledger_accounts"), slots) if slots else ""
        with title_row(title, note=note):
            html(markup.chip(t(f"banking.element.{one.element}"), "info"), tag="span")
            if one.is_control:
                hint = t("banking.control_hint")
                html(markup.chip(t("banking.control"), hint=hint), tag="span")
            back = markup.button_link(t("banking.general_ledger"), "/gl", sign="arrow_back")
            html(back, tag="span", classes="yj-push")
        with box("yj-content") as self._chart_box:
            pass
        known = {each.code: each for each in await ask(self._books.accounts)}
        self._names = {code: account_words(each) for code, each in known.items()}
        with panel(t("banking.gl_lines")):
            with box("yj-filter-row"), Filters(self._address, self._reload) as filters:
                filters.day("from", t("banking.from_day"))
                last = self._scope.last
                filters.day("until", t("banking.until_day"), hint=f"{last}" if last else "")
                branches = {each: terms.branch_name(each) for each in self._scope.branches}
                filters.choice("branch", t("banking.branch"), t("banking.all_branches"), branches)
                products = {each: terms.product_name(each) for each in self._scope.products}
                filters.choice("product", t("banking.product"), t("banking.all_products"), products)
            self._table = Table(
                columns(with_account=not one.is_postable),
                self._load,
                caption=t("banking.gl_lines"),
                empty=lambda: empty(
                    t("banking.gl_no_lines"), hint=t("banking.gl_no_lines_hint"), icon="menu_book"
                ),
                address=self._address,
            )
        await self._table.show()
        await self._draw_chart()

    async def _reload(self) -> None:
        await self._table.restart()
        await self._draw_chart()

    async def _draw_chart(self) -> None:
        last = formats.parse_day(self._address.get("until")) or self._scope.last
        if last is None:
            return
        start = formats.parse_day(self._address.get("from")) or last - dt.timedelta(days=CHART_DAYS)
        currency = self._scope.currencies[0] if self._scope.currencies else "CNY"
        found = await ask(
            self._books.daily,
            self._account.code,
            min(start, last),
            last,
            currency=currency,
            branch=self._address.get("branch"),
        )
        points = [(one.date, self._sign * one.balance_minor) for one in found]
        if points and points[-1][0] < last:  # it stayed as it was
            points.append((last, points[-1][1]))
        self._chart_box.clear()
        if len(points) < 2:
            return
        with self._chart_box, panel():
            Chart(
                title=t("banking.balance_chart"),
                x_name=t("banking.business_date"),
                instants=[formats.day_start_ns(day) for day, _ in points],
                series=[
                    Series(
                        name=t("banking.balance"),
                        values=[minor for _, minor in points],
                        unit=currency,
                        decimals=exponent(currency),
                        kind="step",
                    )
                ],
                note=f"{t('banking.gl_grows')} · {currency}",
            ).draw()

    @property
    def _sign(self) -> int:
        """1 where the account grows by debits."""
        is_debit = self._account.element in ("asset", "expense")
        return 1 if is_debit != self._account.is_contra else -1

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        query = LineQuery(
            account=self._account.code,
            start=formats.parse_day(self._address.get("from")),
            end=formats.parse_day(self._address.get("until")),
            branch=self._address.get("branch"),
            product=self._address.get("product"),
            limit=PAGE_ROWS,
        )
        found = await ask(self._books.lines, replace(query, cursor=wanted.cursor))
        return [row_of(one, self._names) for one in found.items], found.next_cursor


def columns(*, with_account: bool) -> list[Column]:
    """Return the columns of lines; a heading's say which account is beneath it."""
    account = Column(key="account", label=t("banking.gl_account"), card="line")
    return [
        Column(key="date", label=t("banking.business_date"), is_whole=True, card="lead"),
        *([account] if with_account else []),
        Column(key="entry", label=t("banking.gl_entry"), is_number=True, card="side"),
        Column(key="kind", label=t("banking.what"), is_whole=True, card="left"),
        Column(key="product", label=t("banking.product"), card="right"),
        Column(key="slot", label=t("banking.slot"), card="left"),
        Column(key="branch", label=t("banking.branch"), is_whole=True, card="right"),
        Column(key="currency", label=t("banking.currency"), card="none"),
        Column(key="debit", label=t("banking.side.debit"), is_number=True, card="line"),
        Column(key="credit", label=t("banking.side.credit"), is_number=True, card="line"),
    ]


def row_of(one: GlLine, names: Mapping[str, str]) -> Row:
    """Return a line as a row."""
    kind = t(f"banking.gl_kind.{one.kind.name.lower()}")
    return {
        "date": day_link(one.date),
        "account": markup.link(names.get(one.account, one.account), f"/gl/accounts/{one.account}"),
        "entry": markup.link(str(one.entry), f"/gl/entries/{one.entry}") if one.entry else "—",
        "kind": markup.stacked(kind, one.reason) if one.reason else kind,
        "product": terms.product_name(one.product) if one.product else "—",
        "slot": terms.slot_name(one.slot) if one.slot else "—",
        "branch": terms.branch_name(one.branch),
        "currency": one.currency,
        "debit": side_link(one, one.debit_minor),
        "credit": side_link(one, one.credit_minor),
    }


def register(desk: Desk) -> None:
    """Put the page of an account on the console where the bank keeps a general ledger."""
    books = desk.doors.general_ledger
    if books is None:
        return

    @page("/gl/accounts/{code}", title="banking.gl_account", active="banking.general_ledger")
    async def gl_account(code: str) -> None:
        found = {one.code: one for one in await ask(books.accounts)}
        if code not in found:
            raise GlAccountNotFound(f"There is no account {code[:30]!r}.", account=code[:30])
        await GlAccountPage(books, found[code], await ask(books.scope)).draw()
