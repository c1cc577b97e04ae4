"""A manual entry: lines that must balance by branch and currency before they can be sent."""

from collections.abc import Sequence
from dataclasses import dataclass

from nicegui import ui
from nicegui.element import Element

from yunjin.chassis.console import (
    Markup,
    amount_of,
    ask,
    box,
    button,
    choice_field,
    day_field,
    formats,
    grid,
    html,
    icon_button,
    markup,
    notice_of,
    page,
    panel,
    t,
    text_field,
    title_row,
)
from yunjin.foundation.banking.api.agreements import BRANCH
from yunjin.foundation.banking.api.general_ledger import (
    GeneralLedgerApi,
    GlAccount,
    GlScope,
    ManualEntry,
    ManualLine,
)
from yunjin.foundation.banking.pages import terms
from yunjin.foundation.banking.pages.books import BY, book_tabs
from yunjin.foundation.banking.pages.desk import Desk
from yunjin.foundation.banking.pages.gl_mapping import account_field
from yunjin.kernel.errors import Outage, Problem, Unknown
from yunjin.kernel.ids import uuid7

LINES_FIRST = 2
LINES_MAX = 40  # of this form; more come by the API
REASON_MAX = 200
REFERENCE_MAX = 64
Sums = dict[tuple[str, str], tuple[int, int]]


def sums_of(lines: Sequence[ManualLine]) -> Sums:
    """Return debits and credits by branch and currency, minor units."""
    found: Sums = {}
    for one in lines:
        debit, credit = found.get((one.branch, one.currency), (0, 0))
        found[one.branch, one.currency] = (debit + one.debit_minor, credit + one.credit_minor)
    return found


@dataclass(slots=True, kw_only=True)
class LineFields:
    """The fields of one line."""

    row: Element
    account: ui.select
    branch: ui.select
    debit: ui.input
    credit: ui.input
    currency: str

    @property
    def is_blank(self) -> bool:
        """Whether nothing was given."""
        return not (self.account.value or self.debit.value or self.credit.value)

    @property
    def line(self) -> ManualLine | None:
        """The line, or None while it will not do: an account, and an amount on one side."""
        debit, credit = (
            amount_of(str(one.value), self.currency) if one.value else 0
            for one in (self.debit, self.credit)
        )
        if debit is None or credit is None or not self.account.value:
            return None
        if min(debit, credit) < 0 or (debit > 0) == (credit > 0):
            return None
        return ManualLine(
            account=str(self.account.value),
            branch=str(self.branch.value),
            currency=self.currency,
            debit_minor=debit,
            credit_minor=credit,
        )


