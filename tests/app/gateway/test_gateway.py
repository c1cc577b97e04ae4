"""Goal: a caller of the gateway need not know which process writes a cell, nor that it changed.

Method: the gateway before two made-up processes, whose answers the test chooses request by request;
what was sent to whom is written down.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from yunjin.app.gateway.forwarding import Gateway
from yunjin.app.gateway.keys import cell_of

ONE, TWO = "http://one:1", "http://two:2"
ACCOUNT = str(3 << 48 | 7)


@dataclass
class Processes:
    """Two processes; `writer` has the lease of cell 3, unless nobody does."""

    writer: str = ONE
    dead: set[str] = field(default_factory=set)
    sent: list[tuple[str, str, str]] = field(default_factory=list)  # (process, path, body)
    answer: Callable[[str], httpx.Response | None] = lambda process: None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        process = f"http://{request.url.host}:{request.url.port}"
        if process in self.dead:
            raise httpx.ConnectError("nobody listens")
        if request.url.path == "/v1/members":
            return httpx.Response(200, json={"items": [self._member(x) for x in (ONE, TWO)]})
        self.sent.append((process, request.url.path, request.content.decode()))
        chosen = self.answer(process)
        if chosen is not None:
            return chosen
        if process != self.writer:
            return httpx.Response(503, json={"code": "ledger/not-leading"})
        return httpx.Response(201, json={"by": process}, headers={"x-own": "kept"})

    def _member(self, process: str) -> dict[str, Any]:
        writes = process == self.writer
        return {"cell": 3, "http": process, "writes": writes, "seen_at_ns": "1", "epoch": +writes}


def asked(processes: Processes, *, patience_s: float = 5, **request: Any) -> httpx.Response:
    """Send one request through a fresh gateway."""

    async def run() -> httpx.Response:
        made = Gateway(
            [ONE, TWO],
            patience_s=patience_s,
            answer_wait_s=1,
            body_bytes_max=1 << 20,
            transport=httpx.MockTransport(processes),
        )
        transport = httpx.ASGITransport(made.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as web:
            usual = {"method": "POST", "url": "/v1/transfers", "content": payment()}
            return await web.request(**{**usual, **request})

    return asyncio.run(run())


def payment() -> bytes:
    return json.dumps({"id": "0" * 32, "debit_account_id": ACCOUNT, "amount_minor": 1}).encode()


def test_a_request_goes_to_whoever_writes_and_its_answer_comes_back_whole() -> None:
    processes = Processes(writer=TWO)
    answer = asked(processes)
    assert (answer.status_code, answer.json(), answer.headers["x-own"]) == (
        201,
        {"by": TWO},
        "kept",
    )
    assert processes.sent == [(TWO, "/v1/transfers", payment().decode())]


def test_a_writer_that_died_is_looked_for_until_another_writes() -> None:
    processes = Processes(writer=ONE, dead={ONE})

    def take_over(process: str) -> None:
        processes.writer = TWO

    processes.answer = take_over  # type: ignore[assignment]
    processes.writer = TWO
    assert asked(processes).json() == {"by": TWO}


def test_who_says_that_another_writes_now_is_believed() -> None:
    processes, turns = Processes(writer=ONE), []

    def moved_on(process: str) -> httpx.Response | None:
        turns.append(process)
        if process == ONE:
            processes.writer = TWO
            return httpx.Response(503, json={"code": "ledger/fenced"})
        return None

    processes.answer = moved_on
    assert asked(processes).json() == {"by": TWO}
    assert turns == [ONE, TWO]


@pytest.mark.parametrize("code", ["ledger/outcome-unknown", "kernel/unknown-outcome"])
def test_a_lost_answer_is_asked_for_again_under_the_same_ids(code: str) -> None:
    processes, lost = Processes(), [1]

    def once(process: str) -> httpx.Response | None:
        return httpx.Response(504, json={"code": code}) if lost and lost.pop() else None

    processes.answer = once
    assert asked(processes).status_code == 201
    assert len({body for _, _, body in processes.sent}) == 1
    assert len(processes.sent) == 2


@pytest.mark.parametrize("status", [404, 409, 422, 500])
def test_a_refusal_is_told_at_once(status: int) -> None:
    processes = Processes(answer=lambda process: httpx.Response(status, json={"code": "x/y"}))
    assert asked(processes).status_code == status
    assert len(processes.sent) == 1


def test_where_nobody_writes_the_caller_is_told_so_once_patience_is_over() -> None:
    answer = asked(Processes(dead={ONE, TWO}), patience_s=0.1)
    assert answer.status_code == 503
    assert answer.json()["code"] == "kernel/outage"
    assert "does not answer" in answer.json()["detail"]


def test_overload_is_for_the_caller_to_see() -> None:
    busy = httpx.Response(503, json={"code": "ledger/overloaded"})
    processes = Processes(answer=lambda process: busy)
    assert asked(processes).json() == {"code": "ledger/overloaded"}


@pytest.mark.parametrize(
    ("path", "query", "body", "header", "cell"),
    [
        (f"/v1/accounts/{ACCOUNT}/history", {}, b"", None, 3),
        (f"/v1/agreements/{ACCOUNT}", {}, b"", None, 3),
        ("/v1/transfers", {"account_id": ACCOUNT}, b"", None, 3),
        ("/v1/transfers", {}, payment(), None, 3),
        (
            "/v1/entry_batches",
            {},
            b'{"entries": [{"agreement_id": "%s"}]}' % ACCOUNT.encode(),
            None,
            3,
        ),
        ("/v1/transfers", {}, payment(), "9", 9),
        ("/v1/cell", {}, b"", None, None),
        ("/v1/transfers", {}, b"no json", None, None),
        ("/v1/transfers", {}, b'{"debit_account_id": "-5"}', None, None),
        ("/v1/accounts/12", {}, b"", None, None),
        ("/v1/transfers", {}, b"[1]", "x", None),
    ],
)
def test_the_cell_is_read_from_where_requests_name_an_account(
    path: str, query: dict[str, str], body: bytes, header: str | None, cell: int | None
) -> None:
    assert cell_of(path, query, body, header) == cell
