"""One agreement: what it holds, on which terms, how it came to that and what is to come."""

import asyncio
from uuid import UUID

from nicegui import ui
from nicegui.events import GenericEventArguments

from yunjin.chassis.console import (
    Address,
    Column,
    Figure,
    Markup,
    ask,
    box,
    button,
    figures,
    formats,
    html,
    laid,
    markup,
    menu_button,
    page,
    panel,
    quiet,
    t,
    table_html,
    title_row,
)
from yunjin.foundation.banking.api.agreements import Agreement, StandingOrder, Waiting
from yunjin.foundation.banking.api.products import ProductInfo
from yunjin.foundation.banking.errors import AgreementNotFound
from yunjin.foundation.banking.pages import terms
from yunjin.foundation.banking.pages.deeds import EVERY, Deeds
from yunjin.foundation.banking.pages.desk import (
    Desk,
    agreement_ident,
    num,
    product_link,
    risk_chips,
    status_chip,
)
from yunjin.foundation.banking.pages.movements import (
    AccountOf,
    Movements,
    accounts_of,
    deed_button,
    holds_of,
    what,
)
from yunjin.foundation.banking.pages.noticed import Notices
from yunjin.foundation.banking.pages.outlook import ComingPanel
from yunjin.foundation.banking.pages.reading import Movement, owed_minor, whole
from yunjin.foundation.banking.pages.tasks import TASKS_MAX, Tasks