class NewEntry:
    """One accountant's form."""

    def __init__(
        self, desk: Desk, books: GeneralLedgerApi, accounts: list[GlAccount], scope: GlScope
    ) -> None:
        self._desk, self._books, self._scope = desk, books, scope
        self._usable = [one for one in accounts if not one.is_control]
        self._lines: list[LineFields] = []

    async def draw(self) -> None:
        """Lay the form."""
        self._command = uuid7(self._desk.clock)
        today = await ask(self._desk.doors.days.business_date)
        with title_row(t("banking.new_entry"), note=t("banking.new_entry_note")):
            pass
        book_tabs("entries")
        with ui.element("form").classes("yj-form") as form:
            form.on("submit", self._send, js_handler="(e) => { e.preventDefault(); emit(); }")
            with panel(t("banking.voucher")), grid():
                self._date = day_field(t("banking.business_date"), value=today.isoformat())
                self._reason = text_field(t("banking.reason"), hint=t("banking.reason_hint"))
                self._reason.props(f"maxlength={REASON_MAX}")
                self._reference = text_field(
                    t("banking.reference"), hint=t("banking.reference_hint")
                ).props(f"maxlength={REFERENCE_MAX}")
                for one in (self._date, self._reason, self._reference):
                    one.on_value_change(self._changed)
            with panel(t("banking.gl_lines")):
                self._rows = ui.element("div").classes("yj-lines")
                for _ in range(LINES_FIRST):
                    self._add()
                with box("yj-actions"):
                    self._more = button(t("banking.add_line"), self._add, icon="add")
                self._sums = html("", classes="yj-effect").props('role="status"')
            with box("yj-actions"):
                self._button = button(
                    t("banking.entry_now"), self._send, icon="done_all", primary=True
                )
                html(markup.button_link(t("action.cancel"), "/gl/entries", sign="close"))
            self._words = html("").props('role="status"')
        self._changed()

    def _add(self) -> None:
        currency = self._scope.currencies[0] if self._scope.currencies else "CNY"
        branches = {one: terms.branch_name(one) for one in self._scope.branches or (BRANCH,)}
        with self._rows, ui.element("div").classes("yj-line") as row:
            one = LineFields(
                row=row,
                account=account_field(t("banking.gl_account"), self._usable),
                branch=choice_field(t("banking.branch"), branches, next(iter(branches))),
                debit=_amount(t("banking.side.debit"), currency),
                credit=_amount(t("banking.side.credit"), currency),
                currency=currency,
            )
            icon_button("delete", t("banking.remove_line"), lambda: self._remove(one))
        self._lines.append(one)
        for shown in (one.account, one.branch, one.debit, one.credit):
            shown.on_value_change(self._changed)
        if len(self._lines) > LINES_FIRST:
            self._more.set_enabled(len(self._lines) < LINES_MAX)
            self._changed()

    def _remove(self, one: LineFields) -> None:
        if len(self._lines) > LINES_FIRST:
            self._lines.remove(one)
            one.row.delete()
        else:
            one.account.value, one.debit.value, one.credit.value = None, "", ""
        self._changed()

    def _entry(self) -> ManualEntry | None:
        """Return the entry, None while something is missing or does not balance."""
        given = [one for one in self._lines if not one.is_blank]
        lines = tuple(line for one in given if (line := one.line) is not None)
        date = formats.parse_day(str(self._date.value or ""))
        reason = str(self._reason.value or "").strip()
        is_even = all(debit == credit for debit, credit in sums_of(lines).values())
        if not lines or len(lines) < len(given) or not is_even or date is None or not reason:
            return None
        return ManualEntry(
            command_id=self._command,
            date=date,
            lines=lines,
            reason=reason,
            by=BY,
            reference=str(self._reference.value or "").strip(),
        )

    def _changed(self, _: object = None) -> None:
        self._command = uuid7(self._desk.clock)
        self._sums.set_content(str(self._balance()))
        self._button.set_enabled(self._entry() is not None)

    def _balance(self) -> Markup:
        sums = sums_of([line for one in self._lines if (line := one.line) is not None])
        if not sums:
            return Markup('<p class="yj-note">{}</p>').format(t("banking.entry_hint"))
        return Markup("").join(
            Markup('<p class="num">{} · {} · {} {}</p>').format(
                terms.branch_name(branch),
                f"{t('banking.side.debit')} {formats.money(debit, currency)}",
                f"{t('banking.side.credit')} {formats.money(credit, currency)} {currency}",
                markup.chip(t("banking.balanced"), "good")
                if debit == credit
                else markup.chip(
                    t("banking.off_by", amount=formats.money(abs(debit - credit), currency)), "bad"
                ),
            )
            for (branch, currency), (debit, credit) in sums.items()
        )

    async def _send(self) -> None:
        entry = self._entry()
        if entry is None or not self._button.enabled:
            return
        self._button.set_enabled(False)
        self._button.props("loading")
        try:
            made = await ask(self._books.enter, entry)
        except Problem as problem:
            self._words.set_content(str(notice_of(problem)))
            if not isinstance(problem, Outage | Unknown):
                self._command = uuid7(self._desk.clock)
            self._button.set_enabled(True)
            return
        finally:
            self._button.props(remove="loading")
        ui.notify(t("banking.done.entry"), type="positive", position="top")
        ui.navigate.to(f"/gl/entries/{made.number}" if made.number else "/gl/entries")


def _amount(label: str, currency: str) -> ui.input:
    def check(text: str) -> str:
        minor = amount_of(text, currency) if text else 0
        return t("form.above_zero") if minor is None or minor < 0 else ""

    shown = text_field(label, unit=currency, check=check)
    return shown.props("inputmode=decimal autocomplete=off")


def register(desk: Desk) -> None:
    """Put the form on the console where the bank keeps a general ledger."""
    books = desk.doors.general_ledger
    if books is None:
        return

    @page("/gl/entries/new", title="banking.new_entry", active="banking.general_ledger")
    async def new_entry() -> None:
        accounts, scope = await ask(books.accounts), await ask(books.scope)
        await NewEntry(desk, books, accounts, scope).draw()
