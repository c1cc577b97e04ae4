"""An agreement's account: how it moved, with its running balance, and the chart of that."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from nicegui.events import GenericEventArguments

from yunjin.chassis.console import (
    Address,
    Ask,
    Chart,
    Column,
    Markup,
    Row,
    Series,
    Table,
    Tone,
    ask,
    box,
    choice_field,
    empty,
    formats,
    html,
    markup,
    panel,
    skeleton,
    t,
)
from yunjin.foundation.banking.api.agreements import Agreement
from yunjin.foundation.banking.pages import terms
from yunjin.foundation.banking.pages.desk import Desk
from yunjin.foundation.banking.pages.reading import (
    CODES,
    ENTRY,
    SLOTS,
    Movement,
    evenings,
    open_holds,
)
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.kernel.money import exponent

PAGE_ROWS: Final = 50
LEDGER_ROWS: Final = 200
CHART_PAGES: Final = 5  # of the ledger, newest first: what the chart reaches back to


@dataclass(frozen=True, slots=True)
class AccountOf:
    """An account of an agreement. code: its slot's number."""

    name: str
    account_id: int
    code: int


def accounts_of(ledger: LedgerApi, one: Agreement) -> list[AccountOf]:
    """Return an agreement's accounts, the main one first."""
    batch = ledger.accounts(list(one.account_ids.values()))
    codes = dict(zip(batch["id"].to_pylist(), batch["code"].to_pylist(), strict=True))
    found = [AccountOf(name, each, codes.get(each, 0)) for name, each in one.account_ids.items()]
    return sorted(found, key=lambda each: each.name != "main")


def newest(ledger: LedgerApi, account: AccountOf, pages: int) -> tuple[list[Movement], bool]:
    """Return an account's movements, newest first, and whether these are all of them."""
    found: list[Movement] = []
    cursor: str | None = None
    for _ in range(pages):
        batch, cursor = ledger.history(account.account_id, cursor=cursor, limit=LEDGER_ROWS)
        found += Movement.all_of(batch, account.account_id, account.code)
        if cursor is None:
            return found, True
    return found, False


