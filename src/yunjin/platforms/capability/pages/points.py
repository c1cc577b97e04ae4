"""Programmes of points: their rules and what they would cost; a party's accounts."""

from nicegui import ui

from yunjin.chassis.console import (
    Address,
    Column,
    Figure,
    Filters,
    Row,
    ask,
    empty,
    figures,
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
from yunjin.platforms.capability.api.points import (
    EarningRule,
    Liability,
    PointsAccount,
    PointsApi,
    Programme,
)
from yunjin.platforms.capability.pages.price_words import named


class Points:
    """One reader's view of programmes."""

    def __init__(self, points: PointsApi) -> None:
        self._points, self._address = points, Address()

    async def draw(self) -> None:
        """Lay the page."""
        with title_row(t("points.programmes"), note=t("points.programmes_note")):
            pass
        with Filters(self._address, self._restart) as row:
            row.text(
                "party",
                t("points.find_party"),
                icon="search",
                hint=t("points.find_party_hint"),
            )
        self._accounts = ui.column().classes("w-full")
        await self._restart()
        programmes = await ask(self._points.programmes)
        if not programmes:
            with panel():
                empty(t("points.none_yet"), hint=t("points.none_yet_hint"), icon="loyalty")
        costs = {one.programme: one for one in await ask(self._points.liability)}
        for one in programmes:
            self._programme(one, costs[one.code])

    async def _restart(self) -> None:
        party_id = self._address.all().get("party", "").strip()
        self._accounts.clear()
        self._accounts.set_visibility(bool(party_id))
        if not party_id:
            return
        found = await ask(self._points.accounts, party_id)
        with self._accounts, panel(f"{t('points.party')} {party_id}"):
            if found:
                rows = [account_row(one) for one in found]
                static_table(account_columns(), rows, caption=t("points.accounts"))
            else:
                hint = t("points.no_account_hint")
                empty(t("points.no_account"), hint=hint, icon="search_off")

    def _programme(self, one: Programme, cost: Liability) -> None:
        with panel(one_of(one.zh, one.en), note=terms_words(one)):
            state = "open" if one.is_open else "closed"
            html(markup.chip(t(f"points.{state}"), "good" if one.is_open else "neutral"))
            with figures():
                Figure(t("points.outstanding"), formats.number(cost.points), one.code)
                money = formats.money(cost.value_minor, cost.currency)
                Figure(t("points.liability"), money, cost.currency)
                Figure(t("points.accounts"), formats.number(cost.accounts))
                Figure(t("points.owed"), formats.number(cost.owed))
            rows = [rule_row(rule, one.currency) for rule in one.rules]
            static_table(rule_columns(), rows, caption=t("points.rule"))


def terms_words(one: Programme) -> str:
    """Say a programme's caps, and how long its points live."""
    day, month = (
        formats.number(cap) if cap else t("points.no_cap") for cap in (one.day_max, one.month_max)
    )
    months = formats.number(one.months) if one.months else t("points.for_ever")
    return t("points.terms", day=day, month=month, months=months)


def rule_columns() -> list[Column]:
    """Return the columns of rules."""
    return [
        Column(key="rule", label=t("points.rule"), card="lead"),
        Column(key="category", label=t("points.rule_category"), card="side"),
        Column(key="earns", label=t("points.rule_earns"), card="line"),
        Column(key="least", label=t("points.rule_least"), is_number=True, card="left"),
        Column(key="days", label=t("points.rule_days"), is_whole=True, card="right"),
    ]


def rule_row(one: EarningRule, currency: str) -> Row:
    """Return a rule as a row."""
    earns: list[str] = []
    if one.points:
        earns.append(t("points.rule_points", points=formats.number(one.points)))
    if one.per_minor:
        minor = formats.money(one.per_minor, currency)
        earns.append(t("points.rule_per", minor=minor, points=formats.number(one.per_points)))
    if one.is_bonus:
        earns.append(t("points.rule_bonus"))
    return {
        "rule": named(one_of(one.zh, one.en), one.code),
        "category": one.category or t("points.any_category"),
        "earns": " · ".join(earns),
        "least": formats.money(one.least_minor, currency) if one.least_minor else "—",
        "days": f"{one.since or '…'} – {one.until or '…'}" if one.since or one.until else "—",
    }


def account_columns() -> list[Column]:
    """Return the columns of accounts."""
    return [
        Column(key="programme", label=t("points.programme"), card="lead"),
        Column(key="balance", label=t("points.balance"), is_number=True, card="side"),
        Column(key="held", label=t("points.held"), is_number=True, card="left"),
        Column(key="owed", label=t("points.owed"), is_number=True, card="right"),
        Column(key="soon", label=t("points.soon"), is_number=True, card="line"),
    ]


def account_row(one: PointsAccount) -> Row:
    """Return an account as a row."""
    return {
        "programme": markup.link(one.programme, f"/points/{one.programme}/{one.party_id}"),
        "balance": formats.number(one.balance),
        "held": formats.number(one.held),
        "owed": formats.number(one.owed),
        "soon": soon_words(one),
    }


def soon_words(one: PointsAccount) -> str:
    """Say how much ends next, and when."""
    if one.soon_by is None:
        return t("points.nothing_ends")
    day = t("points.soon_by", day=one.soon_by.isoformat())
    return f"{formats.number(one.soon)} {day}"


def register(points: PointsApi) -> None:
    """Put the page of programmes on the console."""

    @page("/points", title="points.programmes", active="points.programmes")
    async def listed() -> None:
        await Points(points).draw()
