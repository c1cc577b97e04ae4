"""What the flows of contracts do: papers made, signed, kept, void. Each part may come twice."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

from yunjin.chassis.persistence import SqlUnitOfWork
from yunjin.kernel.clock import instant
from yunjin.platforms.capability.api.contracts import ContractState
from yunjin.platforms.capability.api.documents import DocumentState
from yunjin.platforms.capability.api.esign import Signer
from yunjin.platforms.capability.api.tasks import LINKS_MAX, Link
from yunjin.platforms.capability.domain.payments import leg
from yunjin.platforms.capability.errors.documents import DocumentRefused
from yunjin.platforms.capability.service.contract_book import paper_in, refused
from yunjin.platforms.capability.service.contracts import ContractService
from yunjin.platforms.capability.store import contracts as store
from yunjin.platforms.capability.store.contracts import Kept

_WHY_MAX = 200
_SIGNED = (ContractState.SIGNED, ContractState.IN_FORCE, ContractState.ENDED)


class ContractPapers(ContractService):
    """The contract centre with what its flows ask of it."""

    def make_paper(
        self, command_id: UUID, contract_id: str, turn: int, paper: Mapping[str, Any]
    ) -> str:
        """Make a paper of a contract that is offered; return its id. Raises: Refusal."""
        one = self.contract(UUID(contract_id))
        links = [Link(kind="contract", id=contract_id)]
        links += [Link(kind="party", id=each.party_id) for each in one.parties]
        links += [Link(kind=kind, id=ref) for kind, ref in paper["links"]]
        wanted = replace(paper_in(paper), links=tuple(dict.fromkeys(links))[:LINKS_MAX])
        made = self._documents.make(command_id, wanted, by=one.by)

        def kept(work: SqlUnitOfWork) -> bool:
            found = store.locked(work.connection, one.contract_id)
            if found is None or not _is_offered(found, turn):
                return False
            papers = found.contract.document_ids
            if made.document_id not in papers:
                papers = (*papers, made.document_id)
                after = replace(found.contract, document_ids=papers)
                store.keep(work.connection, replace(found, contract=after))
            return True

        if not self._room.run(kept):
            self.drop_paper(leg(command_id, "void"), str(made.document_id), "recalled")
            raise refused("The contract is not offered any more.", "recalled")
        return str(made.document_id)

    def ask_paper(
        self, command_id: UUID, contract_id: str, paper_id: str, ask: Mapping[str, Any]
    ) -> bool:
        """Ask the signers of a paper; False: it is signed by hand. Raises: Refusal."""
        one = self.contract(UUID(contract_id))
        if one.state is not ContractState.OFFERED:
            return False
        signers = [
            Signer(party_id=each.party_id, name=self._parties.party(each.party_id).name)
            for each in one.parties
            if each.signs
        ]
        try:
            self._documents.ask_signatures(
                command_id,
                UUID(paper_id),
                signers,
                instant(ask["expires_ns"]),
                flow_id=UUID(ask["flow_id"]),
            )
        except DocumentRefused as refusal:
            if refusal.facts.get("why") != "no-service":
                raise
            return False
        return True

    def drop_paper(self, command_id: UUID, paper_id: str, why: str) -> None:
        """Let a paper be void, if it is not yet."""
        if self._documents.document(UUID(paper_id)).state is not DocumentState.VOID:
            with suppress(DocumentRefused):  # somebody else was faster
                self._documents.void(command_id, UUID(paper_id), why[:_WHY_MAX].strip())

    def keep_by_hand(self, command_id: UUID, paper_id: str, evidence_id: str, by: str) -> None:
        """Keep that a paper was signed by hand."""
        with suppress(DocumentRefused):
            self._documents.sign_by_hand(command_id, UUID(paper_id), evidence_id, by=by)

    def be_signed(self, work: Any, contract_id: str, turn: int) -> bool:
        """Let a contract be signed; False: it is not offered any more."""
        is_signed = False

        def act(work: SqlUnitOfWork, found: Kept) -> Kept:
            nonlocal is_signed
            if found.round == turn and found.contract.state in _SIGNED:
                is_signed = True  # by hand
                return found
            if not _is_offered(found, turn):
                return found
            is_signed = True
            after = replace(found.contract, state=ContractState.SIGNED, why="")
            return replace(found, contract=after)

        self._changed(work, UUID(contract_id), "signed", "", act)
        return is_signed

    def be_declined(self, work: Any, contract_id: str, turn: int, why: str) -> None:
        """Let a contract be a draft again whose papers were not signed."""
        said = why[:_WHY_MAX].strip()

        def act(work: SqlUnitOfWork, found: Kept) -> Kept:
            if not _is_offered(found, turn):
                return found
            after = replace(found.contract, state=ContractState.DRAFT, why=said)
            return replace(found, contract=after)

        self._changed(work, UUID(contract_id), "declined", "", act, said)


def _is_offered(found: Kept, turn: int) -> bool:
    return found.round == turn and found.contract.state is ContractState.OFFERED
