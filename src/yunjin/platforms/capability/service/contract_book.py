"""What contracts are read from, how each change of one is kept and told, and what flows do."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.flow import FlowEnded, Flows, NoSuchFlow
from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork
from yunjin.foundation.banking.api.statements import Lang
from yunjin.kernel.clock import instant
from yunjin.kernel.page import LIMIT_MAX, Page
from yunjin.platforms.capability.api.contracts import Contract, ContractEntry, ContractState
from yunjin.platforms.capability.api.documents import DocumentsApi, NewDocument, Value
from yunjin.platforms.capability.errors.offers import ContractNotFound, ContractRefused
from yunjin.platforms.capability.events.offers import ContractChanged
from yunjin.platforms.capability.service.paging import page_of, position
from yunjin.platforms.capability.service.values import check_code, check_text
from yunjin.platforms.capability.store import contracts as store
from yunjin.platforms.capability.store.contracts import Kept

NOT_IN_FORCE: Final = (ContractState.DRAFT, ContractState.OFFERED, ContractState.SIGNED)
_WHY_MAX: Final = 200
_TOLD_MAX: Final = 100  # agreements of an event
Act = Callable[[SqlUnitOfWork, Kept], Kept]


class ContractBook:
    """Contracts as they are kept: a part of `ContractService`."""

    def __init__(
        self, room: RoomDatabase, flows: Flows, *, documents: DocumentsApi, cursor_key: bytes
    ) -> None:
        self._room, self._flows, self._documents = room, flows, documents
        self._key = cursor_key

    def contract(self, contract_id: UUID) -> Contract:
        """Return a contract. Raises: ContractNotFound."""
        return self._one(contract_id).contract

    def contract_of(self, agreement_id: int) -> Contract | None:
        """Return the contract that opened an agreement; None: none did."""
        owners = self._room.read(lambda connection: store.owners(connection, [agreement_id]))
        return self.contract(owners[agreement_id]) if owners else None

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
        check_code("party", party_id, most=64)
        check_code("offer", offer, most=40)
        check_code("reference", reference, most=80)
        limit = max(1, min(limit, LIMIT_MAX))
        after = position(cursor, self._key)
        found = self._room.read(
            lambda connection: store.some(
                connection,
                party_id=party_id,
                offer=offer,
                state=state.value if state else "",
                reference=reference,
                after=after,
                limit=limit + 1,
            )
        )
        return page_of(found, limit, self._key, lambda one: one.contract_id)

    def history(self, contract_id: UUID) -> list[ContractEntry]:
        """Return what was done to a contract, in its order. Raises: ContractNotFound."""
        self._one(contract_id)
        return self._room.read(lambda connection: store.entries(connection, contract_id))

    def _one(self, contract_id: UUID) -> Kept:
        found = self._room.read(lambda connection: store.one(connection, contract_id))
        if found is None:
            raise _not_found(contract_id)
        return found

    def _change(
        self,
        command_id: UUID,
        contract_id: UUID,
        what: str,
        by: str,
        act: Act,
        *,
        why: str = "",
        facts: Any = None,
        subject: str = "",
    ) -> Contract:
        check_text("name of a person", by, most=64)
        check_text("reason", why, most=_WHY_MAX)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            self._changed(work, contract_id, what, by, act, why, subject)
            return {"contract_id": contract_id}

        self._room.command(command_id, [f"contract.{what}", contract_id, by, why, facts], body)
        self._flows.bell.set()
        return self.contract(contract_id)

    def _changed(
        self,
        work: SqlUnitOfWork,
        contract_id: UUID,
        what: str,
        by: str,
        act: Act,
        why: str = "",
        subject: str = "",
    ) -> bool:
        """Change a contract, keep what was done and tell it; False: nothing changed."""
        before = store.locked(work.connection, contract_id)
        if before is None:
            raise _not_found(contract_id)
        after = act(work, before)
        if after == before:
            return False
        now = instant(self._room.clock.now_ns())
        after = replace(after, contract=replace(after.contract, changed=now, by=by))
        is_over = before.contract.state is ContractState.OFFERED
        if is_over and after.contract.state is not ContractState.OFFERED:
            after = self._woken(work, after)
        store.keep(work.connection, after)
        self._noted(work, after.contract, what, by, why, subject)
        return True

    def _woken(self, work: SqlUnitOfWork, after: Kept) -> Kept:
        """Tell the flow that waits for the signing how it ended."""
        one = after.contract
        if after.flow_id is not None:
            said = {"state": one.state.value, "why": one.why}
            key = after.signing_id or after.flow_id
            self._signal(work, after.flow_id, f"contract:{one.contract_id}", said, key)
        return replace(after, flow_id=None)

    def _signal(
        self, work: SqlUnitOfWork, flow_id: UUID | None, word: str, said: Any, key: UUID
    ) -> None:
        if flow_id is not None:
            # A flow that has ended meanwhile does not need it any more.
            with suppress(FlowEnded, NoSuchFlow):
                self._flows.signal(flow_id, word, said, signal_id=key, work=work)

    def _noted(
        self, work: SqlUnitOfWork, one: Contract, what: str, by: str, why: str, subject: str = ""
    ) -> None:
        now = instant(self._room.clock.now_ns())
        entry = ContractEntry(at=now, what=what, by=by, why=why, subject=subject)
        store.add_entry(work.connection, one.contract_id, entry)
        work.outbox.add(
            ContractChanged(
                contract_id=str(one.contract_id),
                what=what,
                state=one.state.value,
                offer=one.offer,
                offer_version=one.offer_version,
                party_ids=tuple(each.party_id for each in one.parties),
                agreement_ids=tuple(map(str, one.agreement_ids[:_TOLD_MAX])),
            )
        )


def paper_out(paper: NewDocument) -> dict[str, Any]:
    """Return a paper as a flow keeps it."""
    values = [[one.name, one.text, [list(row) for row in one.rows]] for one in paper.values]
    lang, links = paper.lang.value, [[one.kind, one.id] for one in paper.links]
    head = {"template": paper.template, "version": paper.version, "lang": lang}
    return {**head, "values": values, "links": links}


def paper_in(kept: Mapping[str, Any]) -> NewDocument:
    """Return a paper that a flow kept, but for what it is about."""
    return NewDocument(
        template=kept["template"],
        version=kept["version"],
        lang=Lang(kept["lang"]),
        values=tuple(
            Value(name=name, text=text, rows=tuple(tuple(row) for row in rows))
            for name, text, rows in kept["values"]
        ),
    )


def refused(detail: str, why: str) -> ContractRefused:
    """Return a refusal that names why."""
    return ContractRefused(detail, why=why)


def _not_found(contract_id: UUID) -> ContractNotFound:
    return ContractNotFound("There is no such contract.", contract_id=str(contract_id))
