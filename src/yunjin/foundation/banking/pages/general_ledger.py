"""The general ledger: trial balance, balance sheet and income statement, by date and branch."""

import csv
import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from yunjin.chassis.console import (
    Address,
    Column,
    Filters,
    Markup,
    Row,
    ask,
    box,
    csv_link,
    csv_route,
    empty,
    formats,
    html,
    markup,
    one_of,
    page,
    panel,
    problem_panel,
    switch,
    t,
    table_html,
    title_row,
)
from yunjin.foundation.banking.api.general_ledger import GeneralLedgerApi, GlScope
from yunjin.foundation.banking.api.gl_reports import (
    Report,
    Sheet,
    StatementRow,
    TrialBalance,
    TrialRow,
)
from yunjin.foundation.banking.pages import terms
from yunjin.foundation.banking.pages.books import book_tabs
from yunjin.foundation.banking.pages.day import sided
from yunjin.foundation.banking.pages.desk import Desk
from yunjin.kernel.errors import Problem

REPORTS: Final = ("trial", "sheet", "income")
CSV_PATH: Final = "/gl.csv"
INDENT: Final = "\u2003"


def span_of(parameters: Mapping[str, str], scope: GlScope) -> tuple[dt.date, dt.date]:
    """Read the days of the address; without them, the month of the last day with entries."""
    last = scope.last or dt.date(2000, 1, 1)
    end = formats.parse_day(parameters.get("until", "")) or last
    start = formats.parse_day(parameters.get("from", "")) or end.replace(day=1)
    return min(start, end), end


def report_of(books: GeneralLedgerApi, parameters: Mapping[str, str]) -> Report:
    """Ask for the report that the address names. Raises: Malformed."""
    start, end = span_of(parameters, books.scope())
    branch, currency = parameters.get("branch", ""), parameters.get("currency", "")
    kind = parameters.get("report", "")
    if kind == "sheet":
        return books.balance_sheet(end, branch=branch, currency=currency)
    if kind == "income":
        return books.income_statement(start, end, branch=branch, currency=currency)
    return books.trial_balance(start, end, branch=branch, currency=currency)


class GeneralLedgerPage:
    """One reader's view of the reports."""

    def __init__(self, books: GeneralLedgerApi) -> None:
        self._books = books
        self._address = Address()

    async def draw(self) -> None:
        """Lay the page."""
        scope = await ask(self._books.scope)
        with title_row(t("banking.general_ledger"), note=t("banking.gl_note")):
            csv_link(CSV_PATH)
        book_tabs("reports")
        if scope.first is None:
            with panel():
                empty(t("banking.gl_none"), hint=t("banking.gl_none_hint"), icon="menu_book")
            return
        chosen = self._address.get("report")
        reports = {one: t(f"banking.report.{one}") for one in REPORTS}
        with box("yj-filter-row"):
            value = chosen if chosen in REPORTS else "trial"
            switch(reports, value, self._choose, name=t("banking.report"))
        with Filters(self._address, self._show) as filters:
            start, end = span_of(self._address.all(), scope)
            filters.day("from", t("banking.from_day"), hint=f"{start}")
            filters.day("until", t("banking.until_day"), hint=f"{end}")
            branches = {one: terms.branch_name(one) for one in scope.branches}
            filters.choice("branch", t("banking.branch"), t("banking.all_branches"), branches)
            if len(scope.currencies) > 1:
                codes = {one: one for one in scope.currencies}
                filters.choice("currency", t("banking.currency"), t("banking.all"), codes)
        with box("yj-content") as self._box:
            pass
        await self._show()

    async def _choose(self, report: str) -> None:
        self._address.set(report="" if report == "trial" else report)
        await self._show()

    async def _show(self) -> None:
        try:
            report = await ask(report_of, self._books, self._address.all())
        except Problem as problem:
            self._box.clear()
            with self._box:
                problem_panel(problem, retry=self._show)
            return
        self._box.clear()
        with self._box:
            draw_report(report)


def draw_report(report: Report) -> None:
    """Lay a report in its panel, with the word whether it balances."""
    if isinstance(report, TrialBalance):
        title, note = t("banking.report.trial"), f"{report.start} – {report.end}"
        is_good, table = report.is_balanced, trial_table(report)
    elif isinstance(report, Sheet):
        title, note = t("banking.report.sheet"), f"{report.date}"
        is_good = not any(one.difference_minor for one in report.checks)
        table = statement_table(report.rows, f"{report.date}", f"{report.compare}", report.date)
    else:
        title, note = t("banking.report.income"), f"{report.start} – {report.end}"
        is_good = not any(one.difference_minor for one in report.checks)
        before = f"{report.compare_start} – {report.compare_end}"
        table = statement_table(report.rows, note, before, report.end)
    word = t("banking.balanced" if is_good else "banking.unbalanced")
    chip = markup.chip(word, "good" if is_good else "bad")
    with panel(title, note=Markup("{} {}").format(note, chip)):
        html(table)


