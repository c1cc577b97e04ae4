"""An agreement's terms set anew: what changes and what comes of it stand beside the form."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from nicegui import ui

from yunjin.chassis.console import (
    Column,
    Deed,
    Done,
    Markup,
    Row,
    ask,
    box,
    button,
    formats,
    grid,
    html,
    markup,
    notice_of,
    page,
    panel,
    quiet,
    skeleton,
    t,
    table_html,
    title_row,
)
from yunjin.foundation.banking.api.agreements import Agreement
from yunjin.foundation.banking.api.products import ProductInfo
from yunjin.foundation.banking.errors import AgreementNotFound, AgreementNotOpen
from yunjin.foundation.banking.pages import terms
from yunjin.foundation.banking.pages.desk import Desk
from yunjin.foundation.banking.pages.forms import TermFields
from yunjin.foundation.banking.pages.movements import AccountOf, accounts_of
from yunjin.foundation.banking.pages.outlook import SPANS, Outlook, outlook
from yunjin.foundation.banking.pages.reading import whole
from yunjin.kernel.errors import Problem

WAIT_MS: Final = 500  # after the last key, before what is to come is run again
ROWS_MAX: Final = 24


class SetTerms:
    """One officer's form."""

    def __init__(
        self, desk: Desk, one: Agreement, info: ProductInfo, accounts: list[AccountOf]
    ) -> None:
        self._desk, self._one, self._info, self._accounts = desk, one, info, accounts
        self._kinds = {each.name: each for each in info.parameters}
        self._fields = TermFields(info)
        self._asked = 0

    async def draw(self) -> None:
        """Lay the form and its preview."""
        number = formats.account(self._one.agreement_id)
        title = Markup("{} {}").format(t("banking.set_terms"), number)
        with title_row(title, note=t("banking.set_terms_note")):
            pass
        names = [one.name for one in self._info.parameters if one.level == "instance"]
        with box("yj-halves"):
            with ui.element("form").classes("yj-form") as form:
                form.on(
                    "submit", self._confirm, js_handler="(e) => { e.preventDefault(); emit(); }"
                )
                with panel(t("banking.terms")), grid():
                    self._fields.draw(self._one.terms, self._changed, names=names)
                for shown in self._fields.fields.values():
                    if isinstance(shown, ui.input):
                        shown.props(f"debounce={WAIT_MS}")
                with box("yj-actions"):
                    self._button = button(
                        t("banking.confirm_terms"), self._confirm, icon="done", primary=True
                    )
                    back = f"/agreements/{self._one.agreement_id}"
                    html(markup.button_link(t("action.cancel"), back, sign="close"))
            with box("yj-column"), panel(t("banking.preview")), box("") as self._box:
                pass
        await self._preview()

    def _changes(self) -> dict[str, int]:
        """Return what was changed; nothing while something will not do."""
        if self._fields.complaints():
            return {}
        given = self._fields.values()
        return {name: value for name, value in given.items() if self._one.terms[name] != value}

    async def _changed(self) -> None:
        await self._preview()

    async def _preview(self) -> None:
        changes = self._changes()
        self._button.set_enabled(bool(changes))
        self._asked += 1
        mine = self._asked
        self._box.clear()
        with self._box:
            if not changes:
                hint = t("banking.preview_none_hint")
                html(quiet("tune", t("banking.preview_none"), hint))
                return
            html(changes_table(self._one, self._info, changes))
            with box("") as rest:
                skeleton(4)
        words = await ask(self._compare, changes)
        if mine == self._asked:  # nothing was typed meanwhile
            rest.clear()
            with rest:
                html(words)

    def _compare(self, changes: Mapping[str, int]) -> Markup:
        days = SPANS["1"]
        desk, one, info, accounts = self._desk, self._one, self._info, self._accounts
        try:
            now = outlook(desk, one, info, accounts, days)
            then = outlook(desk, one, info, accounts, days, changes=changes)
        except Problem as problem:
            return notice_of(problem)
        return compared(now, then, one.currency)

    def _confirm(self) -> None:
        changes = self._changes()
        if not changes:
            return
        number = self._one.agreement_id

        def act(command_id: UUID) -> Done:
            self._desk.doors.agreements.change(command_id, number, changes)
            return Done(t("banking.done.change"))

        async def done() -> None:
            ui.navigate.to(f"/agreements/{number}")

        lines = "; ".join(
            f"{terms.term_name(name)}: {now} → {then}"
            for name, now, then in said(self._one, self._info, changes)
        )
        Deed(
            clock=self._desk.clock,
            title=t("banking.set_terms"),
            action=t("banking.confirm_terms"),
            build=lambda _: None,
            effect=lambda: t("banking.effect.change", changes=lines),
            act=act,
            done=done,
        ).open()


