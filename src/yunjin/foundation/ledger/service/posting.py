"""Posting drafts in columns: one batch of up to 8,190 transfers after the other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa

from yunjin.foundation.ledger.adapters.messages import Side, days
from yunjin.foundation.ledger.api import (
    TRANSFERS_OPTIONAL,
    TRANSFERS_REQUIRED,
    LedgerApi,
    TransferFlag,
    TransferStatus,
)
from yunjin.foundation.ledger.service import identity
from yunjin.foundation.ledger.service.drafting import Draft
from yunjin.foundation.ledger.service.placing import BATCH_ROWS, chunks

Tick = Callable[[int], None]
_OTHER_ACCOUNTS: Final = (
    TransferStatus.EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT_ID,
    TransferStatus.EXISTS_WITH_DIFFERENT_CREDIT_ACCOUNT_ID,
)
_EXISTS_OTHERWISE: Final = frozenset(
    status for status in TransferStatus if status.name.startswith("EXISTS_WITH_DIFFERENT")
)


@dataclass(frozen=True, slots=True)
class Answers:
    """The ledger's answers to a list of drafts, in order."""

    status: Any  # uint8[n]: TransferStatus
    timestamp: Any  # int64[n], ns; 0 where there is no transfer
    debit_balance: Any  # int64[n]: credits − debits of the debit account right after; created only
    credit_balance: Any  # int64[n]


def columns(drafts: list[Draft], batch_id: int) -> pa.RecordBatch:
    """Return drafts as the columns of `post_transfers`."""
    lines = [draft.line for draft in drafts]
    references = [identity.reference_id(line.reference, line.uetr) for line in lines]
    ids = _halves([draft.transfer_id.bytes for draft in drafts])
    marks = _halves([reference.bytes for reference in references])
    made = {
        "id_hi": ids[:, 0],
        "id_lo": ids[:, 1],
        "debit_account_id": [draft.debit_account_id for draft in drafts],
        "credit_account_id": [draft.credit_account_id for draft in drafts],
        "amount_minor": [line.amount_minor for line in lines],
        "ledger": [draft.ledger for draft in drafts],
        "code": [draft.code for draft in drafts],
        "flags": [TransferFlag.LINKED if line.is_linked else 0 for line in lines],
        "user_data_128_hi": marks[:, 0],
        "user_data_128_lo": marks[:, 1],
        "user_data_64": np.full(len(drafts), batch_id, np.uint64),
        "user_data_32": [days(line.value_date) for line in lines],
    }
    types = {**TRANSFERS_REQUIRED, **TRANSFERS_OPTIONAL}
    return pa.RecordBatch.from_arrays(
        [pa.array(values, types[name]) for name, values in made.items()], names=list(made)
    )


def _halves(ids: list[bytes]) -> Any:
    """Return 128-bit ids as uint64[n, 2], high and low."""
    return np.frombuffer(b"".join(ids), ">u8").astype(np.uint64).reshape(-1, 2)


def post(ledger: LedgerApi, drafts: list[Draft], batch_id: int, tick: Tick) -> Answers:
    """Post drafts; each batch is durable when the next begins.

    A line that was posted against the nostro when its other account was still unknown is asked
    for again as it was then: it can only be answered by exists, since its id is taken.

    Raises: what `LedgerApi.post_transfers` raises. What was posted before stays; doing it again
    posts the rest.
    """
    answers = _post(ledger, drafts, batch_id, tick)
    differs = np.isin(answers.status, _OTHER_ACCOUNTS)
    places = [at for at in np.flatnonzero(differs).tolist() if drafts[at].sides_before is not None]
    if places:
        again = [_as_before(drafts[at]) for at in places]
        second = _post(ledger, again, batch_id, lambda done: None)
        answers.status[places] = second.status
        answers.timestamp[places] = second.timestamp
    return answers


def _batches(drafts: list[Draft]) -> Iterator[list[Draft]]:
    """Cut drafts into batches, never inside a chain."""
    start = 0
    while start < len(drafts):
        end = min(start + BATCH_ROWS, len(drafts))
        while drafts[end - 1].line.is_linked and end > start + 1:
            end -= 1
        yield drafts[start:end]
        start = end


