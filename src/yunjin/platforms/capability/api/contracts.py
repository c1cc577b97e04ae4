"""Contracts 合同: what parties agreed on an offer, what they signed, the agreements it opened."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from yunjin.kernel.page import Page
from yunjin.platforms.capability.api.centres import Centre, Slo, command, query
from yunjin.platforms.capability.api.documents import NewDocument
from yunjin.platforms.capability.api.offers import Circumstances, Term
from yunjin.platforms.capability.events.offers import ContractChanged

PARTIES_MAX: Final = 20  # of a contract
AGREEMENTS_MAX: Final = 1_000  # of a contract
PAPERS_MAX: Final = 10  # of an offered contract
SIGNING: Final = "capability.contract_signing"  # the flow of a contract that is offered
CLEARING: Final = "capability.contract_clearing"  # that of papers which hold no longer


class ContractState(StrEnum):
    """Where a contract stands."""

    DRAFT = "draft"
    OFFERED = "offered"  # 待签
    SIGNED = "signed"  # 已签
    IN_FORCE = "in_force"  # 生效: it has opened an agreement
    ENDED = "ended"  # 终止
    VOID = "void"  # 作废


class PartyPart(StrEnum):
    """What a party is in a contract."""

    CUSTOMER = "customer"
    CO_CUSTOMER = "co_customer"  # 共同申请人
    GUARANTOR = "guarantor"  # 担保人
    PAYER = "payer"  # 付款人: a core enterprise, an employer
    MEMBER = "member"  # of a group


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractParty:
    """A party to a contract. signs: its signature is asked for."""

    party_id: str
    part: PartyPart = PartyPart.CUSTOMER
    signs: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContract:
    """A contract to be drafted; its id is the command's.

    Parameters
    ----------
    offer, offer_version : 0: the version that is sold; it must be offered to the first customer.
    terms : what is agreed; the others are the offer's defaults. They are frozen here.
    parties : one of them at least is the customer.
    reference : the caller's own, such as the application's id.
    """

    offer: str
    parties: tuple[ContractParty, ...]
    offer_version: int = 0
    terms: tuple[Term, ...] = ()
    circumstances: Circumstances | None = None
    reference: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A contract as it stands now.

    Parameters
    ----------
    product, product_version, terms : frozen when it was drafted or changed.
    document_ids : its papers, the oldest first.
    agreement_ids : those it has opened.
    since, until : business dates it came into force and ended.
    why : the last change was made, or the last signing failed.
    """

    contract_id: UUID
    offer: str
    offer_version: int
    product: str
    product_version: int
    terms: tuple[Term, ...]
    parties: tuple[ContractParty, ...]
    reference: str
    note: str
    state: ContractState
    document_ids: tuple[UUID, ...]
    agreement_ids: tuple[int, ...]
    at: dt.datetime
    changed: dt.datetime
    since: dt.date | None
    until: dt.date | None
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractEntry:
    """Something that was done to a contract. what: as in ContractChanged; subject: with what."""

    at: dt.datetime
    what: str
    by: str
    why: str
    subject: str


class ContractsApi(Protocol):
    """Contracts: draft → offered → signed → in force → ended; void from any but the last two.

    Whoever acts says who it is (`by`). Every command may raise ContractNotFound, ContractRefused
    (it stands elsewhere), Malformed and IdempotencyConflict, beside what it says.
    """

    @command(undone_by="void")
    def draft(self, command_id: UUID, contract: NewContract, *, by: str = "") -> Contract:
        """Draft a contract on an offer; its id is the command's.

        Raises: OfferNotFound, NotOffered, OfferTermsRefused, PartyNotFound, Malformed.
        """

    @command(undone_by="change")
    def change(
        self, command_id: UUID, contract_id: UUID, terms: Sequence[Term], *, by: str = ""
    ) -> Contract:
        """Agree on other terms, of the same version of the offer, while it is a draft.

        Raises: ContractNotFound, ContractRefused, OfferTermsRefused, NotOffered.
        """

    @command(undone_by="recall")
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
        """Offer a draft for signature: its papers are made and every signer is asked.

        It is signed when the last paper is. Where one is refused or expires, the others are
        withdrawn and it is a draft again; `why` says so.

        flow_id : a flow of this room that waits; it hears the word "contract:<id>" with
            {"state": "signed" | "draft", "why": …}.

        Raises: ContractNotFound, ContractRefused, DocumentTemplateNotFound, DocumentValuesRefused.
        """

    @command(undone_by="offer")
    def recall(self, command_id: UUID, contract_id: UUID, why: str, *, by: str = "") -> Contract:
        """Let an offered contract be a draft again. Raises: ContractNotFound, ContractRefused."""

    @command(lasts="a signature stands; void the contract")
    def sign(self, command_id: UUID, contract_id: UUID, evidence_id: str, *, by: str) -> Contract:
        """Keep that a draft was signed on paper 面签, and where the paper is.

        Raises: ContractNotFound, ContractRefused.
        """

    @command(undone_by="release")
    def fulfil(
        self, command_id: UUID, contract_id: UUID, agreement_ids: Sequence[int], *, by: str = ""
    ) -> Contract:
        """Attach agreements that a signed contract has opened: it is in force.

        Raises: ContractNotFound, ContractRefused (not signed, an agreement of another product,
        party or contract), AgreementNotFound.
        """

    @command(undone_by="fulfil")
    def release(
        self,
        command_id: UUID,
        contract_id: UUID,
        agreement_ids: Sequence[int],
        why: str,
        *,
        by: str = "",
    ) -> Contract:
        """Take agreements off again; without any it is signed, and not in force.

        Raises: ContractNotFound, ContractRefused (not its own).
        """

    @command(lasts="what it brought about is done; draft another one")
    def end(self, command_id: UUID, contract_id: UUID, why: str, *, by: str = "") -> Contract:
        """End a contract in force whose agreements are closed.

        Raises: ContractNotFound, ContractRefused (not in force, an agreement is open).
        """

    @command(lasts="a void contract stays on record; draft another one")
    def void(self, command_id: UUID, contract_id: UUID, why: str, *, by: str = "") -> Contract:
        """Let a contract not hold that is not in force; its papers are void too.

        Raises: ContractNotFound, ContractRefused (in force, ended, void).
        """

    @query
    def contract(self, contract_id: UUID) -> Contract:
        """Return a contract. Raises: ContractNotFound."""

    @query
    def contract_of(self, agreement_id: int) -> Contract | None:
        """Return the contract that opened an agreement; None: none did."""

    @query
    def contracts(
        self,
        *,
        party_id: str = "",
        offer: str = "",
        state: ContractState | None = None,
        reference: str = "",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Contract]:
        """Return contracts, newest first. Raises: Malformed (cursor)."""

    @query
    def history(self, contract_id: UUID) -> list[ContractEntry]:
        """Return what was done to a contract, in its order. Raises: ContractNotFound."""


CONTRACTS: Final = Centre(
    code="contract",
    words=("合同中心", "Contracts"),
    purpose=(
        "客户之间按在售产品订立的合同：冻结条款、签署、生效、终止，以及由此开立的合约。",
        "What parties agreed on an offer: frozen terms, signing, force, end, and what it opened.",
    ),
    bian=("Customer Agreement", "Sales Product Agreement"),
    door=ContractsApi,
    events=(ContractChanged,),
    slo=Slo(p99_ms=100),
)
