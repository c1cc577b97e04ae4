"""The contract centre: what was agreed, offered, signed, fulfilled, ended."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.flow import Flows
from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork
from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.kernel.clock import instant
from yunjin.kernel.errors import Malformed
from yunjin.platforms.capability.api.contracts import (
    AGREEMENTS_MAX,
    CLEARING,
    PAPERS_MAX,
    PARTIES_MAX,
    SIGNING,
    Contract,
    ContractParty,
    ContractState,
    NewContract,
    PartyPart,
)
from yunjin.platforms.capability.api.documents import DocumentsApi, DocumentState, NewDocument
from yunjin.platforms.capability.api.offers import Circumstances, OffersApi, Term
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.service.contract_book import (
    NOT_IN_FORCE,
    ContractBook,
    paper_out,
    refused,
)
from yunjin.platforms.capability.service.values import ahead, check_code, check_text
from yunjin.platforms.capability.store import contracts as store
from yunjin.platforms.capability.store.contracts import Kept
from yunjin.platforms.capability.store.tasks import micros

_WHY_MAX: Final = 200


class ContractService(ContractBook):
    """Contracts over a room's tables and flows, and the centres that they join.

    Parameters
    ----------
    agreements : the bank's; None: contracts are not fulfilled here.
    today : the business date.
    """

    def __init__(
        self,
        room: RoomDatabase,
        flows: Flows,
        *,
        offers: OffersApi,
        parties: PartiesApi,
        documents: DocumentsApi,
        agreements: AgreementsApi | None,
        today: Callable[[], dt.date],
        cursor_key: bytes,
    ) -> None:
        super().__init__(room, flows, documents=documents, cursor_key=cursor_key)
        self._offers, self._parties, self._agreements = offers, parties, agreements
        self._today = today

    def draft(self, command_id: UUID, contract: NewContract, *, by: str = "") -> Contract:
        """Draft a contract. Raises: as ContractsApi says."""
        _check_new(contract)
        check_text("name of a person", by, most=64)
        customer = next(one for one in contract.parties if one.part is PartyPart.CUSTOMER)
        deal = ahead(
            lambda: self._offers.deal(
                contract.offer,
                customer.party_id,
                contract.terms,
                version=contract.offer_version,
                circumstances=contract.circumstances,
            )
        )
        parties = ahead(lambda: self._known(contract.parties))

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            agreed, now = deal(), instant(self._room.clock.now_ns())
            made = Contract(
                contract_id=command_id,
                offer=agreed.offer,
                offer_version=agreed.version,
                product=agreed.product,
                product_version=agreed.product_version,
                terms=agreed.terms,
                parties=parties(),
                reference=contract.reference,
                note=contract.note,
                state=ContractState.DRAFT,
                document_ids=(),
                agreement_ids=(),
                at=now,
                changed=now,
                since=None,
                until=None,
                by=by,
                why="",
            )
            occasion = contract.circumstances or Circumstances()
            store.put(work.connection, Kept(contract=made, occasion=occasion))
            self._noted(work, made, "drafted", by, "")
            return {"contract_id": command_id}

        self._room.command(command_id, ["contract.draft", repr(contract), by], body)
        return self.contract(command_id)

    def _known(self, parties: Sequence[ContractParty]) -> tuple[ContractParty, ...]:
        """Return parties under the ids that theirs mean. Raises: PartyNotFound, Malformed."""
        found = tuple(
            replace(one, party_id=self._parties.party(one.party_id).party_id) for one in parties
        )
        if len({one.party_id for one in found}) < len(found):
            raise Malformed("expected each party once, was one twice")
        return found

    def change(
        self, command_id: UUID, contract_id: UUID, terms: Sequence[Term], *, by: str = ""
    ) -> Contract:
        """Agree on other terms. Raises: as ContractsApi says."""
        kept = self._one(contract_id)
        customer = next(one for one in kept.contract.parties if one.part is PartyPart.CUSTOMER)
        deal = ahead(
            lambda: self._offers.deal(
                kept.contract.offer,
                customer.party_id,
                tuple(terms),
                version=kept.contract.offer_version,
                circumstances=kept.occasion,
            )
        )

        def act(work: SqlUnitOfWork, found: Kept) -> Kept:
            _check_state(found, ContractState.DRAFT)
            agreed = deal()
            return _with(found, terms=agreed.terms, product_version=agreed.product_version)

        facts = [[one.name, one.value] for one in terms]
        return self._change(command_id, contract_id, "changed", by, act, facts=facts)

    def offer(
        self,
        command_id: UUID,
        contract_id: UUID,
        papers: Sequence[NewDocument],
        expires_at: dt.datetime,
        *,
        by: str = "",
        flow_id: UUID | None = None,
    ) -> Contract:
        """Offer a draft for signature. Raises: as ContractsApi says."""
        if not 0 < len(papers) <= PAPERS_MAX:
            raise Malformed(f"expected 1 to {PAPERS_MAX} papers, was {len(papers)}")
        if expires_at.tzinfo is None:
            raise Malformed("expected an instant with its zone as the end of signing")
        wanted = [paper_out(one) for one in papers]
        checks = ahead(lambda: [self._documents.check(one) for one in papers])

        def act(work: SqlUnitOfWork, found: Kept) -> Kept:
            _check_state(found, ContractState.DRAFT)
            if not any(one.signs for one in found.contract.parties):
                raise refused("expected a party that signs, was none", "no-signer")
            if expires_at <= instant(self._room.clock.now_ns()):
                raise refused("The end of signing has passed.", "expired")
            checks()
            turn, expires_ns = found.round + 1, micros(expires_at) * 1_000
            name = str(contract_id)
            self._flows.start(command_id, SIGNING, name, turn, wanted, expires_ns, work=work)
            after = _with(found, state=ContractState.OFFERED, document_ids=(), why="")
            return replace(after, round=turn, signing_id=command_id, flow_id=flow_id)

        facts = [wanted, expires_at, flow_id]
        return self._change(command_id, contract_id, "offered", by, act, facts=facts)

    def recall(self, command_id: UUID, contract_id: UUID, why: str, *, by: str = "") -> Contract:
        """Let an offered contract be a draft again. Raises: as ContractsApi says."""

        def act(work: SqlUnitOfWork, found: Kept) -> Kept:
            _check_state(found, ContractState.OFFERED)
            self._clear(work, command_id, found, why)
            return _with(found, state=ContractState.DRAFT, why=why)

        check_text("reason", why, least=1, most=_WHY_MAX)
        return self._change(command_id, contract_id, "recalled", by, act, why=why)

    def sign(self, command_id: UUID, contract_id: UUID, evidence_id: str, *, by: str) -> Contract:
        """Keep that a contract was signed on paper. Raises: as ContractsApi says."""
        check_text("name of a person", by, least=1, most=64)
        check_text("place of the paper", evidence_id, least=1, most=100)
        asked = ahead(lambda: self._is_asked(contract_id))

        def act(work: SqlUnitOfWork, found: Kept) -> Kept:
            _check_state(found, ContractState.DRAFT, ContractState.OFFERED)
            if found.contract.state is ContractState.OFFERED:
                if asked():
                    raise refused("A signing service has its papers; recall it first.", "asked")
                said = {"evidence_id": evidence_id, "by": by}
                self._signal(work, found.signing_id, "hand", said, command_id)
            return _with(found, state=ContractState.SIGNED, why="")

        return self._change(
            command_id, contract_id, "signed", by, act, facts=evidence_id, subject=evidence_id
        )

    def _is_asked(self, contract_id: UUID) -> bool:
        """Return whether a paper is with a signing service."""
        papers = self.contract(contract_id).document_ids
        states = {self._documents.document(one).state for one in papers}
        return not states <= {DocumentState.MADE}

    def fulfil(
        self, command_id: UUID, contract_id: UUID, agreement_ids: Sequence[int], *, by: str = ""
    ) -> Contract:
        """Attach agreements that a contract has opened. Raises: as ContractsApi says."""
        wanted = _wanted(agreement_ids)
        checks = ahead(lambda: self._check_agreements(contract_id, wanted))

        def act(work: SqlUnitOfWork, found: Kept) -> Kept:
            _check_state(found, ContractState.SIGNED, ContractState.IN_FORCE)
            checks()
            owners = store.owners(work.connection, wanted)
            if set(owners.values()) - {contract_id}:
                raise refused("An agreement belongs to another contract.", "other-contract")
            fresh = [one for one in wanted if one not in owners]
            one = found.contract
            if len(one.agreement_ids) + len(fresh) > AGREEMENTS_MAX:
                raise refused(f"expected at most {AGREEMENTS_MAX} agreements", "too-many")
            if fresh:
                store.attach(work.connection, contract_id, fresh)
            return _with(
                found,
                state=ContractState.IN_FORCE,
                agreement_ids=(*one.agreement_ids, *fresh),
                since=one.since or self._today(),
            )

        subject = ", ".join(map(str, wanted))[:_WHY_MAX]
        return self._change(
            command_id, contract_id, "fulfilled", by, act, facts=wanted, subject=subject
        )

    def _check_agreements(self, contract_id: UUID, agreement_ids: Sequence[int]) -> None:
        if self._agreements is None:
            raise refused("There is no bank behind this centre.", "no-bank")
        one = self.contract(contract_id)
        party_ids = {each.party_id for each in one.parties}
        for agreement_id in agreement_ids:
            found = self._agreements.agreement(agreement_id)
            if found.product != one.product:
                raise refused(f"Agreement {agreement_id} is of {found.product}.", "other-product")
            if not party_ids & {found.party_id, *self._parties.resolve([found.party_id])}:
                raise refused(f"Agreement {agreement_id} is another party's.", "other-party")

    def release(
        self,
        command_id: UUID,
        contract_id: UUID,
        agreement_ids: Sequence[int],
        why: str,
        *,
        by: str = "",
    ) -> Contract:
        """Take agreements off again. Raises: as ContractsApi says."""
        wanted = _wanted(agreement_ids)

        def act(work: SqlUnitOfWork, found: Kept) -> Kept:
            _check_state(found, ContractState.IN_FORCE)
            if not set(wanted) <= set(found.contract.agreement_ids):
                raise refused("expected agreements of the contract, was another", "not-its-own")
            store.detach(work.connection, wanted)
            left = tuple(one for one in found.contract.agreement_ids if one not in wanted)
            after = _with(found, agreement_ids=left, why=why)
            return after if left else _with(after, state=ContractState.SIGNED, since=None)

        subject = ", ".join(map(str, wanted))[:_WHY_MAX]
        return self._change(
            command_id,
            contract_id,
            "released",
            by,
            act,
            why=why,
            facts=wanted,
            subject=subject,
        )

    def end(self, command_id: UUID, contract_id: UUID, why: str, *, by: str = "") -> Contract:
        """End a contract whose agreements are closed. Raises: as ContractsApi says."""
        still_open = ahead(lambda: self._open_of(contract_id))

        def act(work: SqlUnitOfWork, found: Kept) -> Kept:
            _check_state(found, ContractState.IN_FORCE)
            if still_open():
                raise refused(f"Agreement {still_open()[0]} is open; close it first.", "open")
            return _with(found, state=ContractState.ENDED, until=self._today(), why=why)

        return self._change(command_id, contract_id, "ended", by, act, why=why)

    def _open_of(self, contract_id: UUID) -> list[int]:
        ids = self.contract(contract_id).agreement_ids
        if self._agreements is None:
            return list(ids)
        doors = self._agreements
        return [one for one in ids if doors.agreement(one).status != "closed"]

    def void(self, command_id: UUID, contract_id: UUID, why: str, *, by: str = "") -> Contract:
        """Let a contract not hold that is not in force. Raises: as ContractsApi says."""

        def act(work: SqlUnitOfWork, found: Kept) -> Kept:
            _check_state(found, *NOT_IN_FORCE)
            self._clear(work, command_id, found, why)
            return _with(found, state=ContractState.VOID, why=why)

        check_text("reason", why, least=1, most=_WHY_MAX)
        return self._change(command_id, contract_id, "void", by, act, why=why)

    def _clear(self, work: SqlUnitOfWork, command_id: UUID, found: Kept, why: str) -> None:
        """Let a contract's papers be void, and whoever waits know of it."""
        papers = [str(one) for one in found.contract.document_ids]
        if papers:
            self._flows.start(command_id, CLEARING, papers, why, work=work)
        self._signal(work, found.signing_id, "hand", {"evidence_id": "", "by": ""}, command_id)


def _with(kept: Kept, **changes: Any) -> Kept:
    return replace(kept, contract=replace(kept.contract, **changes))


def _check_state(found: Kept, *wanted: ContractState) -> None:
    state = found.contract.state
    if state not in wanted:
        names = " or ".join(one.value for one in wanted)
        raise refused(f"expected a contract that is {names}, was {state.value}", state.value)


def _check_new(contract: NewContract) -> None:
    check_code("offer", contract.offer, least=1, most=40)
    check_code("reference", contract.reference, most=80)
    check_text("note", contract.note, most=200)
    parties = contract.parties
    if not 0 < len(parties) <= PARTIES_MAX:
        raise Malformed(f"expected 1 to {PARTIES_MAX} parties, was {len(parties)}")
    if all(one.part is not PartyPart.CUSTOMER for one in parties):
        raise Malformed("expected a customer among the parties, was none")
    for one in parties:
        check_code("party", one.party_id, least=1, most=64)


def _wanted(agreement_ids: Sequence[int]) -> list[int]:
    found = sorted(set(agreement_ids))
    if not 0 < len(found) <= AGREEMENTS_MAX or found[0] < 1:
        raise Malformed(f"expected 1 to {AGREEMENTS_MAX} agreements, was {len(found)}")
    return found
