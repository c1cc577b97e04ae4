"""One account: what it holds, what may be moved, how it came to that."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from nicegui import ui

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Figure,
    Filters,
    Markup,
    Row,
    Table,
    ask,
    box,
    csv_link,
    csv_route,
    empty,
    figures,
    formats,
    html,
    markup,
    page,
    panel,
    t,
    title_row,
)
from yunjin.foundation.ledger.api import AccountFlag
from yunjin.foundation.ledger.errors import AccountNotFound
from yunjin.foundation.ledger.pages.balances import BalanceChart
from yunjin.foundation.ledger.pages.desk import (
    Desk,
    account_rules,
    account_state,
    named_account,
    transfer_id,
    transfer_kind,
)
from yunjin.foundation.ledger.pages.reading import AccountRow, TransferRow, Units, following, whole
from yunjin.foundation.ledger.pages.rows import CSV_HEAD, csv_row, sides_of
from yunjin.kernel.ids import cell_of

PAGE_ROWS: Final = 50
CSV_ROWS: Final = 200
CSV_PATH: Final = "/accounts/{account_id}/history.csv"
DAY_NS: Final = 86_400 * formats.SECOND_NS


def period_of(parameters: Mapping[str, str]) -> tuple[int | None, int | None]:
    """Read the days of the address as a half-open span of instants, ns."""
    since = formats.parse_day(parameters.get("from", ""))
    until = formats.parse_day(parameters.get("until", ""))
    return (
        formats.day_start_ns(since) if since else None,
        formats.day_start_ns(until) + DAY_NS if until else None,
    )


def number_of(text: str) -> int:
    """Read an account's id in an address. Raises: AccountNotFound for what cannot be one."""
    number = whole(text, 1 << 63)
    if number is None:
        raise AccountNotFound(f"Expected an account's id, was {text[:40]!r}.")
    return number


def account_of(batch_rows: Sequence[AccountRow], account_id: int) -> AccountRow:
    """Return the one account that was asked for. Raises: AccountNotFound."""
    if not batch_rows:
        raise AccountNotFound(f"There is no account {account_id}.", account_id=str(account_id))
    return batch_rows[0]


