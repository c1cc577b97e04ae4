"""The chart of accounts 科目表: what there is, what is booked to it, new ones of the bank's."""

from collections.abc import Sequence

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
    empty,
    grid,
    html,
    markup,
    one_of,
    page,
    panel,
    t,
    table_html,
    text_field,
    title_row,
    value_deed,
)
from yunjin.foundation.banking.api.general_ledger import GeneralLedgerApi, GlAccount
from yunjin.foundation.banking.pages import terms
from yunjin.foundation.banking.pages.books import account_words, book_tabs
from yunjin.foundation.banking.pages.desk import Desk

ELEMENTS = ("asset", "liability", "equity", "income", "expense")
CODE_MAX = 16


class ChartOfAccounts:
    """One accountant's view of the chart."""

    def __init__(self, desk: Desk, books: GeneralLedgerApi) -> None:
        self._desk, self._books, self._address = desk, books, Address()

    async def draw(self) -> None:
        """Lay the page."""
        with (
            title_row(t("banking.gl_tab.chart"), note=t("banking.chart_note")),
            box("yj-push yj-deeds"),
        ):
            button(t("banking.deed.account"), self._add, icon="add")
        book_tabs("chart")
        with Filters(self._address, self._show) as filters:
            filters.text("q", t("banking.find_account"), icon="search")
            elements = {one: t(f"banking.element.{one}") for one in ELEMENTS}
            filters.choice("element", t("banking.element"), t("banking.all"), elements)
        with panel(classes="yj-panel-table"), box("") as self._box:
            pass
        await self._show()

    async def _show(self) -> None:
        self._chart = await ask(self._books.accounts)
        text, element = self._address.get("q").lower(), self._address.get("element")
        found = [
            one
            for one in self._chart
            if element in ("", one.element)
            and text in f"{one.code} {one.name_zh} {one.name_en}".lower()
        ]
        self._box.clear()
        with self._box:
            if found:
                html(chart_table(found, self._chart))
            else:
                empty(t("banking.no_account"), hint=t("banking.none_found_hint"), icon="search_off")

    def _add(self) -> None:
        headings = {one.code: account_words(one) for one in self._chart if not one.is_control}
        elements = {one.code: one.element for one in self._chart}

        def build(fields: Fields) -> None:
            fields["parent"] = choice_field(
                t("banking.parent"),
                {"": t("banking.no_parent"), **headings},
                "",
                hint=t("banking.parent_hint"),
            ).props("use-input fill-input hide-selected input-debounce=0")
            with grid():
                fields["code"] = text_field(
                    t("banking.gl_code"), hint=t("banking.gl_code_hint"), check=_code
                )
                options = {one: t(f"banking.element.{one}") for one in ELEMENTS}
                fields["element"] = choice_field(t("banking.element"), options, ELEMENTS[0])
                fields["zh"] = text_field(t("banking.name_zh"))
                fields["en"] = text_field(t("banking.name_en"))
            fields["code"].props("autofocus")

        def account(fields: Fields) -> GlAccount | None:
            given = {name: str(one.value or "").strip() for name, one in fields.items()}
            if _code(given["code"]) or not (given["zh"] and given["en"]):
                return None
            return GlAccount(
                code=given["code"],
                name_zh=given["zh"],
                name_en=given["en"],
                element=elements.get(given["parent"], given["element"]),
                parent=given["parent"],
            )

        def effect(made: GlAccount) -> str:
            words = f"{account_words(made)} ({t(f'banking.element.{made.element}')})"
            return t("banking.effect.account", account=words)

        value_deed(
            self._desk.clock,
            "banking",
            "account",
            build=build,
            made=account,
            effect=effect,
            keep=self._books.add_account,
            done=self._show,
        )


def _code(text: str) -> str:
    is_fit = text.isascii() and text.isalnum() and 1 <= len(text) <= CODE_MAX
    return "" if is_fit else t("banking.form.gl_code", most=CODE_MAX)


def chart_table(found: Sequence[GlAccount], chart: Sequence[GlAccount]) -> Markup:
    """Return accounts as a table, each beneath its parent."""
    parents = {one.code: one.parent for one in chart}

    def depth(code: str) -> int:
        return 1 + depth(parents[code]) if parents.get(code) else 0

    columns = [
        Column(key="account", label=t("banking.gl_account"), card="lead"),
        Column(key="element", label=t("banking.element"), card="side"),
        Column(key="kind", label=t("banking.gl_use"), card="left"),
        Column(key="slots", label=t("banking.booked_here"), card="line"),
    ]
    rows: list[Row] = [
        {
            "account": Markup("{}{}").format(
                "\u2003" * depth(one.code),
                markup.link(f"{one.code} {one_of(one.name_zh, one.name_en)}", _path(one)),
            ),
            "element": t(f"banking.element.{one.element}"),
            "kind": use_chips(one),
            "slots": ", ".join(terms.slot_name(slot) for slot in one.slots) or "—",
        }
        for one in found
    ]
    return table_html(columns, rows, caption=t("banking.gl_tab.chart"))


def _path(one: GlAccount) -> str:
    return f"/gl/accounts/{one.code}"


def use_chips(one: GlAccount) -> Markup:
    """Say how an account may be used."""
    chips = []
    if not one.is_postable:
        chips.append(markup.chip(t("banking.heading")))
    elif one.is_control:
        chips.append(markup.chip(t("banking.control"), "info", hint=t("banking.control_hint")))
    else:
        chips.append(markup.chip(t("banking.by_hand"), "good"))
    if one.is_contra:
        chips.append(markup.chip(t("banking.contra"), hint=t("banking.contra_hint")))
    if not one.is_preset:
        chips.append(markup.chip(t("banking.own_account"), "warn"))
    return Markup("").join(chips)


def register(desk: Desk) -> None:
    """Put the chart on the console where the bank keeps a general ledger."""
    books = desk.doors.general_ledger
    if books is None:
        return

    @page("/gl/accounts", title="banking.gl_tab.chart", active="banking.general_ledger")
    async def chart() -> None:
        await ChartOfAccounts(desk, books).draw()
