"""Posting entries over HTTP: gathered, so that products' hooks run over columns.

Plain Starlette routes, for speed; `document` describes them in the OpenAPI by hand.
"""

from typing import Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from yunjin.chassis.transport import Gatherer, json_body_of, malformed_json, problem_response
from yunjin.foundation.banking.api.agreements import ENTRIES_MAX, AgreementsApi
from yunjin.foundation.banking.routes import entry_forms as forms
from yunjin.foundation.banking.routes.entry_forms import (
    Booked,
    BookedBatch,
    Entry,
    EntryBatch,
    Outcome,
    Row,
)
from yunjin.kernel.errors import Malformed, Problem

_read_entry: Final = msgspec.json.Decoder(Entry).decode
_read_batch: Final = msgspec.json.Decoder(EntryBatch).decode
_write: Final = msgspec.json.Encoder().encode
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_JSON: Final = (b"content-type", b"application/json")
_LINGER_S: Final = 0.01  # a wave costs 5 ms of the processor, whether of 30 entries or of 60
_REPLAYED: Final = (b"idempotency-replayed", b"true")


class Entries:
    """`POST /v1/entries`: one entry a request, many requests a wave."""

    def __init__(self, agreements: AgreementsApi, *, waiting_max: int) -> None:
        self._agreements = agreements
        self._gatherer: Gatherer[Row, Outcome] = Gatherer(
            self._post, batch_max=ENTRIES_MAX, waiting_max=waiting_max, linger_s=_LINGER_S
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._answer(scope, receive, send)
        except Problem as problem:
            await problem_response(problem, instance=scope["path"])(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await json_body_of(scope, receive)
        try:
            entry = _read_entry(body)
        except _UNREADABLE as error:
            raise malformed_json(error) from None
        _check_key(scope, entry)
        outcome = await self._gatherer.ask(forms.row_of(entry))
        if isinstance(outcome, Problem):
            raise outcome.with_traceback(None)
        status = forms.http_status(outcome)
        if not status:
            raise forms.refusal(entry, outcome)
        await _send(send, status, _write(forms.booked(entry.id, outcome)))

    def _post(self, rows: list[Row]) -> list[Outcome]:
        """Post a wave, in a worker thread."""
        ids: dict[Row, int] = {}
        twice = [at for at, row in enumerate(rows) if ids.setdefault(row[:2], at) != at]
        if not twice:
            return forms.outcomes_of(self._agreements.post(forms.columns_of(rows)))
        # the same id from two callers at once: the second asks when the first is answered
        later = set(twice)
        first = self._post([row for at, row in enumerate(rows) if at not in later])
        again = self._post([rows[at] for at in twice])
        answers = iter(first)
        return [again[twice.index(at)] if at in later else next(answers) for at in range(len(rows))]


class EntryBatches:
    """`POST /v1/entry_batches`: a batch of the caller's own."""

    def __init__(self, agreements: AgreementsApi) -> None:
        self._agreements = agreements

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await json_body_of(scope, receive)
            content = await run_in_threadpool(self._post, body)
        except Problem as problem:
            await problem_response(problem, instance=scope["path"])(scope, receive, send)
        else:
            await _send(send, 200, content, is_new=True)

    def _post(self, body: bytes) -> bytes:
        try:
            entries = _read_batch(body).entries
        except _UNREADABLE as error:
            raise malformed_json(error) from None
        columns = forms.columns_of([forms.row_of(one) for one in entries])
        outcomes = forms.outcomes_of(self._agreements.post(columns))
        pairs = zip(entries, outcomes, strict=True)
        return _write(BookedBatch([forms.booked(one.id, outcome) for one, outcome in pairs]))


def routes(agreements: AgreementsApi, *, waiting_max: int) -> list[Route]:
    """Return the fast routes. waiting_max: single entries that may wait for a wave."""
    return [
        Route("/v1/entries", Entries(agreements, waiting_max=waiting_max), methods=["POST"]),
        Route("/v1/entry_batches", EntryBatches(agreements), methods=["POST"]),
    ]


def document() -> dict[str, Any]:
    """Return the fast routes' part of the OpenAPI: `paths` and `components`."""
    (entry, batch, done, batch_done), components = msgspec.json.schema_components(
        (Entry, EntryBatch, Booked, BookedBatch), ref_template="#/components/schemas/{name}"
    )
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Where it is sent, it must be the entry's id.",
        "schema": {"type": "string", "format": "uuid"},
    }
    single = {
        "summary": "Post an entry",
        "description": "Booked, held, captured, released or reversed under the product's rules; "
        "durable when answered. The same again answers 200 and moves nothing.",
        "operationId": "post_entry",
        "tags": ["agreements"],
        "parameters": [key],
        "requestBody": _content(entry),
        "responses": {
            "201": {"description": "It was booked.", **_content(done)},
            "200": {"description": "It had been booked before.", **_content(done)},
        },
    }
    many = {
        "summary": "Post a batch of entries",
        "description": "In order; every entry has its own result. Durable when answered.",
        "operationId": "post_entry_batch",
        "tags": ["agreements"],
        "requestBody": _content(batch),
        "responses": {"200": {"description": "The batch ran.", **_content(batch_done)}},
    }
    paths = {"/v1/entries": {"post": single}, "/v1/entry_batches": {"post": many}}
    return {"paths": paths, "components": {"schemas": components}}


def _content(schema: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _check_key(scope: Scope, entry: Entry) -> None:
    if scope["query_string"]:
        raise Malformed("expected no query, was one")
    for name, value in scope["headers"]:
        if name == b"idempotency-key" and value.decode("latin-1").lower() != str(entry.id):
            raise Malformed("expected the entry's id as Idempotency-Key, was another")


async def _send(send: Send, status: int, content: bytes, *, is_new: bool = False) -> None:
    headers = [_JSON, (b"content-length", str(len(content)).encode())]
    if status == 200 and not is_new:
        headers.append(_REPLAYED)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