def trial_table(report: TrialBalance) -> Markup:
    """Return a trial balance as a table, totals of each currency at its end."""
    many = len({one.currency for one in report.rows}) > 1
    shared = "" if many or not report.rows else f" {report.rows[0].currency}"
    names = ("opening", "debits", "credits", "closing")
    columns = [
        Column(key="account", label=t("banking.gl_account"), card="lead"),
        *([Column(key="currency", label=t("banking.currency"), card="side")] if many else []),
        *(
            Column(key=name, label=t(f"banking.trial.{name}") + shared, is_number=True, card="line")
            for name in names
        ),
    ]
    rows = [_trial_row(one, report) for one in report.rows]
    for total in report.totals:
        money = _writer(total.currency)
        rows.append(
            {
                "account": _strong(t("banking.total")),
                "currency": total.currency,
                "opening": _strong(sided(total.opening_minor, total.currency)),
                "debits": _strong(money(total.debits_minor)),
                "credits": _strong(money(total.credits_minor)),
                "closing": _strong(sided(total.closing_minor, total.currency)),
            }
        )
    return table_html(columns, rows, caption=t("banking.report.trial"))


def _trial_row(one: TrialRow, report: TrialBalance) -> Row:
    wrap = _strong if one.is_total else Markup.escape
    money = _writer(one.currency)
    return {
        "account": _account(one.account, one.name_zh, one.name_en, one.depth, report.end),
        "currency": one.currency,
        "opening": wrap(sided(one.opening_minor, one.currency)),
        "debits": wrap(money(one.debits_minor)),
        "credits": wrap(money(one.credits_minor)),
        "closing": wrap(sided(one.closing_minor, one.currency)),
    }


def statement_table(found: Sequence[StatementRow], now: str, before: str, end: dt.date) -> Markup:
    """Return a statement as a table beside what it is compared with."""
    many = len({one.currency for one in found}) > 1
    shared = "" if many or not found else f" {found[0].currency}"
    amounts = {"now": now, "before": before, "change": t("banking.change")}
    columns = [
        Column(key="what", label=t("banking.item"), card="lead"),
        *([Column(key="currency", label=t("banking.currency"), card="side")] if many else []),
        *(
            Column(key=key, label=label + shared, is_number=True, card="line")
            for key, label in amounts.items()
        ),
    ]
    rows = []
    for one in found:
        wrap = _strong if one.is_total or not one.account else Markup.escape
        money = _writer(one.currency)
        name = _account(one.account, one.name_zh, one.name_en, one.depth, end)
        rows.append(
            {
                "what": wrap(name),
                "currency": one.currency,
                "now": wrap(money(one.amount_minor)),
                "before": wrap(money(one.prior_minor)),
                "change": money(one.amount_minor - one.prior_minor),
            }
        )
    return table_html(columns, rows, caption=t("banking.item"))


def _strong(text: Markup | str) -> Markup:
    return Markup("<b>{}</b>").format(text)


def _writer(currency: str) -> Callable[[int], str]:
    return lambda minor: formats.money(minor, currency)


def _account(code: str, chinese: str, english: str, depth: int, end: dt.date) -> Markup:
    name = one_of(chinese, english)
    indent = INDENT * depth
    if not code:
        return Markup("{}{}").format(indent, name)
    link = markup.link(f"{code} {name}", f"/gl/accounts/{code}?until={end}")
    return Markup("{}{}").format(indent, link)


def csv_rows(
    books: GeneralLedgerApi, parameters: Mapping[str, str]
) -> Iterator[Sequence[str | int]]:
    """Yield the report as rows of CSV; names in Chinese, a file has no reader."""
    text = books.csv(report_of(books, parameters), language="zh")
    yield from csv.reader(text.lstrip("\ufeff").splitlines())


def register(desk: Desk) -> None:
    """Put the reports on the console where the bank keeps a general ledger."""
    books = desk.doors.general_ledger
    if books is None:
        return
    csv_route(CSV_PATH, lambda parameters: csv_rows(books, parameters))

    @page("/gl", title="banking.general_ledger", active="banking.general_ledger")
    async def general_ledger() -> None:
        await GeneralLedgerPage(books).draw()