class Account:
    """One reader's view of an account."""

    def __init__(self, desk: Desk, row: AccountRow, units: Units, names: list[str]) -> None:
        self._desk, self._row, self._units, self._names = desk, row, units, names
        self._address = Address()

    async def draw(self) -> None:
        """Lay the page."""
        row = self._row
        title = Markup("{} {}").format(t("ledger.account"), formats.account(row.id))
        with title_row(title, note=" · ".join(self._names)):
            html(account_state(row), tag="span")
            html(account_rules(row, self._units), tag="span")
        self._figures()
        keeps_history = row.has(AccountFlag.HISTORY)
        with box("yj-split"):
            with box("yj-column"):
                if keeps_history:
                    await BalanceChart(self._desk, row, self._units, self._address).draw()
                else:
                    with panel(t("ledger.balance_chart")):
                        _no_history()
            with box("yj-column"):
                self._about()
        if keeps_history:
            await self._history()

    def _figures(self) -> None:
        row, units = self._row, self._units
        currency = units.currency(row.ledger)
        available = row.available_minor
        with figures():
            for key, minor, note in (
                ("balance", row.balance_minor, t(f"ledger.balance_side.{row.side}")),
                ("available", available, t("ledger.available_note")),
                ("held", row.held_minor, t("ledger.held_note")),
                ("incoming", row.incoming_minor, t("ledger.incoming_note")),
            ):
                if minor is None:
                    Figure(t(f"ledger.{key}"), t("ledger.unlimited"), t("ledger.unlimited_note"))
                    continue
                name = f"{t(f'ledger.{key}')} {currency}"
                value = units.amount(row.ledger, minor)
                Figure(name, value, note, tone="bad" if minor < 0 else "")

    def _about(self) -> None:
        row, units = self._row, self._units
        is_limited = row.available_minor is not None
        limit = units.money(row.ledger, row.limit_minor) if is_limited else t("ledger.no_limit")
        with panel(t("ledger.totals"), note=units.currency(row.ledger)):
            totals = ("debits_posted", "credits_posted", "debits_pending", "credits_pending")
            html(
                markup.facts(
                    [
                        (t(f"ledger.{name}"), _digits(units.amount(row.ledger, getattr(row, name))))
                        for name in totals
                    ]
                )
            )
        with panel(t("ledger.about")):
            aliases = Markup("<br>").join(markup.ident(name, name) for name in self._names)
            html(
                markup.facts(
                    [
                        (t("ledger.account_id"), markup.ident(str(row.id), str(row.id))),
                        (t("ledger.aliases"), aliases or t("ledger.no_aliases")),
                        (t("ledger.ledger"), units.name(row.ledger)),
                        (t("ledger.code"), str(row.code)),
                        (t("ledger.cell_number"), str(cell_of(row.id))),
                        (t("ledger.limit"), _digits(limit)),
                        (t("ledger.opened"), _digits(formats.moment(row.timestamp))),
                    ]
                )
            )

    async def _history(self) -> None:
        with panel(t("ledger.history")):
            with box("yj-filter-row"):
                filters = Filters(self._address, self._reload)
                with filters:
                    filters.day("from", t("ledger.from_day"))
                    filters.day("until", t("ledger.until_day"))
                csv_link(CSV_PATH.format(account_id=self._row.id))
            self._table = Table(
                self._columns(),
                self._load,
                caption=t("ledger.history"),
                empty=lambda: empty(
                    t("ledger.no_history"), hint=t("ledger.no_history_hint"), icon="history"
                ),
                address=self._address,
            )
        await self._table.show()

    async def _reload(self) -> None:
        await self._table.restart()

    def _columns(self) -> list[Column]:
        currency = self._units.currency(self._row.ledger)
        return [
            Column(
                key="at",
                label=t("time.at", zone=formats.zone_name()),
                is_sortable=True,
                card="line",
            ),
            Column(key="id", label=t("ledger.transfer_id")),
            Column(key="other", label=t("ledger.counterparty"), card="lead"),
            Column(key="code", label=t("ledger.transfer_code"), is_number=True, card="none"),
            Column(
                key="debit", label=f"{t('ledger.debit')} {currency}", is_number=True, card="side"
            ),
            Column(
                key="credit", label=f"{t('ledger.credit')} {currency}", is_number=True, card="side"
            ),
            Column(
                key="running",
                label=f"{t('ledger.running')} {currency}",
                is_number=True,
                card="left",
            ),
            Column(key="kind", label=t("ledger.state"), card="right"),
        ]

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        since, until = period_of(self._address.all())
        batch, cursor = await ask(
            self._desk.ledger.history,
            self._row.id,
            timestamp_from=since,
            timestamp_until=until,
            cursor=wanted.cursor,
            limit=PAGE_ROWS,
            oldest_first=wanted.is_ascending,
        )
        rows = TransferRow.all_of(batch)
        names = await self._desk.alias_of(sides_of(rows)) if rows else {}
        return [self._line(row, names) for row in rows], cursor

    def _line(self, row: TransferRow, names: Mapping[int, Sequence[str]]) -> Row:
        mine, units = self._row, self._units
        amount = units.amount(row.ledger, row.amount_minor)
        is_debit = row.debit_account_id == mine.id
        return {
            "at": formats.moment(row.timestamp),
            "id": transfer_id(row),
            "other": named_account(row.other_side(mine.id), names),
            "code": str(row.code),
            "debit": amount if is_debit else "",
            "credit": "" if is_debit else amount,
            "running": units.amount(row.ledger, row.totals.net(mine.side)) if row.totals else "",
            "kind": transfer_kind(row),
        }


def _digits(text: str) -> Markup:
    return Markup('<span class="num">{}</span>').format(text)


def _no_history() -> ui.html:
    return empty(
        t("ledger.history_not_kept"),
        hint=t("ledger.history_not_kept_hint"),
        icon="history_toggle_off",
        action=markup.link(t("ledger.all_transfers"), "/transfers"),
    )


def csv_rows(desk: Desk, parameters: Mapping[str, str]) -> Iterator[Sequence[str | int]]:
    """Yield the account's history of a period, oldest first, with running totals."""
    account_id = number_of(parameters["account_id"])
    units = Units(desk.ledger.ledgers())
    mine = account_of(AccountRow.all_of(desk.ledger.accounts([account_id])), account_id)
    since, until = period_of(parameters)
    yield [*CSV_HEAD, "balance_minor"]
    pages = following(
        lambda cursor: desk.ledger.history(
            account_id,
            timestamp_from=since,
            timestamp_until=until,
            cursor=cursor,
            limit=CSV_ROWS,
            oldest_first=True,
        )
    )
    for batch in pages:
        for row in TransferRow.all_of(batch):
            yield [*csv_row(row, units), row.totals.net(mine.side) if row.totals else ""]


def register(desk: Desk) -> None:
    """Put the page of an account and the CSV of its history on the console."""
    csv_route(CSV_PATH, lambda parameters: csv_rows(desk, parameters))

    @page("/accounts/{account_id}", title="ledger.account", active="ledger.accounts")
    async def account(account_id: str) -> None:
        number = number_of(account_id)
        units, batch, names = await asyncio.gather(
            desk.units(), ask(desk.ledger.accounts, [number]), desk.alias_of([number])
        )
        row = account_of(AccountRow.all_of(batch), number)
        await Account(desk, row, units, names.get(number, [])).draw()
