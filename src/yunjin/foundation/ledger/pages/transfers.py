"""Transfers: look for some by ledger, code, amount, time or reference."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from yunjin.chassis.console import (
    Address,
    Ask,
    Filters,
    Row,
    ask,
    csv_route,
    formats,
    listing,
    page,
    t,
)
from yunjin.foundation.ledger.api import TransferQuery
from yunjin.foundation.ledger.pages.desk import Desk
from yunjin.foundation.ledger.pages.reading import TransferRow, Units, following, whole
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
    ledger = whole(parameters.get("ledger"), 1 << 32)
    # An amount is read in the chosen ledger's currency, or in the one that all share.
    known = {one.ledger for one in units.all()}
    currency = units.common({one for one in known if one == ledger} or known) or "CNY"

    def amount(name: str) -> int | None:
        try:
            return parse_minor(parameters.get(name, ""), currency)
        except Malformed:
            return None

    since = formats.parse_day(parameters.get("from", ""))
    until = formats.parse_day(parameters.get("until", ""))
    return TransferQuery(
        ledger=ledger,
        code=whole(parameters.get("code"), 1 << 16),
        user_data_64=whole(parameters.get("reference"), 1 << 64),
        user_data_128=as_uuid(parameters.get("reference", "")),
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
        """Lay the list."""
        self._units = await self._desk.units()
        currency = self._units.common({one.ledger for one in self._units.all()})
        await listing(
            "ledger.transfers",
            icon="swap_horiz",
            csv_path=CSV_PATH,
            address=self._address,
            filters=self._filters,
            columns=transfer_columns(currency),
            load=self._load,
        )

    def _filters(self, filters: Filters) -> None:
        filters.choice("ledger", t("ledger.ledger"), t("ledger.all_ledgers"), self._units.choices())
        filters.number("code", t("ledger.transfer_code"))
        filters.text("min", t("ledger.amount_from"))
        filters.text("max", t("ledger.amount_until"))
        filters.day("from", t("ledger.from_day"))
        filters.day("until", t("ledger.until_day"))
        filters.text("reference", t("ledger.reference"))

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
    for batch in following(
        lambda cursor: desk.ledger.find_transfers(replace(query, cursor=cursor))
    ):
        for row in TransferRow.all_of(batch):
            yield csv_row(row, units)


def register(desk: Desk) -> None:
    """Put the search for transfers and its CSV on the console."""
    csv_route(CSV_PATH, lambda parameters: csv_rows(desk, parameters))

    @page("/transfers", title="ledger.transfers", active="ledger.transfers")
    async def transfers() -> None:
        await Transfers(desk).draw()
