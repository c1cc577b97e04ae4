"""Requests are sent on, and sent again where their answer was lost: ids make that safe."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Final

import httpx
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from yunjin.app.gateway.book import Book
from yunjin.app.gateway.keys import Target, target_of
from yunjin.chassis.transport.problems import WrongHost, body_of, problem_response
from yunjin.kernel.errors import Malformed, Outage, Problem, Unknown

METHODS: Final = ["GET", "POST", "PUT", "PATCH", "DELETE"]
# Who says so did nothing, or may have done it under ids that act once.
AGAIN: Final = frozenset(
    {
        "ledger/account-moved",
        "ledger/not-leading",
        "ledger/cell-moved",
        "ledger/fenced",
        "ledger/writes-stopped",
        "ledger/outcome-unknown",
        "kernel/outage",
        "kernel/unknown-outcome",
    }
)
_READS: Final = frozenset({"GET", "HEAD"})
_PAUSE_S: Final = 0.05
_FOR_ONE_HOP: Final = frozenset(  # RFC 9110 section 7.6.1, and what is said anew
    {
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_OF_REQUESTS: Final = _FOR_ONE_HOP | {"host"}
_OF_ANSWERS: Final = _FOR_ONE_HOP | {"content-encoding", "server", "date"}


class Gateway:
    """The application that sends requests on.

    Parameters
    ----------
    seeds : http://HOST:PORT of processes of the cells.
    patience_s : how long a request is held while nobody writes its cell.
    answer_wait_s : how long to wait for an answer before the request is sent again.
    hosts : names by which it may be called, without port, as `Guard` has them; empty for any.
        The processes behind it see their own names alone.
    """

    def __init__(
        self,
        seeds: Sequence[str],
        *,
        patience_s: float,
        answer_wait_s: float,
        body_bytes_max: int,
        hosts: Iterable[str] = (),
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        limits = httpx.Limits(max_connections=512, max_keepalive_connections=512)
        timeout = httpx.Timeout(answer_wait_s, connect=1.0)
        self._web = httpx.AsyncClient(
            limits=limits, timeout=timeout, trust_env=False, transport=transport
        )
        self.book = Book(self._web, seeds)
        self._patience_s, self._body_bytes_max = patience_s, body_bytes_max
        self._hosts = frozenset(hosts)
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
            exception_handlers={Problem: lambda _, problem: problem_response(problem)},
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
        if self._hosts and request.url.hostname not in self._hosts:
            raise WrongHost("expected a request for this gateway, was for another host")
        body = await body_of(request.receive, self._body_bytes_max)
        target = target_of(
            request.url.path,
            dict(request.query_params),
            body,
            request.headers.get("yunjin-cell"),
        )
        until, answer, is_open = time.monotonic() + self._patience_s, None, False
        while True:
            address = await self.book.writer(target)
            if address is not None:
                answer = await self._try(address, request, body)
                is_hopeful = is_open and answer is not None and answer.status_code == 503
                if answer is not None and not (is_hopeful or _is_to_be_sent_again(answer)):
                    if answer.status_code == 404 and target == Target():
                        answer = await self._found_elsewhere(address, request, body) or answer
                    self._sent.labels(outcome="answered").inc()
                    return _told(answer)
                is_open = is_open or _may_be_done(answer)
            if time.monotonic() > until:
                self._sent.labels(outcome="given_up").inc()
                if is_open and request.method not in _READS:
                    return problem_response(
                        Unknown("The answer was lost: ask by the command's id.")
                    )
                has_words = answer is not None and _has_words(answer)
                cell, trouble = self.book.cell_of(target), self.book.trouble
                return _told(answer) if answer and has_words else _nobody(cell, trouble)
            target = _sent_to(answer) or target
            self._again.inc()
            await asyncio.sleep(_PAUSE_S)
            await self.book.read()

    async def _found_elsewhere(
        self, asked: str, request: Request, body: bytes
    ) -> httpx.Response | None:
        """Ask the other cells for what the first has not: an id names no cell."""
        if request.method not in _READS:
            return None
        for address in self.book.addresses():
            if address != asked:
                answer = await self._try(address, request, body)
                if answer is not None and answer.status_code < 400:
                    return answer
        return None

    async def _try(self, address: str, request: Request, body: bytes) -> httpx.Response | None:
        """Send a request to a process; return its answer, None where it was not sent."""
        headers = _passed_on(request.headers.items(), _OF_REQUESTS)
        path = request.scope["raw_path"].decode("latin-1")  # decoded, its %2F would be a slash
        query = f"?{request.url.query}" if request.url.query else ""
        try:
            return await self._web.request(
                request.method, f"{address}{path}{query}", content=body, headers=headers
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            return None
        except httpx.HTTPError:
            return httpx.Response(504)
        except httpx.InvalidURL as error:
            raise Malformed(f"expected an address, was something else: {error}") from error


def _passed_on(
    headers: Iterable[tuple[str, str]], dropped: frozenset[str]
) -> list[tuple[str, str]]:
    """Return the headers that are not for one hop alone, named so by us or by their sender."""
    given = [(name.lower(), value) for name, value in headers]
    named = ",".join(value for name, value in given if name == "connection").lower()
    gone = dropped | {name.strip() for name in named.split(",")}
    return [(name, value) for name, value in given if name not in gone]


def _is_to_be_sent_again(answer: httpx.Response) -> bool:
    if answer.status_code not in (503, 504):
        return False
    try:
        return json.loads(answer.content).get("code") in AGAIN
    except (ValueError, AttributeError):
        return True  # not one of ours: a process that is coming up or going down


def _sent_to(answer: httpx.Response | None) -> Target | None:
    """Return the cell that an answer says has the accounts, None where it says nothing of it."""
    if answer is None or not _has_words(answer):
        return None
    try:
        told = json.loads(answer.content)
    except ValueError:
        return None
    is_moved = told.get("code") == "ledger/account-moved" and isinstance(told.get("cell"), int)
    return Target(cell=told["cell"]) if is_moved else None


def _may_be_done(answer: httpx.Response | None) -> bool:
    """Tell whether a command may have been done: who says 503 in words did not."""
    return answer is not None and (answer.status_code == 504 or not _has_words(answer))


def _has_words(answer: httpx.Response) -> bool:
    return answer.content.startswith(b"{")


def _told(answer: httpx.Response) -> Response:
    told = Response(answer.content, answer.status_code)
    for name, value in _passed_on(answer.headers.multi_items(), _OF_ANSWERS):
        told.headers.append(name, value)
    return told


def _nobody(cell: int | None, trouble: str) -> Response:
    where = "a cell" if cell is None else f"cell {cell}"
    facts = {} if cell is None else {"cell": cell}
    return problem_response(Outage(f"Nobody writes {where} now: {trouble or 'unknown'}.", **facts))
