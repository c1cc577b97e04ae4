"""What a customer has had to do with the centres, newest first."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from yunjin.chassis.console import (
    Column,
    Markup,
    Row,
    ask,
    formats,
    html,
    markup,
    panel,
    quiet,
    t,
    table_html,
)
from yunjin.kernel.clock import nanoseconds
from yunjin.platforms.capability.api.businesses import BusinessesApi
from yunjin.platforms.capability.api.contracts import ContractsApi
from yunjin.platforms.capability.api.documents import DocumentsApi
from yunjin.platforms.capability.api.lending import LendingApi
from yunjin.platforms.capability.api.payments import PaymentsApi
from yunjin.platforms.capability.api.tasks import Link, TasksApi

SHOWN_MAX: Final = 50
OF_EACH: Final = 20
AGREEMENTS_MAX: Final = 5  # whose payments are looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealing:
    """Something there was. state: key of a word."""

    kind: str
    at: dt.datetime
    title: str
    path: str
    state: str


def dealings_of(
    doors: Mapping[type, Any], party_id: str, agreement_ids: Iterable[int]
) -> list[Dealing]:
    """Return what there was with a party, newest first: of each centre that there is."""
    found: list[Dealing] = []
    for door, of in _OF.items():
        if door in doors:
            found += of(doors[door], party_id)
    if PaymentsApi in doors:
        found += _payments(doors[PaymentsApi], agreement_ids)
    return sorted(found, key=lambda one: one.at, reverse=True)[:SHOWN_MAX]


def _cases(door: BusinessesApi, party_id: str) -> Iterator[Dealing]:
    for one in door.cases(party_id=party_id, limit=OF_EACH).items:
        yield Dealing(
            kind="case",
            at=one.at,
            title=f"{one.business} · {one.deed}",
            path=f"/businesses/cases/{one.case_id}",
            state=f"business.state.{one.state.value}",
        )


def _tasks(door: TasksApi, party_id: str) -> Iterator[Dealing]:
    link = Link(kind="party", id=party_id)
    for is_ended in (False, True):
        for one in door.tasks(link=link, is_ended=is_ended, limit=OF_EACH).items:
            yield Dealing(
                kind="task",
                at=one.opened_at,
                title=one.title,
                path=f"/tasks/{one.task_id}",
                state=f"task.state.{one.state.value}",
            )


def _loans(door: LendingApi, party_id: str) -> Iterator[Dealing]:
    for one in door.applications(party_id=party_id, limit=OF_EACH).items:
        amount = formats.money(one.asked.amount_minor, one.asked.currency)
        yield Dealing(
            kind="application",
            at=one.at,
            title=f"{one.asked.product} · {amount} {one.asked.currency}",
            path=f"/lending/applications/{one.application_id}",
            state=f"lending.state.{one.state.value}",
        )


def _contracts(door: ContractsApi, party_id: str) -> Iterator[Dealing]:
    for one in door.contracts(party_id=party_id, limit=OF_EACH).items:
        yield Dealing(
            kind="contract",
            at=one.at,
            title=one.offer,
            path=f"/contracts/{one.contract_id}",
            state=f"contract.state.{one.state.value}",
        )


def _papers(door: DocumentsApi, party_id: str) -> Iterator[Dealing]:
    link = Link(kind="party", id=party_id)
    for one in door.documents(link=link, limit=OF_EACH).items:
        yield Dealing(
            kind="document",
            at=one.at,
            title=one.title,
            path=f"/documents/{one.document_id}",
            state=f"document.state.{one.state.value}",
        )


def _payments(door: PaymentsApi, agreement_ids: Iterable[int]) -> Iterator[Dealing]:
    for agreement_id in islice(agreement_ids, AGREEMENTS_MAX):
        for one in door.payments(agreement_id=agreement_id, limit=OF_EACH).items:
            amount = formats.money(one.amount_minor, one.currency)
            yield Dealing(
                kind="payment",
                at=one.at,
                title=f"{amount} {one.currency}",
                path=f"/payments/{one.payment_id}",
                state=f"capability.payment_state.{one.state.value}",
            )


_OF: Final[dict[type, Callable[[Any, str], Iterator[Dealing]]]] = {
    BusinessesApi: _cases,
    TasksApi: _tasks,
    LendingApi: _loans,
    ContractsApi: _contracts,
    DocumentsApi: _papers,
}


class Dealings:
    """The section of a customer's page."""

    def __init__(
        self, doors: Mapping[type, Any], party_id: str, agreement_ids: Iterable[int]
    ) -> None:
        self._doors, self._party_id, self._agreements = doors, party_id, list(agreement_ids)

    def draw(self) -> None:
        """Lay the section."""
        with panel(t("party.dealings"), note=t("party.dealings_note")):
            self._table = html("")

    async def fill(self) -> None:
        """Fill it."""
        found = await ask(dealings_of, self._doors, self._party_id, self._agreements)
        told = quiet("inbox", t("party.no_dealings"), t("party.no_dealings_hint"))
        self._table.set_content(str(_table(found) if found else told))


def _table(found: Iterable[Dealing]) -> Markup:
    columns = [
        Column(key="what", label=t("party.dealing"), card="lead"),
        Column(key="kind", label=t("party.dealing_kind"), card="left"),
        Column(key="at", label=t("party.dealing_at"), is_whole=True, card="left"),
        Column(key="state", label=t("party.dealing_state"), card="side"),
    ]
    rows: list[Row] = [
        {
            "what": markup.link(one.title, one.path),
            "kind": t(f"party.dealing.{one.kind}"),
            "at": formats.moment(nanoseconds(one.at)),
            "state": markup.chip(t(one.state), "neutral"),
        }
        for one in found
    ]
    return table_html(columns, rows, caption=t("party.dealings"))
