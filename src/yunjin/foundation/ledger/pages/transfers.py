"""Transfers: look for some by ledger, code, amount, time or reference."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from yunjin.chassis.console import (
    Address,
    Ask,
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
from yunjin.foundation.ledger.api import TransferQuery
from yunjin.foundation.ledger.pages.desk import Desk
from yunjin.foundation.ledger.pages.reading import TransferRow, Units
from yunjin.foundation.ledger.pages.rows import (
    CSV_HEAD,
    csv_row,
    sides_of,
    transfer_columns,
    transfer_rows,
)
from yunjin.foundation.ledger.pages.search import as_uuid
from yunjin.kernel.errors import Malformed
from yunjin.kernel.money import parse_minor

PAGE_ROWS = 50
CSV_ROWS = 200
CSV_PATH = "/transfers.csv"
DAY_NS = 86_400 * 1_000_000_000


def query_of(parameters: Mapping[str, str], units: Units) -> TransferQuery:
    """Read the filters of the address; what is not of its form does not filter."""

    def whole(name: str, below: int) -> int | None:
        text = parameters.get(name, "")
        is_number = text.isascii() and text.isdecimal() and int(text) < below
        return int(text) if is_number else None

    ledger = whole("ledger", 1 << 32)
    units_of_ledger = {one.ledger: one.currency for one in units.all()}
    only = next(iter(units_of_ledger.values())) if len(set(units_of_ledger.values())) == 1 else ""
    currency = units_of_ledger.get(ledger, only) if ledger is not None else only

    def amount(name: str) -> int | None:
        try:
            return parse_minor(parameters.get(name, ""), currency or "CNY")
        except Malformed:
            return None

    since = formats.parse_day(parameters.get("from", ""))
    until = formats.parse_day(parameters.get("until", ""))
    reference: UUID | None = as_uuid(parameters.get("reference", ""))
    return TransferQuery(
        ledger=ledger,
        code=whole("code", 1 << 16),
        user_data_64=whole("reference", 1 << 64),
        user_data_128=reference,
        amount_minor_min=amount("min"),
        amount_minor_max=amount("max"),
        timestamp_from=formats.day_start_ns(since) if since else None,
        timestamp_until=formats.day_start_ns(until) + DAY_NS if until else None,
    )


class Transfers:
    """One reader's search for transfers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._address = Address()

    async def draw(self) -> None:
        """Lay filters and table, and load the first page."""
        self._units = await self._desk.units()
        with title_row(t("ledger.transfers"), note=t("ledger.transfers_note")):
            csv_link(CSV_PATH)
        filters = Filters(self._address, self._reload)
        with filters:
            ledgers = {str(one.ledger): self._units.name(one.ledger) for one in self._units.all()}
            filters.choice("ledger", t("ledger.ledger"), t("ledger.all_ledgers"), ledgers)
            filters.number("code", t("ledger.transfer_code"))
            filters.text("min", t("ledger.amount_from"))
            filters.text("max", t("ledger.amount_until"))
            filters.day("from", t("ledger.from_day"))
            filters.day("until", t("ledger.until_day"))
            filters.text("reference", t("ledger.reference"))
        currency = self._units.common({one.ledger for one in self._units.all()})
        with panel(classes="yj-panel-table"):
            self._table = Table(
                transfer_columns(currency),
                self._load,
                caption=t("ledger.transfers"),
                empty=self._empty,
                address=self._address,
            )
        await self._table.show()

    async def _reload(self) -> None:
        await self._table.restart()

    def _empty(self) -> None:
        goes_on = self._table.has_next
        key = "ledger.search_goes_on" if goes_on else "ledger.no_transfers"
        empty(t(key), hint=t(f"{key}_hint"), icon="swap_horiz")

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        query = query_of(self._address.all(), self._units)
        query = replace(query, cursor=wanted.cursor, limit=PAGE_ROWS)
        batch, cursor = await ask(self._desk.ledger.find_transfers, query)
        rows = TransferRow.all_of(batch)
        names = await self._desk.alias_of(sides_of(rows)) if rows else {}
        return transfer_rows(rows, self._units, names), cursor


def csv_rows(desk: Desk, parameters: Mapping[str, str]) -> Iterator[Sequence[str | int]]:
    """Yield every transfer the filters let through, amounts in whole minor units."""
    units = Units(desk.ledger.ledgers())
    query = replace(query_of(parameters, units), limit=CSV_ROWS)
    yield CSV_HEAD
    while True:
        batch, cursor = desk.ledger.find_transfers(query)
        for row in TransferRow.all_of(batch):
            yield csv_row(row, units)
        if cursor is None:
            return
        query = replace(query, cursor=cursor)


def register(desk: Desk) -> None:
    """Put the search for transfers and its CSV on the console."""
    csv_route(CSV_PATH, lambda parameters: csv_rows(desk, parameters))

    @page("/transfers", title="ledger.transfers", active="ledger.transfers")
    async def transfers() -> None:
        await Transfers(desk).draw()
