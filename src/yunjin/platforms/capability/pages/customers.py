"""Customers: go through them by what they are and how they stand, or find one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Filters,
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
from yunjin.kernel.clock import nanoseconds
from yunjin.platforms.capability.api.party_facts import (
    Kyc,
    PartyKind,
    PartyLine,
    PartyQuery,
    PartyState,
    Role,
)
from yunjin.platforms.capability.pages.customer_desk import (
    Desk,
    ident,
    kyc_chip,
    party_link,
    role_words,
    state_chip,
)
from yunjin.platforms.capability.pages.customer_search import is_number, looked_for

PAGE_ROWS: Final = 50
CSV_ROWS: Final = 200
CSV_PATH: Final = "/customers.csv"
CSV_HEAD: Final = ("party_id", "kind", "country", "state", "kyc", "review", "roles", "opened")
CHOICES: Final = {"kind": PartyKind, "kyc": Kyc, "role": Role, "state": PartyState}


class QuietAddress(Address):
    """An address that keeps no number of a document or a phone: histories and logs keep it."""

    def url(self, path: str = "") -> str:
        """Return this address without such a number."""
        kept = self._parameters
        if is_number(kept.get("q", "")):
            self._parameters = {name: value for name, value in kept.items() if name != "q"}
        try:
            return super().url(path)
        finally:
            self._parameters = kept


def query_of(parameters: Mapping[str, str], cursor: str | None, limit: int) -> PartyQuery:
    """Read the address's filters; what is not of a filter's form does not filter."""
    chosen: dict[str, Any] = {
        name: parameters.get(name, "") if parameters.get(name) in set(kinds) else ""
        for name, kinds in CHOICES.items()
    }
    return PartyQuery(**chosen, limit=limit, cursor=cursor)


def find(
    desk: Desk, parameters: Mapping[str, str], cursor: str | None, limit: int
) -> tuple[list[PartyLine], str | None]:
    """Return a page of the parties that the filters let through, and a cursor.

    Raises: Malformed (cursor).
    """
    return looked_for(desk.parties, parameters.get("q", ""), query_of(parameters, cursor, limit))


class Customers:
    """One reader's list of customers."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._address = desk, QuietAddress()

    async def draw(self) -> None:
        """Lay the list."""
        title = title_row(t("party.customers"), note=t("party.customers_note"))
        with title, box("yj-push yj-deeds"):
            new = markup.button_link(t("party.open"), "/customers/new", sign="person_add")
            html(new, tag="span")
            csv_link(CSV_PATH)
        self._filters = Filters(self._address, self._restart)
        with self._filters as row:
            row.text("q", t("party.find"), icon="search", hint=t("party.find_hint"))
            for name, kinds in CHOICES.items():
                row.choice(
                    name,
                    t(f"party.{name}"),
                    t(f"party.all_{name}"),
                    {one.value: t(f"party.{name}.{one.value}") for one in kinds},
                )
        with panel(classes="yj-panel-table"):
            self._table = Table(
                columns(),
                self._load,
                caption=t("party.customers"),
                empty=self._nothing,
                address=self._address,
            )
        await self._table.show()

    async def _restart(self) -> None:
        await self._table.restart()

    def _nothing(self) -> None:
        if self._filters.is_filtered:
            empty(t("party.none_found"), hint=t("party.none_found_hint"), icon="search_off")
            return
        empty(
            t("party.none_yet"),
            hint=t("party.none_yet_hint"),
            icon="groups",
            action=markup.button_link(t("party.open"), "/customers/new", sign="person_add"),
        )

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        found, after = await ask(
            find, self._desk, self._address.all(), wanted.cursor, limit=PAGE_ROWS
        )
        return [row_of(one) for one in found], after


def columns() -> list[Column]:
    """Return the columns of the list."""
    return [
        Column(key="name", label=t("party.name"), card="lead"),
        Column(key="id", label=t("party.id"), card="line"),
        Column(key="kind", label=t("party.kind"), is_whole=True, card="left"),
        Column(key="role", label=t("party.role"), card="right"),
        Column(key="kyc", label=t("party.kyc"), is_whole=True, card="left"),
        Column(key="opened", label=t("party.opened"), is_whole=True, card="right"),
        Column(key="state", label=t("party.state"), card="side"),
    ]


def row_of(one: PartyLine) -> Row:
    """Return a party as a row."""
    return {
        "name": party_link(one.party_id, one.name),
        "id": ident(one.party_id),
        "kind": t(f"party.kind.{one.kind.value}"),
        "role": role_words(one.roles),
        "kyc": kyc_chip(one.kyc),
        "opened": formats.local(nanoseconds(one.opened)).date().isoformat(),
        "state": state_chip(one.state),
    }


def csv_rows(desk: Desk, parameters: Mapping[str, str]) -> Iterator[Sequence[str | int]]:
    """Yield every party the filters let through; names stay here."""
    yield CSV_HEAD
    cursor: str | None = None
    while True:
        found, cursor = find(desk, parameters, cursor, CSV_ROWS)
        for one in found:
            review = one.review.isoformat() if one.review else ""
            roles = " ".join(role.value for role in one.roles)
            plain = (one.party_id, one.kind.value, one.country, one.state.value, one.kyc.value)
            yield [*plain, review, roles, one.opened.isoformat()]
        if cursor is None:
            return


def register(desk: Desk) -> None:
    """Put the list of customers and its CSV on the console."""
    csv_route(CSV_PATH, lambda parameters: csv_rows(desk, parameters))

    @page("/customers", title="party.customers", active="party.customers")
    async def customers() -> None:
        await Customers(desk).draw()
