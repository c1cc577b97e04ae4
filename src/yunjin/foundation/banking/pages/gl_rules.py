"""When interest counts 记账基础: accrual or cash, by product, from a day on."""

from collections.abc import Sequence
from typing import Final

from yunjin.chassis.console import (
    Column,
    Fields,
    Markup,
    Row,
    Tone,
    ask,
    box,
    button,
    choice_field,
    day_field,
    formats,
    grid,
    html,
    markup,
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
    GlRule,
    Rule,
)
from yunjin.foundation.banking.pages.books import book_tabs, product_words
from yunjin.foundation.banking.pages.desk import Desk

NAMES: Final = {one.name.lower(): one for one in Rule}


class Rules:
    """One accountant's view of the rules."""

    def __init__(self, desk: Desk, books: GeneralLedgerApi) -> None:
        self._desk, self._books = desk, books

    async def draw(self) -> None:
        """Lay the page."""
        self._today = await ask(self._desk.doors.days.business_date)
        self._codes = await ask(self._desk.codes)
        with (
            title_row(t("banking.gl_tab.rules"), note=t("banking.rules_note")),
            box("yj-push yj-deeds"),
        ):
            button(t("banking.deed.rule"), self._set, icon="rule")
        book_tabs("rules")
        with box("yj-content") as self._box:
            pass
        await self._show()

    async def _show(self) -> None:
        known = await ask(self._books.rules)
        now = [
            (code, await ask(self._books.rule_of, code, self._today))
            for code in (EVERY_PRODUCT, *self._codes)
        ]
        self._box.clear()
        with self._box:
            with panel(t("banking.rules_on_day", day=self._today)):
                own = {one.product for one in known if one.since <= self._today}
                html(_now_table(now, own))
            if known:
                with panel(t("banking.rules_set"), note=t("banking.rules_set_note")):
                    html(_set_table(known))

    def _set(self) -> None:
        def build(shown: Fields) -> None:
            with grid():
                products = {one: product_words(one) for one in (EVERY_PRODUCT, *self._codes)}
                shown["product"] = choice_field(t("banking.product"), products, EVERY_PRODUCT)
                rules = {name: t(f"banking.rule.{name}") for name in NAMES}
                shown["rule"] = choice_field(t("banking.rule"), rules, "accrual")
            shown["since"] = day_field(
                t("banking.since"), value=f"{self._today}", hint=t("banking.rule_since_hint")
            )

        def effect(made: GlRule) -> str:
            name, product = made.rule.name.lower(), product_words(made.product)
            return t(f"banking.effect.rule.{name}", product=product, since=made.since)

        value_deed(
            self._desk.clock,
            "banking",
            "rule",
            build=build,
            made=_rule,
            effect=effect,
            keep=self._books.set_rule,
            done=self._show,
        )


def _rule(shown: Fields) -> GlRule | None:
    since = formats.parse_day(str(shown["since"].value or ""))
    if since is None:
        return None
    named = NAMES[str(shown["rule"].value)]
    return GlRule(product=str(shown["product"].value), rule=named, since=since)


def rule_chip(rule: Rule) -> Markup:
    """Name a rule."""
    name = rule.name.lower()
    tone: Tone = "info" if rule is Rule.ACCRUAL else "warn"
    return markup.chip(t(f"banking.rule.{name}"), tone, hint=t(f"banking.rule_hint.{name}"))


def _now_table(now: Sequence[tuple[str, Rule]], own: set[str]) -> Markup:
    columns = [
        Column(key="product", label=t("banking.product"), card="lead"),
        Column(key="rule", label=t("banking.rule"), card="side"),
        Column(key="why", label=t("banking.rule_from"), card="line"),
    ]
    rows: list[Row] = [
        {
            "product": product_words(code),
            "rule": rule_chip(rule),
            "why": t("banking.rule_own" if code in own else _otherwise(code, own)),
        }
        for code, rule in now
    ]
    return table_html(columns, rows, caption=t("banking.gl_tab.rules"))


def _otherwise(code: str, own: set[str]) -> str:
    is_of_all = code != EVERY_PRODUCT and EVERY_PRODUCT in own
    return "banking.rule_of_all" if is_of_all else "banking.as_delivered"


def _set_table(known: Sequence[GlRule]) -> Markup:
    columns = [
        Column(key="since", label=t("banking.since"), is_whole=True, card="lead"),
        Column(key="product", label=t("banking.product"), card="left"),
        Column(key="rule", label=t("banking.rule"), card="side"),
    ]
    rows: list[Row] = [
        {
            "since": one.since.isoformat(),
            "product": product_words(one.product),
            "rule": rule_chip(one.rule),
        }
        for one in sorted(known, key=lambda one: (one.since, one.product), reverse=True)
    ]
    return table_html(columns, rows, caption=t("banking.rules_set"))


def register(desk: Desk) -> None:
    """Put the rules on the console where the bank keeps a general ledger."""
    books = desk.doors.general_ledger
    if books is None:
        return

    @page("/gl/rules", title="banking.gl_tab.rules", active="banking.general_ledger")
    async def rules() -> None:
        await Rules(desk, books).draw()
