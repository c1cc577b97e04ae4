"""Small questions over Flight: JSON in; JSON out, or an Arrow stream where columns come back."""

import json
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import pyarrow as pa

from yunjin.foundation.ledger.api import Ledger, LedgerApi
from yunjin.foundation.ledger.routes.reports import CellOut, TrialBalanceOut
from yunjin.foundation.ledger.routes.schemas import LedgersForm
from yunjin.foundation.ledger.routes.values import BATCH_MAX, INT64_MAX, big
from yunjin.kernel.errors import Malformed

ACTIONS: Final = {
    "state": "Say how the cell is doing.",
    "trial_balance": "Return every ledger's totals.",
    "ledgers": "List the declared units.",
    "declare_ledgers": 'Declare units: {"ledgers": [{"ledger", "currency", "name"}]}.',
    "allot_account_ids": 'Set account ids aside: {"count"}; returns {"first", "count"}.',
    "transfers": 'Look transfers up: {"ids": [uuid, …]}; returns an Arrow stream.',
}


def run(ledger: LedgerApi, name: str, body: bytes) -> bytes:
    """Answer an action. Raises: Malformed, and what the ledger raises."""
    actions: dict[str, Callable[[LedgerApi, Any], bytes]] = {
        "state": lambda api, _: CellOut.of(api.state()).model_dump_json().encode(),
        "trial_balance": lambda api, _: (
            TrialBalanceOut.of(api.trial_balance()).model_dump_json().encode()
        ),
        "ledgers": lambda api, _: _ledgers(api),
        "declare_ledgers": _declare,
        "allot_account_ids": _allot,
        "transfers": _transfers,
    }
    if name not in actions:
        raise Malformed(f"expected one of {', '.join(ACTIONS)}, was {name[:40]!r}")
    return actions[name](ledger, _json(body) if body else {})


def asks_for_transfers(ticket: bytes) -> bool:
    """Say whether a ticket is for every transfer: {"transfers": "all"}. Raises: Malformed."""
    return bool(_json(ticket) == {"transfers": "all"})


def ids_of(ticket: bytes) -> list[int]:
    """Read the account ids of a ticket: {"accounts": ["281474976710657", …]}. Raises: Malformed."""
    return [_number(value, INT64_MAX) for value in _list(_json(ticket), "accounts")]


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
        found = ledger.transfers([UUID(value) for value in _list(asked, "ids")])
    except (ValueError, AttributeError, TypeError):
        raise Malformed("expected transfer ids as UUIDs in strings") from None
    stream = pa.BufferOutputStream()
    with pa.ipc.new_stream(stream, found.schema) as writer:
        writer.write_batch(found)
    body: bytes = stream.getvalue().to_pybytes()
    return body


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("expected JSON in UTF-8, was another form") from None


def _list(asked: Any, name: str) -> list[Any]:
    values = asked.get(name) if isinstance(asked, dict) else None
    if not isinstance(values, list) or len(values) > BATCH_MAX:
        raise Malformed(f"expected at most {BATCH_MAX} {name} in a list")
    return values


def _number(value: Any, maximum: int) -> int:
    try:
        return big(value, maximum)
    except ValueError as error:
        raise Malformed(str(error)) from None
