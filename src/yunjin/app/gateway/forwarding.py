"""Requests are sent on, and sent again where their answer was lost: ids make that safe."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Sequence
from typing import Final

import httpx
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from yunjin.app.gateway.book import Book
from yunjin.app.gateway.keys import cell_of
from yunjin.chassis.transport.problems import body_of, problem_response
from yunjin.kernel.errors import Outage

METHODS: Final = ["GET", "POST", "PUT", "PATCH", "DELETE"]
# Who says so did nothing, or may have done it under ids that act once.
AGAIN: Final = frozenset(
    {
        "ledger/not-leading",
        "ledger/fenced",
        "ledger/writes-stopped",
        "ledger/outcome-unknown",
        "kernel/outage",
        "kernel/unknown-outcome",
    }
)
_PAUSE_S: Final = 0.05
_OWN: Final = frozenset({"host", "content-length", "connection", "transfer-encoding"})
_FOR_ONE_HOP: Final = frozenset(
    {"content-length", "connection", "transfer-encoding", "content-encoding", "server", "date"}
)


class Gateway:
    """The application that sends requests on.

    Parameters
    ----------
    seeds : http://HOST:PORT of processes of the cells.
    patience_s : how long a request is held while nobody writes its cell.
    answer_wait_s : how long to wait for an answer before the request is sent again.
    """

    def __init__(
        self,
        seeds: Sequence[str],
        *,
        patience_s: float,
        answer_wait_s: float,
        body_bytes_max: int,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        limits = httpx.Limits(max_connections=512, max_keepalive_connections=512)
        timeout = httpx.Timeout(answer_wait_s, connect=1.0)
        self._web = httpx.AsyncClient(
            limits=limits, timeout=timeout, trust_env=False, transport=transport
        )
        self.book = Book(self._web, seeds)
        self._patience_s, self._body_bytes_max = patience_s, body_bytes_max
        self._registry = CollectorRegistry()
        self._sent = Counter(
            "gateway_requests", "Requests by how they ended.", ["outcome"], registry=self._registry
        )
        self._again = Counter(
            "gateway_sent_again", "Times that a request was sent again.", registry=self._registry
        )

    def app(self) -> Starlette:
        """Return the application: health, metrics, and everything else sent on."""
        return Starlette(
            routes=[
                Route("/health/live", lambda _: JSONResponse({"status": "live"})),
                Route("/health/ready", self._ready),
                Route("/metrics", self._metrics),
                Route("/{path:path}", self._forward, methods=METHODS),
            ],
            lifespan=self._life,
        )

    @contextlib.asynccontextmanager
    async def _life(self, _: Starlette) -> AsyncIterator[None]:
        yield
        await self._web.aclose()

    async def _ready(self, _: Request) -> Response:
        await self.book.read()
        trouble = self.book.trouble
        words = {"status": "not ready" if trouble else "ready", "cells": self.book.cells()}
        return JSONResponse({**words, "why": trouble}, 503 if trouble else 200)

    def _metrics(self, _: Request) -> Response:
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)

    async def _forward(self, request: Request) -> Response:
        body = await body_of(request.receive, self._body_bytes_max)
        cell = cell_of(
            request.url.path,
            dict(request.query_params),
            body,
            request.headers.get("yunjin-cell"),
        )
        until, answer = time.monotonic() + self._patience_s, None
        while True:
            address = await self.book.writer(cell)
            if address is not None:
                answer = await self._try(address, request, body)
                if answer is not None and not _is_to_be_sent_again(answer):
                    self._sent.labels(outcome="answered").inc()
                    return _told(answer)
            if time.monotonic() > until:
                self._sent.labels(outcome="given_up").inc()
                return _told(answer) if answer is not None else _nobody(cell, self.book.trouble)
            self._again.inc()
            await asyncio.sleep(_PAUSE_S)
            await self.book.read()

    async def _try(self, address: str, request: Request, body: bytes) -> httpx.Response | None:
        """Send a request to a process; return its answer, None where it was lost."""
        headers = [(k, v) for k, v in request.headers.items() if k not in _OWN]
        query = f"?{request.url.query}" if request.url.query else ""
        try:
            return await self._web.request(
                request.method, f"{address}{request.url.path}{query}", content=body, headers=headers
            )
        except httpx.HTTPError:
            return None


def _is_to_be_sent_again(answer: httpx.Response) -> bool:
    if answer.status_code not in (503, 504):
        return False
    try:
        return json.loads(answer.content).get("code") in AGAIN
    except (ValueError, AttributeError):
        return True  # not one of ours: a process that is coming up or going down


def _told(answer: httpx.Response) -> Response:
    headers = {k: v for k, v in answer.headers.items() if k not in _FOR_ONE_HOP}
    return Response(answer.content, answer.status_code, headers)


def _nobody(cell: int | None, trouble: str) -> Response:
    where = "a cell" if cell is None else f"cell {cell}"
    facts = {} if cell is None else {"cell": cell}
    return problem_response(Outage(f"Nobody writes {where} now: {trouble or 'unknown'}.", **facts))