class Movements:
    """The chart and the history of one of an agreement's accounts."""

    def __init__(
        self,
        desk: Desk,
        agreement: Agreement,
        accounts: list[AccountOf],
        address: Address,
        reverse: Callable[[UUID], None],
    ) -> None:
        self._desk, self._agreement, self._accounts = desk, agreement, accounts
        self._address, self._reverse = address, reverse
        wanted = address.get("account")
        self._account = next((one for one in accounts if one.name == wanted), accounts[0])

    def draw_chart(self) -> None:
        """Lay the panel of the chart."""
        with panel() as self._panel:
            html(Markup("<h2>{}</h2>").format(t("banking.balance_chart")))
            skeleton(6)

    async def fill_chart(self) -> None:
        """Draw the chart in its panel."""
        found, is_all = await ask(newest, self._desk.doors.ledger, self._account, CHART_PAGES)
        points = evenings(found)
        today = await ask(self._desk.doors.days.business_date)
        if points and points[-1][0] < today:
            points.append((today, points[-1][1]))
        currency = self._agreement.currency
        self._panel.clear()
        with self._panel:
            if len(points) < 2:
                html(Markup("<h2>{}</h2>").format(t("banking.balance_chart")))
                empty(t("banking.no_curve"), hint=t("banking.no_curve_hint"), icon="show_chart")
                return
            note = f"{terms.account_name(self._account.name)} · {currency}"
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
                height_px=260,
                note=note if is_all else f"{note} · {t('banking.latest_only')}",
            ).draw()

    def draw_history(self) -> None:
        """Lay the panel of the history; `fill_history` loads its first page."""
        with panel(t("banking.history")) as element:
            element.on("yj-reverse", self._asked, js_handler="(e) => emit(e.target.dataset.value)")
            with box("yj-filter-row"):
                if len(self._accounts) > 1:
                    options = {one.name: terms.account_name(one.name) for one in self._accounts}
                    chosen = choice_field(t("banking.account"), options, self._account.name)
                    chosen.classes("yj-filter-field")
                    chosen.on_value_change(lambda event: self._choose(str(event.value)))
                self._link = html(self._ledger_link(), tag="span", classes="yj-push")
            self._table = Table(
                self._columns(),
                self._load,
                caption=t("banking.history"),
                empty=lambda: empty(
                    t("banking.no_history"), hint=t("banking.no_history_hint"), icon="history"
                ),
                address=self._address,
            )

    async def fill_history(self) -> None:
        """Load the page of the history that the address names."""
        await self._table.show()

    def _ledger_link(self) -> Markup:
        path = f"/accounts/{self._account.account_id}"
        return markup.button_link(t("banking.ledger_account"), path, sign="account_balance_wallet")

    def _asked(self, event: GenericEventArguments) -> None:
        self._reverse(UUID(str(event.args)))

    async def _choose(self, name: str) -> None:
        self._account = next(one for one in self._accounts if one.name == name)
        self._address.set(account="" if name == self._accounts[0].name else name)
        self._link.set_content(str(self._ledger_link()))
        await self._table.restart()

    def _columns(self) -> list[Column]:
        currency = self._agreement.currency
        return [
            Column(key="date", label=t("banking.business_date"), is_sortable=True, card="lead"),
            Column(key="what", label=t("banking.what"), card="left"),
            Column(key="other", label=t("banking.other_side"), card="right"),
            Column(key="in", label=f"{t('banking.in')} {currency}", is_number=True, card="side"),
            Column(key="out", label=f"{t('banking.out')} {currency}", is_number=True, card="side"),
            Column(
                key="balance",
                label=f"{t('banking.balance')} {currency}",
                is_number=True,
                card="left",
            ),
            Column(key="id", label=t("banking.transfer_id"), card="right"),
            Column(key="deed", label="", card="line"),
        ]

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        return await ask(self._rows, wanted)

    def _rows(self, wanted: Ask) -> tuple[list[Row], str | None]:
        ledger, account = self._desk.doors.ledger, self._account
        batch, cursor = ledger.history(
            account.account_id,
            cursor=wanted.cursor,
            limit=PAGE_ROWS,
            oldest_first=wanted.is_ascending,
        )
        found = Movement.all_of(batch, account.account_id, account.code)
        others = ledger.accounts(sorted({one.other for one in found})) if found else None
        codes = (
            dict(zip(others["id"].to_pylist(), others["code"].to_pylist(), strict=True))
            if others is not None
            else {}
        )
        return [self._row(one, codes.get(one.other, 0)) for one in found], cursor

    def _row(self, one: Movement, code: int) -> Row:
        money, currency = formats.money, self._agreement.currency
        amount = money(abs(one.amount_minor), currency)
        muted = (
            amount if one.is_booked else Markup('<span class="yj-note">{}</span>').format(amount)
        )
        is_in = one.amount_minor > 0
        return {
            "date": one.business_date.isoformat() if one.business_date else "—",
            "what": what(one),
            "other": self._other(one.other, code),
            "in": muted if is_in and one.amount_minor else "",
            "out": muted if not is_in and one.amount_minor else "",
            "balance": money(one.balance_minor, currency),
            "id": markup.ident(str(one.id), formats.shortened(str(one.id)), f"/transfers/{one.id}"),
            "deed": self._deed(one),
        }

    def _deed(self, one: Movement) -> Markup | str:
        if one.code != ENTRY or one.kind != "plain" or self._agreement.status != "open":
            return ""
        return deed_button("yj-reverse", str(one.id), t("banking.reverse"))

    def _other(self, account_id: int, code: int) -> Markup:
        mine = {one.account_id: one.name for one in self._accounts}
        if account_id in mine:
            return Markup("{}").format(terms.account_name(mine[account_id]))
        name = terms.slot_name(SLOTS.get(code, str(code)))
        return markup.stacked(
            name, markup.link(formats.account(account_id), f"/accounts/{account_id}")
        )


def deed_button(event: str, value: str, text: str) -> Markup:
    """Return a small button of a row; the panel around it hears the event."""
    return Markup(
        '<button type="button" class="yj-row-deed" data-emit="{}" data-value="{}">{}</button>'
    ).format(event, value, text)


def what(one: Movement) -> Markup:
    """Say what a movement is."""
    name = t(f"banking.code.{CODES[one.code]}") if one.code in CODES else str(one.code)
    if one.kind == "plain":
        return Markup("{}").format(name)
    tone: Tone = "warn" if one.kind == "pending" else "good" if one.kind == "post" else "neutral"
    return Markup("{} {}").format(name, markup.chip(t(f"banking.kind.{one.kind}"), tone))


def holds_of(ledger: LedgerApi, accounts: list[AccountOf]) -> list[Movement]:
    """Return an agreement's open holds, as far as the newest movements tell."""
    found: list[Movement] = []
    for one in accounts:
        found += open_holds(newest(ledger, one, CHART_PAGES)[0])
    return sorted(found, key=lambda one: -one.timestamp)
