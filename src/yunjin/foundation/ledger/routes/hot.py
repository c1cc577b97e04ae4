"""Posting transfers over HTTP: gathered into batches, each batch one durable commit.

Plain Starlette routes, for speed; `document` describes them in the OpenAPI by hand, from the very
structures that read the bodies.
"""

from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from yunjin.chassis.transport import Gatherer, json_body_of, malformed_json, problem_response
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.foundation.ledger.routes import posting
from yunjin.foundation.ledger.routes.posting import (
    Outcome,
    Posted,
    PostedBatch,
    Row,
    Transfer,
    TransferBatch,
)
from yunjin.foundation.ledger.routes.values import BATCH_MAX
from yunjin.kernel.errors import Malformed, Problem

_read_transfer: Final = msgspec.json.Decoder(Transfer).decode
_read_batch: Final = msgspec.json.Decoder(TransferBatch).decode
_write: Final = msgspec.json.Encoder().encode
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_JSON: Final = (b"content-type", b"application/json")
_REPLAYED: Final = (b"idempotency-replayed", b"true")


class Asked(NamedTuple):
    """A transfer on its way into a batch."""

    row: Row
    wants_balances: bool


class Transfers:
    """`POST /v1/transfers`: one transfer a request, many requests a batch."""

    def __init__(self, ledger: LedgerApi, *, waiting_max: int) -> None:
        self._ledger = ledger
        self._gatherer: Gatherer[Asked, Outcome | Problem] = Gatherer(
            self._post, batch_max=BATCH_MAX, waiting_max=waiting_max
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._answer(scope, receive, send)
        except Problem as problem:
            await problem_response(problem, instance=scope["path"])(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await json_body_of(scope, receive)
        try:
            transfer = _read_transfer(body)
        except _UNREADABLE as error:
            raise malformed_json(error) from None
        _check_key(scope, transfer)
        balances = transfer.balances or _wants_balances(scope)
        outcome = await self._gatherer.ask(Asked(posting.row_of(transfer), balances))
        if isinstance(outcome, Problem):
            raise outcome.with_traceback(None)
        status = posting.http_status(outcome.status)
        if status > 201:
            refusal = posting.refusal(transfer, outcome)
            answer = problem_response(refusal, instance=scope["path"], status=status)
            await answer(scope, receive, send)
            return
        content = _write(posting.posted(transfer.id, outcome, balances=balances))
        await _send(send, status, content, is_replay=status == 200)

    def _post(self, asked: list[Asked]) -> list[Outcome | Problem]:
        """Act on a batch, in a worker thread."""
        columns = posting.columns_of([one.row for one in asked])
        balances = any(one.wants_balances for one in asked)
        outcomes = posting.outcomes_of(self._ledger.post_transfers(columns, balances=balances))
        return [
            self._alone(one) if outcome.status in posting.ELSEWHERE else outcome
            for one, outcome in zip(asked, outcomes, strict=True)
        ]

    def _alone(self, one: Asked) -> Outcome | Problem:
        """Ask again for what others of its batch hid: the cell that a split gave its payer to."""
        try:
            columns = posting.columns_of([one.row])
            [outcome] = posting.outcomes_of(self._ledger.post_transfers(columns))
        except Problem as problem:
            return problem
        return outcome


class TransferBatches:
    """`POST /v1/transfer_batches`: a batch of the caller's own."""

    def __init__(self, ledger: LedgerApi) -> None:
        self._ledger = ledger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await json_body_of(scope, receive)
            content = await run_in_threadpool(self._post, body)
        except Problem as problem:
            await problem_response(problem, instance=scope["path"])(scope, receive, send)
        else:
            await _send(send, 200, content, is_replay=False)

    def _post(self, body: bytes) -> bytes:
        try:
            batch = _read_batch(body)
        except _UNREADABLE as error:
            raise malformed_json(error) from None
        columns = posting.columns_of([posting.row_of(one) for one in batch.transfers])
        results = self._ledger.post_transfers(columns, balances=batch.balances)
        outcomes = posting.outcomes_of(results)
        pairs = zip(batch.transfers, outcomes, strict=True)
        return _write(
            PostedBatch([posting.posted(x.id, y, balances=batch.balances) for x, y in pairs])
        )


def routes(ledger: LedgerApi, *, waiting_max: int) -> list[Route]:
    """Return the fast routes. waiting_max: single transfers that may wait for a batch."""
    return [
        Route("/v1/transfers", Transfers(ledger, waiting_max=waiting_max), methods=["POST"]),
        Route("/v1/transfer_batches", TransferBatches(ledger), methods=["POST"]),
    ]


def document() -> dict[str, Any]:
    """Return the fast routes' part of the OpenAPI: `paths` and `components`."""
    structures = (Transfer, TransferBatch, Posted, PostedBatch)
    (transfer, batch, done, batch_done), components = msgspec.json.schema_components(
        structures, ref_template="#/components/schemas/{name}"
    )
    query = {
        "name": "balances",
        "in": "query",
        "description": "Whether to return both accounts' totals right after the transfer; "
        "for a retry, those of now.",
        "schema": {"type": "boolean", "default": False},
    }
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Where it is sent, it must be the transfer's id.",
        "schema": {"type": "string", "format": "uuid"},
    }
    single = {
        "summary": "Post a transfer",
        "description": "Durable when answered. The same again answers 200 and moves nothing.",
        "operationId": "post_transfer",
        "tags": ["ledger"],
        "parameters": [query, key],
        "requestBody": _content(transfer),
        "responses": {
            "201": {"description": "It was posted.", **_content(done)},
            "200": {"description": "It had been posted before.", **_content(done)},
        },
    }
    many = {
        "summary": "Post a batch of transfers",
        "description": "In order; every transfer has its own result. Durable when answered.",
        "operationId": "post_transfer_batch",
        "tags": ["ledger"],
        "requestBody": _content(batch),
        "responses": {"200": {"description": "The batch ran.", **_content(batch_done)}},
    }
    paths = {"/v1/transfers": {"post": single}, "/v1/transfer_batches": {"post": many}}
    return {"paths": paths, "components": {"schemas": components}}


def _content(schema: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _check_key(scope: Scope, transfer: Transfer) -> None:
    for name, value in scope["headers"]:
        if name == b"idempotency-key" and value.decode("latin-1").lower() != str(transfer.id):
            raise Malformed("expected the transfer's id as Idempotency-Key, was another")


def _wants_balances(scope: Scope) -> bool:
    """Read `?balances=true`; other parameters are refused."""
    if not scope["query_string"]:
        return False
    asked = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    values = asked.pop("balances", ["false"])
    if asked or values[-1] not in ("true", "false"):
        raise Malformed("expected ?balances=true or nothing, was another query")
    return bool(values[-1] == "true")


async def _send(send: Send, status: int, content: bytes, *, is_replay: bool) -> None:
    headers = [_JSON, (b"content-length", str(len(content)).encode())]
    if is_replay:
        headers.append(_REPLAYED)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
