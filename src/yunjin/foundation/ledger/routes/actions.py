"""Small questions over Flight: JSON in; JSON out, or an Arrow stream where columns come back."""

import json
from functools import partial
from typing import Any
from uuid import UUID

import pyarrow as pa
from pydantic import BaseModel

from yunjin.chassis.transport.streams import Action
from yunjin.chassis.transport.values import INT64_MAX, big
from yunjin.foundation.ledger.api import Ledger, LedgerApi
from yunjin.foundation.ledger.routes.reports import CellOut, TrialBalanceOut
from yunjin.foundation.ledger.routes.schemas import LedgersForm
from yunjin.foundation.ledger.routes.values import BATCH_MAX
from yunjin.kernel.errors import Malformed


def actions(ledger: LedgerApi) -> dict[str, Action]:
    """Return the ledger's small questions, by name."""
    return {
        "state": Action(
            "Say how the cell is doing.", lambda _: _written(CellOut.of(ledger.state()))
        ),
        "trial_balance": Action(
            "Return every ledger's totals.",
            lambda _: _written(TrialBalanceOut.of(ledger.trial_balance())),
        ),
        "ledgers": Action("List the declared units.", lambda _: _ledgers(ledger)),
        "declare_ledgers": Action(
            'Declare units: {"ledgers": [{"ledger", "currency", "name"}]}.',
            partial(_declare, ledger),
        ),
        "allot_account_ids": Action(
            'Set account ids aside: {"count"}; returns {"first", "count"}.',
            partial(_allot, ledger),
        ),
        "transfers": Action(
            'Look transfers up: {"ids": [uuid, …]}; returns an Arrow stream.',
            partial(_transfers, ledger),
        ),
    }


def account_ids_of(asked: Any) -> list[int]:
    """Read account ids, as of a ticket: ["281474976710657", …]. Raises: Malformed."""
    return [_number(value, INT64_MAX) for value in _listed(asked, "accounts")]


def _written(answer: BaseModel) -> bytes:
    return answer.model_dump_json().encode()


def _ledgers(ledger: LedgerApi) -> bytes:
    found = ledger.ledgers()
    return json.dumps(
        {"items": [{"ledger": x.ledger, "currency": x.currency, "name": x.name} for x in found]}
    ).encode()


def _declare(ledger: LedgerApi, asked: Any) -> bytes:
    try:
        form = LedgersForm.model_validate(asked)
    except ValueError:
        raise Malformed("expected ledgers with ledger, currency and name") from None
    ledger.declare_ledgers([Ledger(**one.model_dump()) for one in form.ledgers])
    return _ledgers(ledger)


def _allot(ledger: LedgerApi, asked: Any) -> bytes:
    count = asked.get("count") if isinstance(asked, dict) else None
    if type(count) is not int or not 1 <= count <= 100_000_000:
        raise Malformed("expected a count from 1 to 100000000")
    first = ledger.allot_account_ids(count)
    return json.dumps({"first": str(first), "count": count}).encode()


def _transfers(ledger: LedgerApi, asked: Any) -> bytes:
    try:
        found = ledger.transfers([UUID(value) for value in _listed(asked.get("ids"), "ids")])
    except (ValueError, AttributeError, TypeError):
        raise Malformed("expected transfer ids as UUIDs in strings") from None
    stream = pa.BufferOutputStream()
    with pa.ipc.new_stream(stream, found.schema) as writer:
        writer.write_batch(found)
    body: bytes = stream.getvalue().to_pybytes()
    return body


def _listed(values: Any, name: str) -> list[Any]:
    if not isinstance(values, list) or len(values) > BATCH_MAX:
        raise Malformed(f"expected at most {BATCH_MAX} {name} in a list")
    return values


def _number(value: Any, maximum: int) -> int:
    try:
        return big(value, maximum)
    except ValueError as error:
        raise Malformed(str(error)) from None
