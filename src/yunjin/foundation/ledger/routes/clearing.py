"""Clearing over HTTP and Flight: crossings, their outcomes, what is in doubt, the proof."""

from typing import Annotated, Any, Final, Self
from uuid import UUID

import pyarrow as pa
from fastapi import APIRouter, Query
from pydantic import Field

from yunjin.chassis.transport.streams import Endpoints, Stream
from yunjin.chassis.transport.values import (
    Digits,
    Form,
    Instant,
    Limit,
    Minor,
    Total,
    UInt16,
    UInt32,
)
from yunjin.foundation.ledger.api import (
    CROSSED,
    CROSSINGS_OPTIONAL,
    CROSSINGS_REQUIRED,
    ClearingApi,
    ClearingLine,
    CrossingOutcome,
    InDoubt,
    PeerState,
    Resolved,
    TransferStatus,
    refusal_of,
)
from yunjin.foundation.ledger.errors import BatchRefused
from yunjin.foundation.ledger.routes.values import BATCH_MAX, AccountId, Answer

WAIT_MS_MAX: Final = 60_000
_SCHEMA: Final = pa.schema([*CROSSINGS_REQUIRED.items(), *CROSSINGS_OPTIONAL.items()])


class CrossingForm(Form):
    """A transfer to an account of another cell. Make its id before sending, keep it for a retry."""

    id: UUID
    debit_account_id: AccountId
    credit_account_id: AccountId
    amount_minor: Minor
    ledger: UInt32
    code: UInt16
    user_data_32: UInt32 = 0
    peer: Annotated[UInt16, Field(description="Another bank's number; 0: by the account.")] = 0

    def row(self) -> dict[str, Any]:
        """Return the crossing as a row of columns."""
        columns = self.model_dump(exclude={"id"})
        return {"id_hi": self.id.int >> 64, "id_lo": self.id.int & (2**64 - 1), **columns}


class CrossingBatchForm(Form):
    """Transfers to other cells, each for itself."""

    crossings: Annotated[list[CrossingForm], Field(min_length=1, max_length=BATCH_MAX)]
    wait_ms: Annotated[int, Field(strict=True, ge=0, le=WAIT_MS_MAX)] = 10_000


class CrossedOut(Answer):
    """What became of a crossing."""

    id: UUID
    outcome: str
    status: str  # why it was refused or is stuck
    timestamp: Digits


class CrossedBatchOut(Answer):
    """One result a crossing, in order."""

    results: list[CrossedOut]

    @classmethod
    def of(cls, ids: list[UUID], answer: pa.RecordBatch) -> Self:
        rows = zip(ids, answer.to_pylist(), strict=True)
        return cls(results=[_crossed(one, row) for one, row in rows])


def _crossed(identity: UUID, row: dict[str, Any]) -> CrossedOut:
    return CrossedOut(
        id=identity,
        outcome=CrossingOutcome(row["outcome"]).name.lower(),
        status=TransferStatus(row["status"]).name.lower() if row["status"] else "",
        timestamp=row["timestamp"],
    )


class AmountOut(Answer):
    """What is in doubt in one ledger."""

    ledger: int
    amount_minor: Total


class InDoubtOut(Answer):
    """A batch that has not come to its end."""

    batch_id: UUID
    peer: int
    row_count: int
    amounts: list[AmountOut]
    since: Instant
    due: Instant
    tries: int
    is_stuck: bool
    reason: str

    @classmethod
    def of(cls, one: InDoubt) -> Self:
        amounts = sorted(one.amounts_minor.items())
        return cls(
            batch_id=one.batch_id,
            peer=one.peer,
            row_count=one.row_count,
            amounts=[AmountOut(ledger=key, amount_minor=value) for key, value in amounts],
            since=one.at_us * 1_000,
            due=one.due_us * 1_000,
            tries=one.tries,
            is_stuck=one.is_stuck,
            reason=one.reason,
        )


class InDoubtListOut(Answer):
    """Batches in doubt, the oldest first."""

    items: list[InDoubtOut]


class CrossingOut(Answer):
    """A transfer of a batch in doubt."""

    id: UUID
    debit_account_id: Digits
    credit_account_id: Digits
    amount_minor: Total
    ledger: int
    code: int
    there: str  # what the other cell said: "", created, or why it refused


class CrossingsOut(Answer):
    """The transfers of a batch in doubt."""

    items: list[CrossingOut]

    @classmethod
    def of(cls, batch: pa.RecordBatch) -> Self:
        known = {int(status): status.name.lower() for status in TransferStatus}
        return cls(
            items=[
                CrossingOut(
                    id=UUID(int=row["id_hi"] << 64 | row["id_lo"]),
                    there=known.get(row["status"], ""),
                    **{name: row[name] for name in CrossingOut.model_fields if name in row},
                )
                for row in batch.to_pylist()
            ]
        )


class InDoubtQuery(Form):
    """Which batches to list."""

    older_than_s: Annotated[int, Field(ge=0, le=10**9)] = 0
    limit: Limit = 50


class ResolveForm(Form):
    """What to ask the other cells about: one batch, or all."""

    batch_id: UUID | None = None


