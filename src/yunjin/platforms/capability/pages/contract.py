"""One contract: what was agreed, by whom, its papers and agreements, and its timeline."""

from collections.abc import Callable, Iterator
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.console import (
    Markup,
    ask,
    box,
    button,
    formats,
    html,
    live,
    markup,
    page,
    panel,
    t,
    title_row,
)
from yunjin.kernel.clock import Clock
from yunjin.platforms.capability.api.contracts import (
    Contract,
    ContractEntry,
    ContractsApi,
    ContractState,
)
from yunjin.platforms.capability.api.documents import Document, DocumentsApi
from yunjin.platforms.capability.errors.offers import ContractNotFound
from yunjin.platforms.capability.pages import documents as document_pages
from yunjin.platforms.capability.pages.acts import moment, said_deed, timeline
from yunjin.platforms.capability.pages.contracts import offer_of, state_chip

_ICONS: Final = {
    "drafted": "edit_note",
    "changed": "tune",
    "offered": "send",
    "recalled": "undo",
    "declined": "thumb_down",
    "signed": "draw",
    "fulfilled": "task_alt",
    "released": "link_off",
    "ended": "flag",
    "void": "block",
}
_TONES: Final[dict[str, Any]] = {
    "signed": "good",
    "fulfilled": "good",
    "declined": "bad",
    "void": "warn",
}
_MAY_SIGN: Final = (ContractState.DRAFT, ContractState.OFFERED)
_MAY_VOID: Final = (*_MAY_SIGN, ContractState.SIGNED)


class OneContract:
    """One reader's view of a contract; it follows while people are to sign."""

    def __init__(
        self, contracts: ContractsApi, documents: DocumentsApi, clock: Clock, contract_id: UUID
    ) -> None:
        self._contracts, self._documents = contracts, documents
        self._clock, self._id = clock, contract_id

    async def draw(self) -> None:
        """Lay the page. Raises: ContractNotFound."""
        await self._read()
        with title_row(t("contract.contract"), note=markup.ident(str(self._id), str(self._id))):
            self._state = html("", tag="span")
            with box("yj-push yj-deeds") as self._deeds:
                pass
        with box("yj-halves"):
            with panel(t("contract.agreed")):
                self._facts = html("")
            with panel(t("contract.papers")):
                self._papers = html("")
        with panel(t("paper.history")):
            self._past = html("")
        self._show()
        live(1.0, self._follow)

    async def _read(self) -> None:
        self._one: Contract = await ask(self._contracts.contract, self._id)
        self._entries: list[ContractEntry] = await ask(self._contracts.history, self._id)
        self._found: list[Document] = [
            await ask(self._documents.document, one) for one in self._one.document_ids
        ]

    async def _follow(self) -> None:
        if self._one.state is ContractState.OFFERED:
            await self._again()

    async def _again(self) -> None:
        before = (self._one, self._found)
        await self._read()
        if before != (self._one, self._found):
            self._show()

    def _show(self) -> None:
        one = self._one
        self._state.set_content(str(state_chip(one)))
        self._facts.set_content(str(_facts(one)))
        self._papers.set_content(str(_papers(self._found)))
        self._past.set_content(str(timeline(_steps(self._entries))))
        self._deeds.clear()
        with self._deeds:
            if one.state in _MAY_SIGN:
                button(t("paper.deed.sign_contract"), self._sign, icon="draw")
            if one.state is ContractState.OFFERED:
                button(t("paper.deed.recall_contract"), self._deed("recall"), icon="undo")
            if one.state is ContractState.IN_FORCE:
                button(t("paper.deed.end_contract"), self._deed("end"), icon="flag")
            if one.state in _MAY_VOID:
                button(t("paper.deed.void_contract"), self._deed("void"), icon="block")

    def _sign(self) -> None:
        def act(command_id: UUID, said: str, by: str) -> None:
            self._contracts.sign(command_id, self._id, said, by=by)

        said_deed(self._clock, "sign_contract", act, self._again, asks="evidence")

    def _deed(self, name: str) -> Callable[[], None]:
        command: Any = getattr(self._contracts, name)

        def act(command_id: UUID, said: str, by: str) -> None:
            command(command_id, self._id, said, by=by)

        return lambda: said_deed(self._clock, f"{name}_contract", act, self._again)


def _facts(one: Contract) -> Markup:
    parties = Markup("<br>").join(
        Markup("{} {}").format(
            t(f"contract.part.{each.part.value}"),
            markup.link(formats.shortened(each.party_id), f"/customers/{each.party_id}"),
        )
        for each in one.parties
    )
    agreements = Markup(", ").join(
        markup.link(formats.account(each), f"/agreements/{each}") for each in one.agreement_ids
    )
    terms = Markup("<br>").join(f"{each.name} = {formats.number(each.value)}" for each in one.terms)
    pairs: list[tuple[str, Markup | str]] = [
        (t("offer.offer"), offer_of(one)),
        (t("offer.product"), f"{one.product} v{one.product_version}"),
        (t("contract.parties"), parties),
        (t("contract.terms"), terms or "—"),
        (t("contract.agreements"), agreements or "—"),
        (t("contract.force"), f"{one.since or '…'} – {one.until or '…'}"),
        (t("contract.at"), moment(one.at)),
    ]
    if one.reference:
        pairs.append((t("contract.reference"), one.reference))
    if one.why:
        pairs.append((t("paper.why"), one.why))
    return markup.facts(pairs)


def _papers(found: list[Document]) -> Markup:
    if not found:
        return Markup('<p class="yj-note">{}</p>').format(t("contract.no_papers"))
    return Markup("<div>{}</div>").format(
        Markup("").join(
            Markup("<p>{} {}</p>").format(
                markup.link(one.title, f"/documents/{one.document_id}"),
                document_pages.state_chip(one),
            )
            for one in found
        )
    )


def _steps(entries: list[ContractEntry]) -> Iterator[Any]:
    for one in entries:
        tone = _TONES.get(one.what, "neutral")
        icon = _ICONS.get(one.what, "circle")
        note = " · ".join(filter(None, (one.subject, one.why)))
        yield icon, t(f"contract.did.{one.what}"), tone, one.by, one.at, note


def register(contracts: ContractsApi, documents: DocumentsApi, clock: Clock) -> None:
    """Put the page of a contract on the console."""

    @page("/contracts/{contract_id}", title="contract.contract", active="contract.contracts")
    async def shown(contract_id: str) -> None:
        try:
            wanted = UUID(contract_id)
        except ValueError:
            what = "There is no such contract."
            raise ContractNotFound(what, contract_id=contract_id[:40]) from None
        await OneContract(contracts, documents, clock, wanted).draw()
