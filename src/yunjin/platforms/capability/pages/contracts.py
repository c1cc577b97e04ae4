"""Contracts: all of them by state, party and offer."""

from collections.abc import Sequence
from typing import Any, Final

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Filters,
    Markup,
    Row,
    Table,
    ask,
    empty,
    formats,
    markup,
    page,
    panel,
    t,
    title_row,
)
from yunjin.kernel.clock import nanoseconds
from yunjin.platforms.capability.api.contracts import Contract, ContractsApi, ContractState

PAGE_ROWS: Final = 50
_TONES: Final[dict[ContractState, Any]] = {
    ContractState.DRAFT: "neutral",
    ContractState.OFFERED: "info",
    ContractState.SIGNED: "info",
    ContractState.IN_FORCE: "good",
    ContractState.ENDED: "neutral",
    ContractState.VOID: "warn",
}


class Contracts:
    """One reader's list of contracts."""

    def __init__(self, contracts: ContractsApi) -> None:
        self._contracts, self._address = contracts, Address()

    async def draw(self) -> None:
        """Lay the list."""
        with title_row(t("contract.contracts"), note=t("contract.contracts_note")):
            pass
        self._filters = Filters(self._address, self._restart)
        with self._filters as row:
            row.choice(
                "state",
                t("paper.state"),
                t("paper.all_states"),
                {one.value: t(f"contract.state.{one.value}") for one in ContractState},
            )
            row.text("party", t("message.party"), icon="search")
            row.text("offer", t("offer.code"))
        with panel(classes="yj-panel-table"):
            self._table = Table(
                columns(),
                self._load,
                caption=t("contract.contracts"),
                empty=self._nothing,
                address=self._address,
            )
        await self._table.show()

    async def _restart(self) -> None:
        await self._table.restart()

    def _nothing(self) -> None:
        if self._filters.is_filtered:
            empty(t("contract.none_found"), icon="search_off")
            return
        empty(t("contract.none"), hint=t("contract.none_hint"), icon="handshake")

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        chosen = self._address.all()
        party, offer = (chosen.get(name, "").strip() for name in ("party", "offer"))
        if not (party + offer).isascii() or len(party) > 64 or len(offer) > 40:
            return [], None
        states = {one.value: one for one in ContractState}
        found = await ask(
            self._contracts.contracts,
            state=states.get(chosen.get("state", "")),
            party_id=party,
            offer=offer,
            limit=PAGE_ROWS,
            cursor=wanted.cursor,
        )
        return [row_of(one) for one in found.items], found.next_cursor


def columns() -> list[Column]:
    """Return the columns of contracts."""
    return [
        Column(key="id", label=t("contract.contract"), card="lead"),
        Column(key="offer", label=t("offer.offer"), card="line"),
        Column(key="party", label=t("contract.customer"), card="line"),
        Column(key="at", label=t("contract.at"), is_whole=True, card="left"),
        Column(key="state", label=t("paper.state"), card="side"),
    ]


def row_of(one: Contract) -> Row:
    """Return a contract as a row."""
    text, first = str(one.contract_id), one.parties[0].party_id
    return {
        "id": markup.ident(text, formats.shortened(text), f"/contracts/{text}"),
        "offer": offer_of(one),
        "party": markup.link(formats.shortened(first), f"/customers/{first}"),
        "at": formats.moment(nanoseconds(one.at)),
        "state": state_chip(one),
    }


def offer_of(one: Contract) -> Markup:
    """Return the version of the offer that a contract is on."""
    path = f"/offers/{one.offer}/{one.offer_version}"
    return markup.link(f"{one.offer} v{one.offer_version}", path)


def state_chip(one: Contract) -> Markup:
    """Return a contract's state."""
    return markup.chip(t(f"contract.state.{one.state.value}"), _TONES[one.state], hint=one.why)


def register(contracts: ContractsApi) -> None:
    """Put the list of contracts on the console."""

    @page("/contracts", title="contract.contracts", active="contract.contracts")
    async def listed() -> None:
        await Contracts(contracts).draw()