def said(
    one: Agreement, info: ProductInfo, changes: Mapping[str, int]
) -> list[tuple[str, str, str]]:
    """Return what changes: a term's name, its value now and then, as people read them."""
    kinds = {each.name: each for each in info.parameters}
    return [
        (
            name,
            terms.shown(kinds[name], one.terms[name], one.currency),
            terms.shown(kinds[name], value, one.currency),
        )
        for name, value in changes.items()
    ]


def changes_table(one: Agreement, info: ProductInfo, changes: Mapping[str, int]) -> Markup:
    """Return what changes as a table."""
    columns = [
        Column(key="term", label=t("banking.term"), card="lead"),
        Column(key="now", label=t("banking.now"), is_number=True, card="left"),
        Column(key="then", label=t("banking.then"), is_number=True, card="side"),
    ]
    rows: list[Row] = [
        {"term": terms.term_name(name), "now": now, "then": Markup("<b>{}</b>").format(then)}
        for name, now, then in said(one, info, changes)
    ]
    return table_html(columns, rows, caption=t("banking.preview"))


def billed(found: Outlook) -> dict[str, int]:
    """Return what falls due, or else what the main account moves by, by date; minor units."""
    sums: dict[str, int] = {}
    for one in found.coming:
        for (debit, credit), minor in one.amounts.items():
            amount = minor if debit.startswith("due_") else 0
            if not amount and "main" in (debit, credit):
                amount = minor if credit == "main" else -minor
            sums[str(one.date)] = sums.get(str(one.date), 0) + amount
    return sums


def compared(now: Outlook, then: Outlook, currency: str) -> Markup:
    """Return the dates on which the two differ."""
    before, after = billed(now), billed(then)
    dates = [
        date for date in sorted({*before, *after}) if before.get(date, 0) != after.get(date, 0)
    ]
    if not dates:
        return Markup('<p class="yj-note yj-ranges">{}</p>').format(t("banking.preview_same"))
    columns = [
        Column(key="date", label=t("banking.due_date"), is_whole=True, card="lead"),
        Column(key="now", label=f"{t('banking.now')} {currency}", is_number=True, card="left"),
        Column(key="then", label=f"{t('banking.then')} {currency}", is_number=True, card="right"),
        Column(key="change", label=t("banking.difference"), is_number=True, card="side"),
    ]
    rows: list[Row] = [
        {
            "date": date,
            "now": formats.money(before.get(date, 0), currency),
            "then": formats.money(after.get(date, 0), currency),
            "change": formats.money(after.get(date, 0) - before.get(date, 0), currency),
        }
        for date in dates[:ROWS_MAX]
    ]
    head = Markup('<h3 class="yj-form-head">{}</h3>').format(t("banking.preview_rows"))
    return head + table_html(columns, rows, caption=t("banking.preview_rows"))


def register(desk: Desk) -> None:
    """Put the form on the console."""

    @page(
        "/agreements/{agreement_id}/terms", title="banking.set_terms", active="banking.agreements"
    )
    async def set_terms(agreement_id: str) -> None:
        number = whole(agreement_id)
        if not number:
            raise AgreementNotFound(f"Expected an agreement's id, was {agreement_id[:40]!r}.")
        one = await ask(desk.doors.agreements.agreement, number)
        if one.status != "open":
            raise AgreementNotOpen(f"Expected an open agreement, {number} is {one.status}.")
        info = await ask(desk.info, one.product, one.version)
        accounts = await ask(accounts_of, desk.doors.ledger, one)
        await SetTerms(desk, one, info, accounts).draw()
