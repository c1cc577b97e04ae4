"""Contracts over HTTP."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, Field

from yunjin.chassis.transport.values import Answer, Command, Digits, Int63, Key, id_of
from yunjin.platforms.capability.api.contracts import (
    AGREEMENTS_MAX,
    PAPERS_MAX,
    PARTIES_MAX,
    Contract,
    ContractEntry,
    ContractParty,
    ContractsApi,
    ContractState,
    NewContract,
)
from yunjin.platforms.capability.api.documents import NewDocument
from yunjin.platforms.capability.api.offers import TERMS_MAX, Circumstances, Term
from yunjin.platforms.capability.routes.values import Code, Cursor, Note, given_of
from yunjin.platforms.capability.routes.values import Limit as Count

OfferCode = Annotated[str, Field(min_length=1, max_length=40, pattern="^[!-~]+$")]
Reference = Annotated[str, Field(max_length=80, pattern="^[ -~]*$")]
Terms = Annotated[tuple[Term, ...], Field(max_length=TERMS_MAX)]
Agreements = Annotated[tuple[Int63, ...], Field(min_length=1, max_length=AGREEMENTS_MAX)]
Who = Annotated[str, Field(max_length=64)]
Why = Annotated[str, Field(min_length=1, max_length=200)]


class ContractForm(Command):
    """A contract to draft; its id is the command's."""

    offer: OfferCode
    parties: Annotated[tuple[ContractParty, ...], Field(min_length=1, max_length=PARTIES_MAX)]
    offer_version: Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)] = 0
    terms: Terms = ()
    circumstances: Circumstances | None = None
    reference: Reference = ""
    note: Note = ""
    by: Who = ""


class TermsForm(Command):
    """Other terms."""

    terms: Terms
    by: Who = ""


class PapersForm(Command):
    """The papers to sign, and until when."""

    papers: Annotated[tuple[NewDocument, ...], Field(min_length=1, max_length=PAPERS_MAX)]
    expires_at: AwareDatetime
    by: Who = ""


class ContractWhyForm(Command):
    """Why it is done."""

    why: Why
    by: Who = ""


class SignedForm(Command):
    """Where the paper is that was signed."""

    evidence_id: Annotated[str, Field(min_length=1, max_length=100)]
    by: Annotated[str, Field(min_length=1, max_length=64)]


class FulfilForm(Command):
    """Agreements that the contract has opened."""

    agreement_ids: Agreements
    by: Who = ""


class ReleaseForm(FulfilForm):
    """Why they are taken off."""

    why: Why


class ContractOut(Answer):
    """A contract as it stands now."""

    contract_id: UUID
    offer: str
    offer_version: int
    product: str
    product_version: int
    terms: list[Term]
    parties: list[ContractParty]
    reference: str
    note: str
    state: ContractState
    document_ids: list[UUID]
    agreement_ids: list[Digits]
    at: dt.datetime
    changed: dt.datetime
    since: dt.date | None
    until: dt.date | None
    by: str
    why: str


class ContractsOut(Answer):
    """A page of contracts."""

    items: list[ContractOut]
    next_cursor: str | None


class ContractRoutes:
    """The addresses of contracts."""

    def __init__(self, contracts: ContractsApi) -> None:
        self._contracts = contracts

    def contracts(
        self,
        party_id: Code = "",
        offer: Annotated[str, Query(max_length=40, pattern="^[!-~]*$")] = "",
        state: ContractState | None = None,
        reference: Annotated[str, Query(max_length=80, pattern="^[ -~]*$")] = "",
        limit: Count = 50,
        cursor: Cursor = None,
    ) -> ContractsOut:
        """Return contracts, newest first."""
        found = self._contracts.contracts(
            party_id=party_id,
            offer=offer,
            state=state,
            reference=reference.strip(),
            limit=limit,
            cursor=cursor,
        )
        return ContractsOut.model_validate(found)

    def draft(self, form: ContractForm, key: Key = None) -> ContractOut:
        """Draft a contract on an offer."""
        facts = given_of(form)
        by = facts.pop("by")
        return _out(self._contracts.draft(id_of(form, key), NewContract(**facts), by=by))

    def contract(self, contract_id: UUID) -> ContractOut:
        """Return a contract."""
        return _out(self._contracts.contract(contract_id))

    def history(self, contract_id: UUID) -> list[ContractEntry]:
        """Return what was done to a contract, in its order."""
        return self._contracts.history(contract_id)

    def change(self, contract_id: UUID, form: TermsForm, key: Key = None) -> ContractOut:
        """Agree on other terms."""
        return _out(self._contracts.change(id_of(form, key), contract_id, form.terms, by=form.by))

    def offer(self, contract_id: UUID, form: PapersForm, key: Key = None) -> ContractOut:
        """Offer a draft for signature."""
        return _out(
            self._contracts.offer(
                id_of(form, key), contract_id, form.papers, form.expires_at, by=form.by
            )
        )

    def recall(self, contract_id: UUID, form: ContractWhyForm, key: Key = None) -> ContractOut:
        """Let an offered contract be a draft again."""
        return _out(self._contracts.recall(id_of(form, key), contract_id, form.why, by=form.by))

    def sign(self, contract_id: UUID, form: SignedForm, key: Key = None) -> ContractOut:
        """Keep that a contract was signed on paper."""
        return _out(
            self._contracts.sign(id_of(form, key), contract_id, form.evidence_id, by=form.by)
        )

    def fulfil(self, contract_id: UUID, form: FulfilForm, key: Key = None) -> ContractOut:
        """Attach agreements: the contract is in force."""
        return _out(
            self._contracts.fulfil(id_of(form, key), contract_id, form.agreement_ids, by=form.by)
        )

    def release(self, contract_id: UUID, form: ReleaseForm, key: Key = None) -> ContractOut:
        """Take agreements off again."""
        return _out(
            self._contracts.release(
                id_of(form, key), contract_id, form.agreement_ids, form.why, by=form.by
            )
        )

    def end(self, contract_id: UUID, form: ContractWhyForm, key: Key = None) -> ContractOut:
        """End a contract whose agreements are closed."""
        return _out(self._contracts.end(id_of(form, key), contract_id, form.why, by=form.by))

    def void(self, contract_id: UUID, form: ContractWhyForm, key: Key = None) -> ContractOut:
        """Let a contract not hold that is not in force."""
        return _out(self._contracts.void(id_of(form, key), contract_id, form.why, by=form.by))


def router(contracts: ContractsApi) -> APIRouter:
    """Return the router of contracts."""
    made, to = APIRouter(tags=["contracts"]), ContractRoutes(contracts)
    made.get("/contracts", name="contracts")(to.contracts)
    made.post("/contracts", status_code=201, name="draft_contract")(to.draft)
    made.get("/contracts/{contract_id}", name="contract")(to.contract)
    made.get("/contracts/{contract_id}/history", name="contract_history")(to.history)
    acts: dict[str, Any] = {
        "change": to.change,
        "offer": to.offer,
        "recall": to.recall,
        "sign": to.sign,
        "fulfil": to.fulfil,
        "release": to.release,
        "end": to.end,
        "void": to.void,
    }
    for act, function in acts.items():
        made.post(f"/contracts/{{contract_id}}/{act}", name=f"{act}_contract")(function)
    return made


def _out(one: Contract) -> ContractOut:
    return ContractOut.model_validate(one)