class ResolvedOut(Answer):
    """What a round of asking came to, in batches."""

    tried: int
    finished: int
    left: int

    @classmethod
    def of(cls, resolved: Resolved) -> Self:
        return cls.model_validate(resolved)


class AdoptedOut(Answer):
    """How many crossings were taken up again."""

    crossings: int


class PeerOut(Answer):
    """Another cell or bank."""

    number: int
    name: str
    address: str
    batch_count: int
    row_count: int
    oldest: Instant | None
    trouble: str

    @classmethod
    def of(cls, state: PeerState) -> Self:
        plain = {name: getattr(state, name) for name in cls.model_fields if name != "oldest"}
        return cls(**plain, oldest=state.oldest_at_us * 1_000 or None)


class PeersOut(Answer):
    """The other cells and banks, by number."""

    items: list[PeerOut]


class ClearingLineOut(Answer):
    """Both cells' clearing accounts of one ledger, side by side."""

    peer: int
    ledger: int
    currency: str
    out_held: Total
    out_settled: Total
    out_delivered: Total
    in_held: Total
    in_settled: Total
    in_delivered: Total
    net_here: Total
    net_there: Total
    difference_minor: Total
    is_at_rest: bool
    findings: list[str]

    @classmethod
    def of(cls, line: ClearingLine) -> Self:
        plain = {name: getattr(line, name) for name in cls.model_fields if name != "findings"}
        return cls(**plain, findings=list(line.findings))


class ClearingProofOut(Answer):
    """The proof that what left one cell came to another."""

    items: list[ClearingLineOut]
    is_proven: bool


class Clearing:
    """The addresses of clearing."""

    def __init__(self, clearing: ClearingApi) -> None:
        self._clearing = clearing

    def add_to(self, router: APIRouter) -> None:
        """Add the addresses to a router."""
        router.post("/crossing_batches")(self.cross)
        router.get("/crossings/{crossing_id}")(self.crossing)
        router.get("/clearing/peers")(self.peers)
        router.get("/clearing/in_doubt")(self.in_doubt)
        router.get("/clearing/in_doubt/{batch_id}")(self.batch)
        router.post("/clearing/resolve")(self.resolve)
        router.post("/clearing/adopt")(self.adopt)
        router.get("/clearing/proof")(self.proof)

    def cross(self, form: CrossingBatchForm) -> CrossedBatchOut:
        """Move money to accounts of other cells; what is not known in time is `in_doubt`."""
        rows = [one.row() for one in form.crossings]
        batch = pa.RecordBatch.from_pylist(rows, schema=_SCHEMA)
        answer = self._clearing.cross(batch, wait_ms=form.wait_ms)
        return CrossedBatchOut.of([one.id for one in form.crossings], answer)

    def crossing(self, crossing_id: UUID) -> CrossedOut:
        """Tell what became of a crossing: what to ask when the answer was lost, or in doubt."""
        [row] = self._clearing.outcomes([crossing_id]).to_pylist()
        return _crossed(crossing_id, row)

    def peers(self) -> PeersOut:
        """List the other cells and banks, with what is in doubt there."""
        return PeersOut(items=[PeerOut.of(one) for one in self._clearing.peers()])

    def in_doubt(self, query: Annotated[InDoubtQuery, Query()]) -> InDoubtListOut:
        """List batches that have not come to their end, the oldest first."""
        found = self._clearing.in_doubt(older_than_s=query.older_than_s, limit=query.limit)
        return InDoubtListOut(items=[InDoubtOut.of(one) for one in found])

    def batch(self, batch_id: UUID) -> CrossingsOut:
        """List the transfers of a batch in doubt."""
        return CrossingsOut.of(self._clearing.crossings(batch_id))

    def resolve(self, form: ResolveForm) -> ResolvedOut:
        """Ask the other cells again now, however long the next try would wait."""
        return ResolvedOut.of(self._clearing.resolve(form.batch_id))

    def adopt(self) -> AdoptedOut:
        """Take up holds that no batch in doubt knows of, as after tables were restored."""
        return AdoptedOut(crossings=self._clearing.adopt())

    def proof(self) -> ClearingProofOut:
        """Hold both cells' clearing accounts against each other, while work goes on."""
        items = [ClearingLineOut.of(line) for line in self._clearing.reconcile()]
        return ClearingProofOut(items=items, is_proven=not any(one.findings for one in items))


def router(clearing: ClearingApi) -> APIRouter:
    """Return the router of clearing."""
    made = APIRouter(tags=["clearing"])
    Clearing(clearing).add_to(made)
    return made


def endpoints(clearing: ClearingApi) -> Endpoints:
    """Return what clearing offers over Flight: the stream `crossings`."""
    stream = Stream(
        answers=CROSSED,
        refusal_of=lambda schema: refusal_of(schema, CROSSINGS_REQUIRED, CROSSINGS_OPTIONAL),
        refuse=BatchRefused,
        rows_max=BATCH_MAX,
        act=lambda batch: clearing.cross(batch, wait_ms=WAIT_MS_MAX),
        submit=getattr(clearing, "submit", None),  # CrossingPort: of the near twin only
    )
    return Endpoints(streams={"crossings": stream})