class AgreementPage:
    """One officer's view of an agreement."""

    def __init__(self, desk: Desk, agreement_id: int) -> None:
        self._desk, self._id = desk, agreement_id
        self._address = Address()

    async def draw(self) -> None:
        """Lay the page; after a deed it is laid anew in its place."""
        one = await ask(self._desk.doors.agreements.agreement, self._id)
        info, accounts, cell = await asyncio.gather(
            ask(self._desk.info, one.product, one.version),
            ask(accounts_of, self._desk.doors.ledger, one),
            ask(lambda: self._desk.doors.ledger.state().cell),
        )
        orders, tasks = await asyncio.gather(
            ask(self._desk.doors.agreements.orders, self._id), ask(self._waiting)
        )
        holds = await ask(holds_of, self._desk.doors.ledger, accounts) if one.held_minor else []
        deeds = Deeds(self._desk, one, info, cell, self._again)
        self._head(one, deeds)
        self._figures(one, info)
        movements = Movements(self._desk, one, accounts, self._address, deeds.reverse)
        with box("yj-split"):
            with box("yj-column"):
                movements.draw_chart()
                self._balances(one, info, accounts)
            with box("yj-column"):
                if tasks:
                    with panel(t("banking.tasks"), classes="yj-first"):
                        Tasks(self._desk, self._again).draw(tasks, with_agreement=False)
                self._about(one, info)
        if holds:
            self._holds(one, holds, deeds)
        if orders:
            self._orders(one, orders, deeds)
        movements.draw_history()
        notices = Notices(self._desk, self._id)
        notices.draw()
        coming = ComingPanel(self._desk, one, info, accounts)
        if one.status == "open":
            coming.draw()
        await laid()
        await movements.fill_chart()
        await movements.fill_history()
        await notices.fill()
        if one.status == "open":
            await coming.fill()

    def _waiting(self) -> list[Waiting]:
        found = self._desk.doors.agreements.waiting(limit=TASKS_MAX)
        return [one for one in found if one.agreement_id == self._id]

    async def _again(self) -> None:
        self._box.clear()
        with self._box:
            await self.draw()

    async def first(self) -> None:
        """Lay the page for the first time."""
        with box("yj-content") as self._box:
            await self.draw()

    def _head(self, one: Agreement, deeds: Deeds) -> None:
        title = Markup("{} {}").format(t("banking.agreement"), formats.account(one.agreement_id))
        note = Markup("{} · {} {} · {} {}").format(
            terms.product_name(one.product),
            t("banking.party"),
            one.party_id,
            t("banking.branch"),
            terms.branch_name(one.branch),
        )
        with title_row(title, note=note):
            html(status_chip(one) + risk_chips(one), tag="span")
            path = f"/agreements/{one.agreement_id}"
            with box("yj-push yj-deeds"):
                if self._desk.doors.papers is not None:
                    papers = markup.button_link(
                        t("banking.papers"), f"{path}/papers", sign="description"
                    )
                    html(papers, tag="span")
                if one.status != "open":
                    return
                button(t("banking.deed.deposit"), deeds.deposit, icon="south_west", primary=True)
                button(t("banking.deed.withdraw"), deeds.withdraw, icon="north_east")
                menu_button(
                    t("banking.more"),
                    {
                        t("banking.deed.transfer"): deeds.transfer,
                        t("banking.deed.hold"): deeds.hold,
                        t("banking.deed.order"): deeds.order,
                        t("banking.set_terms"): lambda: ui.navigate.to(f"{path}/terms"),
                        t("banking.deed.close"): deeds.close,
                    },
                )

    def _figures(self, one: Agreement, info: ProductInfo) -> None:
        currency = one.currency
        owed = owed_minor(one, info)
        with figures():
            if owed is not None:
                Figure(
                    f"{t('banking.owed')} {currency}",
                    formats.money(owed, currency),
                    t("banking.owed_note"),
                )
                Figure(
                    f"{t('banking.due_now')} {currency}",
                    formats.money(sum(one.balances[name] for name in info.dues), currency),
                    t("banking.due_now_note"),
                    tone="bad" if one.days_overdue else "",
                )
            else:
                Figure(
                    f"{t('banking.balance')} {currency}",
                    formats.money(one.balance_minor, currency),
                    terms.slot_name(info.accounts.get("main", "")),
                    tone="bad" if one.balance_minor < 0 else "",
                )
                Figure(
                    f"{t('banking.available')} {currency}",
                    formats.money(one.available_minor, currency),
                    t("banking.available_note"),
                )
                Figure(
                    f"{t('banking.held')} {currency}",
                    formats.money(one.held_minor, currency),
                    t("banking.held_note"),
                )
            grown = sum(one.accrued_e8.values())
            Figure(
                f"{t('banking.accrued')} {currency}",
                terms.accrued(grown, currency),
                t("banking.accrued_note"),
            )
            if owed is not None:
                note = min((f"{day}" for day in one.due.values()), default="—")
                Figure(t("banking.next_due"), note, self._next_event(one))

    def _next_event(self, one: Agreement) -> str:
        first = min(one.due.items(), key=lambda pair: pair[1], default=None)
        return terms.event_name(first[0]) if first else ""

    def _balances(self, one: Agreement, info: ProductInfo, accounts: list[AccountOf]) -> None:
        columns = [
            Column(key="name", label=t("banking.account"), card="lead"),
            Column(key="slot", label=t("banking.slot"), card="left"),
            Column(
                key="balance",
                label=f"{t('banking.balance')} {one.currency}",
                is_number=True,
                card="side",
            ),
            Column(key="id", label=t("banking.ledger_account"), card="line"),
        ]
        rows = [
            {
                "name": terms.account_name(each.name),
                "slot": terms.slot_name(info.accounts.get(each.name, "")),
                "balance": formats.money(one.balances[each.name], one.currency),
                "id": markup.account(each.account_id),
            }
            for each in accounts
        ]
        accruals = [
            {
                "name": terms.account_name(name),
                "slot": t("banking.accrued_short"),
                "balance": terms.accrued(e8, one.currency),
                "id": "",
            }
            for name, e8 in one.accrued_e8.items()
        ]
        with panel(t("banking.balances")):
            html(table_html(columns, rows + accruals, caption=t("banking.balances")))

    def _about(self, one: Agreement, info: ProductInfo) -> None:
        kinds = {each.name: each for each in info.parameters}
        version = Markup("{} <small class='yj-side'>v{}</small>").format(
            product_link(one.product), one.version
        )
        with panel(t("banking.about")):
            facts: list[tuple[str, Markup | str]] = [
                (
                    t("banking.agreement_id"),
                    markup.ident(str(one.agreement_id), str(one.agreement_id)),
                ),
                (t("banking.product"), version),
                (t("banking.party"), markup.ident(one.party_id, one.party_id)),
                (t("banking.branch"), terms.branch_name(one.branch)),
                (t("banking.opened"), num(one.opened.isoformat())),
            ]
            if one.closed:
                facts.append((t("banking.closed"), num(one.closed.isoformat())))
            if one.note:
                facts.append((t("banking.note"), one.note))
            html(markup.facts(facts))
        with panel(t("banking.terms")):
            shown: list[tuple[str, Markup | str]] = [
                (terms.term_name(name), num(terms.shown(kinds[name], value, one.currency)))
                for name, value in one.terms.items()
                if name in kinds
            ]
            html(markup.facts(shown) if shown else quiet("description", t("banking.no_terms")))
        with panel(t("banking.due_dates")):
            due: list[tuple[str, Markup | str]] = [
                (terms.event_name(name), num(day.isoformat()))
                for name, day in sorted(one.due.items(), key=lambda pair: pair[1])
            ]
            html(markup.facts(due) if due else quiet("event_available", t("banking.no_due")))

    def _holds(self, one: Agreement, holds: list[Movement], deeds: Deeds) -> None:
        columns = [
            Column(key="date", label=t("banking.business_date"), card="lead"),
            Column(key="what", label=t("banking.what"), card="left"),
            Column(key="id", label=t("banking.transfer_id"), card="right"),
            Column(
                key="amount",
                label=f"{t('banking.amount')} {one.currency}",
                is_number=True,
                card="side",
            ),
            Column(key="deed", label="", card="line"),
        ]
        rows = [
            {
                "date": each.business_date.isoformat() if each.business_date else "—",
                "what": what(each),
                "id": markup.ident(str(each.id), formats.shortened(str(each.id))),
                "amount": formats.money(abs(each.amount_minor), one.currency),
                "deed": deed_button("yj-take", str(each.id), t("banking.deed.capture"))
                + deed_button("yj-release", str(each.id), t("banking.deed.release")),
            }
            for each in holds
        ]
        known = {each.id: each for each in holds}

        def asked(event: GenericEventArguments, act: str) -> None:
            getattr(deeds, act)(known[UUID(str(event.args))])

        with panel(t("banking.holds")):
            shown = html(table_html(columns, rows, caption=t("banking.holds")))
            emit = "(e) => emit(e.target.dataset.value)"
            # Not "yj-capture": Vue takes that ending for a way of listening.
            shown.on("yj-take", lambda event: asked(event, "capture"), js_handler=emit)
            shown.on("yj-release", lambda event: asked(event, "release"), js_handler=emit)

    def _orders(self, one: Agreement, orders: list[StandingOrder], deeds: Deeds) -> None:
        columns = [
            Column(key="other", label=t("banking.to_agreement"), card="lead"),
            Column(
                key="amount",
                label=f"{t('banking.amount')} {one.currency}",
                is_number=True,
                card="side",
            ),
            Column(key="every", label=t("banking.order_every"), card="left"),
            Column(key="next", label=t("banking.order_next"), card="right"),
            Column(key="last", label=t("banking.order_last"), card="left"),
            Column(key="note", label=t("banking.note"), card="line"),
            Column(key="deed", label="", card="line"),
        ]
        rows = [
            {
                "other": agreement_ident(each.counter_agreement_id),
                "amount": formats.money(each.amount_minor, one.currency),
                "every": every_words(each),
                "next": each.next.isoformat() if each.next else t("banking.order_over"),
                "last": each.last.isoformat() if each.last else "—",
                "note": each.note,
                "deed": deed_button("yj-cancel", str(each.order_id), t("banking.deed.cancel_order"))
                if each.next
                else "",
            }
            for each in orders
        ]
        with panel(t("banking.orders")):
            shown = html(table_html(columns, rows, caption=t("banking.orders")))
            shown.on(
                "yj-cancel",
                lambda event: deeds.cancel_order(UUID(str(event.args))),
                js_handler="(e) => emit(e.target.dataset.value)",
            )


def every_words(one: StandingOrder) -> str:
    """Say how often a standing order pays."""
    usual = (one.every_months if not one.every_days else 0, one.every_days)
    for name, pair in EVERY.items():
        if pair == usual:
            return t(f"banking.every.{name}")
    if one.every_days:
        return t("banking.every_days", count=one.every_days)
    return t("banking.every_months", count=one.every_months)


def register(desk: Desk) -> None:
    """Put the page of an agreement on the console."""

    @page("/agreements/{agreement_id}", title="banking.agreement", active="banking.agreements")
    async def agreement(agreement_id: str) -> None:
        number = whole(agreement_id)
        if not number:
            raise AgreementNotFound(f"Expected an agreement's id, was {agreement_id[:40]!r}.")
        await AgreementPage(desk, number).first()