def _as_before(draft: Draft) -> Draft:
    debit, credit = draft.sides_before or (0, 0)
    return replace(draft, debit_account_id=debit, credit_account_id=credit)


def _post(ledger: LedgerApi, drafts: list[Draft], batch_id: int, tick: Tick) -> Answers:
    answers: list[pa.RecordBatch] = []
    done = 0
    for some in _batches(drafts):
        answers.append(ledger.post_transfers(columns(some, batch_id), balances=True))
        tick(done := done + len(some))

    def column(name: str) -> Any:
        kind = np.uint8 if name == "status" else np.int64
        return np.concatenate([np.zeros(0, kind), *(part[name].to_numpy() for part in answers)])

    def balance(side: Side) -> Any:
        account = f"{side}_account"
        return column(f"{account}_credits_posted") - column(f"{account}_debits_posted")

    return Answers(column("status"), column("timestamp"), balance(Side.DEBIT), balance(Side.CREDIT))


def held(ledger: LedgerApi, drafts: list[Draft], answers: Answers) -> dict[int, tuple[int, int]]:
    """Tell what the ledger holds under the ids of the drafts.

    Returns: place in `drafts` → timestamp, and what the transfer adds to the line's account.
    """
    found: dict[int, tuple[int, int]] = {}
    others: list[int] = []
    for place, (status, timestamp) in enumerate(
        zip(answers.status.tolist(), answers.timestamp.tolist(), strict=True)
    ):
        if status in (TransferStatus.CREATED, TransferStatus.EXISTS):
            found[place] = timestamp, drafts[place].line.signed_minor or 0
        elif status in _EXISTS_OTHERWISE:
            others.append(place)
    for some in chunks(others):
        rows = ledger.transfers([drafts[place].transfer_id for place in some]).to_pylist()
        known = {(row["id_hi"] << 64) | row["id_lo"]: row for row in rows}
        for place in some:
            if row := known.get(drafts[place].transfer_id.int):
                found[place] = row["timestamp"], _moved(drafts[place], row)
    return found


def _moved(draft: Draft, row: dict[str, Any]) -> int:
    is_debit = draft.line.side is Side.DEBIT
    own = draft.debit_account_id if is_debit else draft.credit_account_id
    sign = int(row["credit_account_id"] == own) - int(row["debit_account_id"] == own)
    return sign * int(row["amount_minor"])


def foresee(ledger: LedgerApi, drafts: list[Draft], tick: Tick) -> Answers:
    """Tell what posting would answer as far as ids tell: a dry run changes nothing."""
    status = np.zeros(len(drafts), np.uint8)
    timestamp = np.zeros(len(drafts), np.int64)
    place = 0
    for some in chunks(drafts, BATCH_ROWS):
        found = ledger.transfers([draft.transfer_id for draft in some])
        known = {(row["id_hi"] << 64) | row["id_lo"]: row for row in found.to_pylist()}
        for draft in some:
            if row := known.get(draft.transfer_id.int):
                status[place], timestamp[place] = _compared(draft, row), row["timestamp"]
            place += 1
        tick(place)
    nothing = np.zeros(len(drafts), np.int64)
    return Answers(status, timestamp, nothing, nothing)


def _compared(draft: Draft, row: dict[str, Any]) -> TransferStatus:
    sides = row["debit_account_id"], row["credit_account_id"]
    if sides == draft.sides_before:
        draft = _as_before(draft)
    if row["debit_account_id"] != draft.debit_account_id:
        return TransferStatus.EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT_ID
    if row["credit_account_id"] != draft.credit_account_id:
        return TransferStatus.EXISTS_WITH_DIFFERENT_CREDIT_ACCOUNT_ID
    if row["amount_minor"] != draft.line.amount_minor:
        return TransferStatus.EXISTS_WITH_DIFFERENT_AMOUNT
    return TransferStatus.EXISTS
