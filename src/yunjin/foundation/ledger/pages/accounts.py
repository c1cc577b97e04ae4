"""Accounts: find one by id or alias, or go through those of a ledger and code."""

from collections.abc import Iterator, Mapping, Sequence

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Filters,
    Row,
    ask,
    csv_route,
    formats,
    listing,
    page,
    t,
)
from yunjin.foundation.ledger.api import AccountFlag, LedgerApi
from yunjin.foundation.ledger.pages.desk import (
    Desk,
    account_rules,
    account_state,
    balance,
    named_account,
)
from yunjin.foundation.ledger.pages.reading import AccountRow, Units, following, whole
from yunjin.foundation.ledger.pages.search import account_ids

PAGE_ROWS = 50
CSV_ROWS = 200  # a page of the door
CSV_PATH = "/accounts.csv"


def find(
    ledger: LedgerApi, parameters: Mapping[str, str], cursor: str | None, limit: int
) -> tuple[list[AccountRow], str | None]:
    """Return a page of the accounts that the address's filters let through, and a cursor.

    What is not of a filter's form does not filter. Raises: Malformed (cursor).
    """
    own, code = whole(parameters.get("ledger"), 1 << 32), whole(parameters.get("code"), 1 << 16)
    query = parameters.get("q", "").strip()
    if not query:
        batch, after = ledger.find_accounts(ledger=own, code=code, cursor=cursor, limit=limit)
        return AccountRow.all_of(batch), after
    aliases = ledger.find_aliases(query, limit=limit, cursor=cursor)
    wanted = [] if cursor else account_ids(query, ledger.state().home)
    wanted += [alias.account_id for alias in aliases.items]
    found = AccountRow.all_of(ledger.accounts(list(dict.fromkeys(wanted))))
    fitting = [row for row in found if own in (None, row.ledger) and code in (None, row.code)]
    return fitting, aliases.next_cursor


class Accounts:
    """One reader's list of accounts."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._address = Address()

    async def draw(self) -> None:
        """Lay the list."""
        self._units = await self._desk.units()
        await listing(
            "ledger.accounts",
            icon="account_balance_wallet",
            csv_path=CSV_PATH,
            address=self._address,
            filters=self._filters,
            columns=columns(),
            load=self._load,
        )

    def _filters(self, filters: Filters) -> None:
        hint = t("ledger.find_account_hint")
        filters.text("q", t("ledger.find_account"), icon="search", hint=hint)
        filters.choice("ledger", t("ledger.ledger"), t("ledger.all_ledgers"), self._units.choices())
        filters.number("code", t("ledger.code"))

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        parameters = self._address.all()
        found, after = await ask(
            find, self._desk.ledger, parameters, wanted.cursor, limit=PAGE_ROWS
        )
        names = await self._desk.alias_of([row.id for row in found]) if found else {}
        return [account_row(row, self._units, names) for row in found], after


def columns() -> list[Column]:
    """Return the columns of accounts."""
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
    """Yield every account the filters let through, amounts in whole minor units."""
    units = Units(desk.ledger.ledgers())
    yield [
        "account_id", "ledger", "currency", "code", "flags", "limit_minor", "debits_pending",
        "debits_posted", "credits_pending", "credits_posted", "opened_ns",
    ]  # fmt: skip
    pages = following(lambda cursor: find(desk.ledger, parameters, cursor, CSV_ROWS))
    for row in (row for page_rows in pages for row in page_rows):
        flags = "|".join(flag.name for flag in AccountFlag if row.has(flag))
        yield [
            str(row.id), row.ledger, units.currency(row.ledger), row.code, flags,
            row.limit_minor, row.debits_pending, row.debits_posted, row.credits_pending,
            row.credits_posted, str(row.timestamp),
        ]  # fmt: skip


def register(desk: Desk) -> None:
    """Put the list of accounts and its CSV on the console."""
    csv_route(CSV_PATH, lambda parameters: csv_rows(desk, parameters))

    @page("/accounts", title="ledger.accounts", active="ledger.accounts")
    async def accounts() -> None:
        await Accounts(desk).draw()
