"""Accounts: find one by id or alias, or go through those of a ledger and code."""

from collections.abc import Iterator, Mapping, Sequence

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Filters,
    Row,
    Table,
    ask,
    csv_link,
    csv_route,
    empty,
    formats,
    page,
    panel,
    t,
    title_row,
)
from yunjin.foundation.ledger.api import AccountFlag
from yunjin.foundation.ledger.pages.desk import (
    Desk,
    account_rules,
    account_state,
    balance,
    named_account,
)
from yunjin.foundation.ledger.pages.reading import AccountRow, Units
from yunjin.foundation.ledger.pages.search import account_ids

PAGE_ROWS = 50
CSV_ROWS = 200  # a page of the door
CSV_PATH = "/accounts.csv"


class Accounts:
    """One reader's list of accounts."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._address = Address()

    async def draw(self) -> None:
        """Lay filters and table, and load the first page."""
        self._units = await self._desk.units()
        with title_row(t("ledger.accounts"), note=t("ledger.accounts_note")):
            csv_link(CSV_PATH)
        filters = Filters(self._address, self._reload)
        with filters:
            filters.text(
                "q", t("ledger.find_account"), icon="search", hint=t("ledger.find_account_hint")
            )
            ledgers = {str(one.ledger): self._units.name(one.ledger) for one in self._units.all()}
            filters.choice("ledger", t("ledger.ledger"), t("ledger.all_ledgers"), ledgers)
            filters.number("code", t("ledger.code"))
        with panel(classes="yj-panel-table"):
            self._table = Table(
                self._columns(),
                self._load,
                caption=t("ledger.accounts"),
                empty=lambda: empty(
                    t("ledger.no_accounts"),
                    hint=t("ledger.no_accounts_hint"),
                    icon="account_balance_wallet",
                ),
                address=self._address,
            )
        await self._table.show()

    async def _reload(self) -> None:
        await self._table.restart()

    def _columns(self) -> list[Column]:
        return [
            Column(key="account", label=t("ledger.account"), card="lead"),
            Column(key="ledger", label=t("ledger.ledger")),
            Column(key="code", label=t("ledger.code"), is_number=True, card="right"),
            Column(key="balance", label=t("ledger.balance"), is_number=True, card="side"),
            Column(key="held", label=t("ledger.held"), is_number=True, card="left"),
            Column(key="available", label=t("ledger.available"), is_number=True, card="right"),
            Column(key="rules", label=t("ledger.rules"), card="line"),
            Column(key="opened", label=t("ledger.opened"), card="none"),
            Column(key="state", label=t("ledger.state"), card="none"),
        ]

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        found, cursor = await self._find(wanted.cursor)
        names = await self._desk.alias_of([row.id for row in found]) if found else {}
        return [account_row(row, self._units, names) for row in found], cursor

    async def _find(self, cursor: str | None) -> tuple[list[AccountRow], str | None]:
        ledger, code = self._address.number("ledger"), self._address.number("code")
        query = self._address.get("q").strip()
        if query:
            found = await self._named(query)
            return [row for row in found if _fits(row, ledger, code)], None
        batch, following = await ask(
            self._desk.ledger.find_accounts,
            ledger=ledger,
            code=code,
            cursor=cursor,
            limit=PAGE_ROWS,
        )
        return AccountRow.all_of(batch), following

    async def _named(self, query: str) -> list[AccountRow]:
        """Return the accounts that a text means: by id first, then by how an alias begins."""
        door = self._desk.ledger
        aliases = await ask(door.find_aliases, query, limit=PAGE_ROWS)
        cell = (await ask(door.state)).cell
        wanted = account_ids(query, cell) + [alias.account_id for alias in aliases.items]
        return AccountRow.all_of(await ask(door.accounts, list(dict.fromkeys(wanted))))


def _fits(row: AccountRow, ledger: int | None, code: int | None) -> bool:
    return ledger in (None, row.ledger) and code in (None, row.code)


def account_row(row: AccountRow, units: Units, names: Mapping[int, Sequence[str]]) -> Row:
    """Return an account as a row."""
    available = row.available_minor
    return {
        "account": named_account(row.id, names),
        "ledger": units.name(row.ledger),
        "code": str(row.code),
        "balance": balance(row, units),
        "held": units.amount(row.ledger, row.held_minor),
        "available": t("ledger.unlimited")
        if available is None
        else units.amount(row.ledger, available),
        "rules": account_rules(row, units),
        "opened": formats.moment(row.timestamp),
        "state": account_state(row),
    }


def csv_rows(desk: Desk, parameters: Mapping[str, str]) -> Iterator[Sequence[str | int]]:
    """Yield every account of a ledger and code, amounts in whole minor units."""
    units = Units(desk.ledger.ledgers())
    yield [
        "account_id", "ledger", "currency", "code", "flags", "limit_minor", "debits_pending",
        "debits_posted", "credits_pending", "credits_posted", "opened_ns",
    ]  # fmt: skip
    chosen = {
        name: int(parameters[name])
        for name in ("ledger", "code")
        if parameters.get(name, "").isdecimal()
    }
    cursor: str | None = None
    while True:
        batch, cursor = desk.ledger.find_accounts(
            ledger=chosen.get("ledger"), code=chosen.get("code"), cursor=cursor, limit=CSV_ROWS
        )
        for row in AccountRow.all_of(batch):
            flags = "|".join(flag.name for flag in AccountFlag if row.has(flag))
            yield [
                str(row.id), row.ledger, units.currency(row.ledger), row.code, flags,
                row.limit_minor, row.debits_pending, row.debits_posted, row.credits_pending,
                row.credits_posted, str(row.timestamp),
            ]  # fmt: skip
        if cursor is None:
            return


def register(desk: Desk) -> None:
    """Put the list of accounts and its CSV on the console."""
    csv_route(CSV_PATH, lambda parameters: csv_rows(desk, parameters))

    @page("/accounts", title="ledger.accounts", active="ledger.accounts")
    async def accounts() -> None:
        await Accounts(desk).draw()
