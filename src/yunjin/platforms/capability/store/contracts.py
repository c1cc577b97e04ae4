"""Reading and writing contracts: what was agreed, where it stands, what was done to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from yunjin.kernel.clock import instant
from yunjin.platforms.capability.api.contracts import (
    Contract,
    ContractEntry,
    ContractParty,
    ContractState,
    PartyPart,
)
from yunjin.platforms.capability.api.offers import Circumstances, Term
from yunjin.platforms.capability.store.limits import day_of, days_of
from yunjin.platforms.capability.store.offer_tables import (
    contract_agreements,
    contract_entries,
    contract_parties,
    contracts,
)
from yunjin.platforms.capability.store.tasks import micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A contract and what only the centre knows of it.

    Parameters
    ----------
    occasion : the circumstances it was drafted in.
    round : how often it was offered.
    signing_id : the flow that has it signed.
    flow_id : the flow that waits for that.
    """

    contract: Contract
    occasion: Circumstances
    round: int = 0
    signing_id: UUID | None = None
    flow_id: UUID | None = None


def put(connection: sa.Connection, kept: Kept) -> None:
    """Keep a new contract."""
    one = kept.contract
    row = {
        "contract_id": one.contract_id,
        "offer": one.offer,
        "offer_version": one.offer_version,
        "product": one.product,
        "parties": [[each.party_id, each.part.value, each.signs] for each in one.parties],
        "occasion": [
            list(kept.occasion.segments),
            kept.occasion.region,
            kept.occasion.business,
            kept.occasion.scenario,
        ],
        "reference": one.reference,
        "note": one.note,
        "at_us": micros(one.at),
        **_changing(kept),
    }
    connection.execute(sa.insert(contracts).values(**row))
    rows = [{"party_id": each.party_id, "contract_id": one.contract_id} for each in one.parties]
    connection.execute(sa.insert(contract_parties), rows)


def keep(connection: sa.Connection, kept: Kept) -> None:
    """Keep what changed of a contract."""
    mine = sa.update(contracts).where(contracts.c.contract_id == kept.contract.contract_id)
    connection.execute(mine.values(**_changing(kept)))


def _changing(kept: Kept) -> dict[str, Any]:
    one = kept.contract
    return {
        "product_version": one.product_version,
        "terms": [[term.name, term.value] for term in one.terms],
        "state": one.state.value,
        "papers": [str(each) for each in one.document_ids],
        "round": kept.round,
        "agreements": list(one.agreement_ids),
        "flow_id": kept.flow_id,
        "signing_id": kept.signing_id,
        "since": days_of(one.since),
        "until": days_of(one.until),
        "changed_us": micros(one.changed),
        "done_by": one.by,
        "why": one.why,
    }


def locked(connection: sa.Connection, contract_id: UUID) -> Kept | None:
    """Return a contract, locked until the commit."""
    query = sa.select(contracts).where(contracts.c.contract_id == contract_id).with_for_update()
    row = connection.execute(query).one_or_none()
    return None if row is None else _kept(row)


def one(connection: sa.Connection, contract_id: UUID) -> Kept | None:
    """Return a contract."""
    query = sa.select(contracts).where(contracts.c.contract_id == contract_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else _kept(row)


def owners(connection: sa.Connection, agreement_ids: Iterable[int]) -> dict[int, UUID]:
    """Return the contracts that agreements belong to."""
    c = contract_agreements.c
    query = sa.select(contract_agreements).where(c.agreement_id.in_(sorted(agreement_ids)))
    return {row.agreement_id: row.contract_id for row in connection.execute(query)}


def attach(connection: sa.Connection, contract_id: UUID, agreement_ids: Iterable[int]) -> None:
    """Keep that agreements belong to a contract."""
    rows = [{"agreement_id": one, "contract_id": contract_id} for one in sorted(agreement_ids)]
    connection.execute(sa.insert(contract_agreements), rows)


def detach(connection: sa.Connection, agreement_ids: Iterable[int]) -> None:
    """Keep it no more."""
    c = contract_agreements.c
    mine = c.agreement_id.in_(sorted(agreement_ids))
    connection.execute(sa.delete(contract_agreements).where(mine))


def some(
    connection: sa.Connection,
    *,
    party_id: str,
    offer: str,
    state: str,
    reference: str,
    after: UUID | None,
    limit: int,
) -> list[Contract]:
    """Return contracts, newest first."""
    c = contracts.c
    query = sa.select(contracts).order_by(c.contract_id.desc()).limit(limit)
    for column, value in ((c.offer, offer), (c.state, state), (c.reference, reference)):
        if value:
            query = query.where(column == value)
    if party_id:
        p = contract_parties.c
        mine = sa.select(p.contract_id).where(p.party_id == party_id)
        query = query.where(c.contract_id.in_(mine))
    if after is not None:
        query = query.where(c.contract_id < after)
    return [_kept(row).contract for row in connection.execute(query)]


def add_entry(connection: sa.Connection, contract_id: UUID, entry: ContractEntry) -> None:
    """Keep what was done to a contract that is locked, or new."""
    c = contract_entries.c
    last = sa.select(sa.func.max(c.number)).where(c.contract_id == contract_id)
    row = {
        "contract_id": contract_id,
        "number": (connection.execute(last).scalar() or 0) + 1,
        "at_us": micros(entry.at),
        "what": entry.what,
        "done_by": entry.by,
        "why": entry.why,
        "subject": entry.subject,
    }
    connection.execute(sa.insert(contract_entries).values(**row))


def entries(connection: sa.Connection, contract_id: UUID) -> list[ContractEntry]:
    """Return what was done to a contract, in its order."""
    c = contract_entries.c
    query = sa.select(contract_entries).where(c.contract_id == contract_id).order_by(c.number)
    return [
        ContractEntry(
            at=instant(row.at_us * 1_000),
            what=row.what,
            by=row.done_by,
            why=row.why,
            subject=row.subject,
        )
        for row in connection.execute(query)
    ]


def _kept(row: Any) -> Kept:
    segments, region, business, scenario = row.occasion
    contract = Contract(
        contract_id=row.contract_id,
        offer=row.offer,
        offer_version=row.offer_version,
        product=row.product,
        product_version=row.product_version,
        terms=tuple(Term(name=name, value=value) for name, value in row.terms),
        parties=tuple(
            ContractParty(party_id=party_id, part=PartyPart(part), signs=signs)
            for party_id, part, signs in row.parties
        ),
        reference=row.reference,
        note=row.note,
        state=ContractState(row.state),
        document_ids=tuple(UUID(one) for one in row.papers),
        agreement_ids=tuple(row.agreements),
        at=instant(row.at_us * 1_000),
        changed=instant(row.changed_us * 1_000),
        since=day_of(row.since),
        until=day_of(row.until),
        by=row.done_by,
        why=row.why,
    )
    occasion = Circumstances(
        segments=tuple(segments), region=region, business=business, scenario=scenario
    )
    return Kept(
        contract=contract,
        occasion=occasion,
        round=row.round,
        signing_id=row.signing_id,
        flow_id=row.flow_id,
    )
