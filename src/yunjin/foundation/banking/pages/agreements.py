"""Agreements: go through them by product, branch, status and party, or open a new one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Filters,
    Markup,
    Row,
    Table,
    ask,
    box,
    csv_link,
    csv_route,
    empty,
    formats,
    html,
    markup,
    page,
    panel,
    t,
    title_row,
)
from yunjin.foundation.banking.api.agreements import Agreement, AgreementQuery
from yunjin.foundation.banking.api.products import ProductInfo
from yunjin.foundation.banking.errors import AgreementNotFound
from yunjin.foundation.banking.pages import terms
from yunjin.foundation.banking.pages.desk import (
    Desk,
    agreement_ident,
    product_link,
    risk_chips,
    status_chip,
)
from yunjin.foundation.banking.pages.reading import agreement_number, owed_minor

PAGE_ROWS: Final = 50
CSV_ROWS: Final = 200
CSV_PATH: Final = "/agreements.csv"
STATUSES: Final = ("open", "closed", "stopped")
CSV_HEAD: Final = (
    "agreement_id", "product", "version", "currency", "party_id", "branch", "status", "opened",
    "balance_minor", "held_minor", "available_minor", "days_overdue", "risk_class",
)  # fmt: skip


def query_of(parameters: Mapping[str, str]) -> AgreementQuery:
    """Read the address's filters; what is not of a filter's form does not filter."""
    status = parameters.get("status", "")
    return AgreementQuery(
        product=parameters.get("product", ""),
        branch=parameters.get("branch", "").strip(),
        party_id=parameters.get("party", "").strip(),
        status=status if status in STATUSES else "",
    )


def find(
    desk: Desk, parameters: Mapping[str, str], cursor: str | None, limit: int
) -> tuple[list[Agreement], str | None]:
    """Return a page of the agreements that the filters let through, and a cursor.

    Raises: Malformed (cursor).
    """
    text = parameters.get("q", "").strip()
    if text:
        number = agreement_number(text, desk.doors.ledger.state().cell)
        try:
            found = [desk.doors.agreements.agreement(number)] if number else []
        except AgreementNotFound:
            found = []
        return [one for one in found if _fits(one, query_of(parameters))], None
    query = query_of(parameters)
    if not f"{query.product}{query.branch}{query.party_id}".isascii():  # as codes and ids are
        return [], None
    page_of = desk.doors.agreements.find(replace(query, limit=limit, cursor=cursor))
    return list(page_of.items), page_of.next_cursor


def _fits(one: Agreement, query: AgreementQuery) -> bool:
    pairs = (
        (query.product, one.product),
        (query.branch, one.branch),
        (query.party_id, one.party_id),
        (query.status, one.status),
    )
    return all(wanted in ("", there) for wanted, there in pairs)


class Agreements:
    """One reader's list of agreements."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._address = Address()

    async def draw(self) -> None:
        """Lay the list."""
        codes = await ask(self._desk.codes)
        with title_row(t("banking.agreements"), note=t("banking.agreements_note")):
            new = markup.button_link(t("banking.open_agreement"), "/agreements/new", sign="add")
            with box("yj-push yj-deeds"):
                html(new, tag="span")
                csv_link(CSV_PATH)
        self._filters = Filters(self._address, self._restart)
        with self._filters as row:
            row.text(
                "q",
                t("banking.find_agreement"),
                icon="search",
                hint=t("banking.find_agreement_hint"),
            )
            row.choice(
                "product",
                t("banking.product"),
                t("banking.all_products"),
                {code: terms.product_name(code) for code in codes},
            )
            row.choice(
                "status",
                t("banking.state"),
                t("banking.all_states"),
                {one: t(f"banking.status.{one}") for one in STATUSES},
            )
            row.text("party", t("banking.party"))
            row.text("branch", t("banking.branch"))
        with panel(classes="yj-panel-table"):
            self._table = Table(
                columns(),
                self._load,
                caption=t("banking.agreements"),
                empty=self._nothing,
                address=self._address,
            )
        await self._table.show()

    async def _restart(self) -> None:
        await self._table.restart()

    def _nothing(self) -> None:
        if self._filters.is_filtered:
            empty(t("banking.none_found"), hint=t("banking.none_found_hint"), icon="search_off")
            return
        empty(
            t("banking.none_yet"),
            hint=t("banking.none_yet_hint"),
            icon="folder_open",
            action=markup.button_link(t("banking.open_agreement"), "/agreements/new", sign="add"),
        )

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        found, after = await ask(
            find, self._desk, self._address.all(), wanted.cursor, limit=PAGE_ROWS
        )
        return await ask(rows_of, self._desk, found), after


def columns() -> list[Column]:
    """Return the columns of the list."""
    return [
        Column(key="id", label=t("banking.agreement"), card="lead"),
        Column(key="product", label=t("banking.product"), is_whole=True, card="left"),
        Column(key="party", label=t("banking.party"), is_whole=True, card="right"),
        Column(key="branch", label=t("banking.branch"), is_whole=True, card="none"),
        Column(key="balance", label=t("banking.balance"), is_number=True, card="side"),
        Column(key="available", label=t("banking.available"), is_number=True, card="none"),
        Column(key="due", label=t("banking.next_due"), is_whole=True, card="right"),
        Column(key="state", label=t("banking.state"), card="left"),
    ]


def rows_of(desk: Desk, found: Sequence[Agreement]) -> list[Row]:
    """Return agreements as rows. Raises: what reading a product file raises."""
    kinds = {(one.product, one.version) for one in found}
    infos = {kind: desk.info(*kind) for kind in kinds}
    return [row_of(one, infos[one.product, one.version]) for one in found]


def row_of(one: Agreement, info: ProductInfo) -> Row:
    """Return an agreement as a row; a loan's balance is all that is owed."""
    due, owed = min(one.due.values(), default=None), owed_minor(one, info)
    return {
        "id": agreement_ident(one.agreement_id),
        "product": product_link(one.product),
        "party": one.party_id,
        "branch": terms.branch_name(one.branch),
        "balance": Markup('<span>{} <small class="yj-side">{}</small></span>').format(
            formats.money(one.balance_minor if owed is None else owed, one.currency), one.currency
        ),
        # what is owed is not there to be taken
        "available": formats.money(one.available_minor, one.currency) if owed is None else "—",
        "due": due.isoformat() if due else "—",
        "state": status_chip(one) + risk_chips(one, only_bad=True),
    }


def csv_rows(desk: Desk, parameters: Mapping[str, str]) -> Iterator[Sequence[str | int]]:
    """Yield every agreement the filters let through; ids are text, spreadsheets round them."""
    yield CSV_HEAD
    cursor: str | None = None
    while True:
        found, cursor = find(desk, parameters, cursor, CSV_ROWS)
        for one in found:
            yield [
                str(one.agreement_id), one.product, one.version, one.currency, one.party_id,
                one.branch, one.status, one.opened.isoformat(), one.balance_minor,
                one.held_minor, one.available_minor, one.days_overdue, one.risk_class,
            ]  # fmt: skip
        if cursor is None:
            return


def register(desk: Desk) -> None:
    """Put the list of agreements and its CSV on the console."""
    csv_route(CSV_PATH, lambda parameters: csv_rows(desk, parameters))

    @page("/agreements", title="banking.agreements", active="banking.agreements")
    async def agreements() -> None:
        await Agreements(desk).draw()
