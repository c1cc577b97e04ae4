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
from yunjin.app.gateway.keys import Target, target_of

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


def asked(
    processes: Processes, *, patience_s: float = 5, hosts: tuple[str, ...] = (), **request: Any
) -> httpx.Response:
    """Send one request through a fresh gateway."""

    async def run() -> httpx.Response:
        made = Gateway(
            [ONE, TWO],
            patience_s=patience_s,
            answer_wait_s=1,
            body_bytes_max=1 << 20,
            hosts=hosts,
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

    processes.answer = take_over
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


SIGNPOST_NS = str(2**62)


@dataclass
class Sets:
    """Two sets: cell 3 has moved from the first to the second, cell 4 stays on the first."""

    dead: set[str] = field(default_factory=set)
    has_moved: bool = True
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        process = f"http://{request.url.host}:{request.url.port}"
        if process in self.dead:
            raise httpx.ConnectError("nobody listens")
        if request.url.path == "/v1/members":
            self.asked.append(process)
            return httpx.Response(200, json={"items": self._members(process)})
        if process == ONE and self.has_moved and ACCOUNT in request.content.decode():
            return httpx.Response(503, json={"code": "ledger/cell-moved", "http": TWO})
        return httpx.Response(201, json={"by": process})

    def _members(self, process: str) -> list[dict[str, Any]]:
        if process == TWO:
            return [self._one(3, TWO, 9)]
        if self.has_moved:
            return [self._one(3, TWO, 7, SIGNPOST_NS), self._one(3, ONE, 0), self._one(4, ONE, 2)]
        return [self._one(3, ONE, 5), self._one(4, ONE, 2)]

    def _one(self, cell: int, http: str, epoch: int, seen_at: str = "1") -> dict[str, Any]:
        writes = epoch > 0
        return {"cell": cell, "http": http, "writes": writes, "epoch": epoch, "seen_at_ns": seen_at}


def answers_of(sets: Sets, cells: list[int], *, between: Callable[[], None]) -> list[str]:
    """Send a payment of each cell through one gateway; return who answered."""

    async def run() -> list[str]:
        made = Gateway(
            [ONE],
            patience_s=5,
            answer_wait_s=1,
            body_bytes_max=1 << 20,
            transport=httpx.MockTransport(sets),
        )
        transport, found = httpx.ASGITransport(made.app()), []
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as web:
            for cell in cells:
                body = json.dumps({"debit_account_id": str(cell << 48 | 7)})
                found.append((await web.post("/v1/transfers", content=body)).json()["by"])
                between()
        return found

    return asyncio.run(run())


def test_cells_of_two_sets_are_found_from_one_process_of_the_first() -> None:
    assert answers_of(Sets(), [3, 4, 3], between=lambda: None) == [TWO, ONE, TWO]


def test_a_cell_that_moves_is_followed_and_the_others_stay() -> None:
    sets = Sets(has_moved=False)

    def move() -> None:
        sets.has_moved = True

    assert answers_of(sets, [3, 3, 4, 3], between=move) == [ONE, TWO, ONE, TWO]


def test_the_set_that_a_cell_has_left_may_be_taken_down() -> None:
    sets = Sets()
    assert answers_of(sets, [3, 3], between=lambda: sets.dead.add(ONE)) == [TWO, TWO]


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
    target = target_of(path, query, body, header)
    account = int(ACCOUNT) if cell == 3 else None
    assert target == Target(cell=cell if account is None else None, account=account)


# splits -----------------------------------------------------------------------------------------


class Halves:
    """Cell 3 on one process, and cell 8, which a split gives its odd blocks to."""

    def __init__(self) -> None:
        self.is_split = self.is_told = False
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        at = ONE if request.url.host == "one" else TWO
        if request.url.path == "/v1/members":
            depth = int(self.is_split and self.is_told)
            seen = {"writes": True, "epoch": 4, "seen_at_ns": "1", "home": 3, "depth": depth}
            items = [{**seen, "cell": 3, "http": ONE, "residue": 0}]
            items += [{**seen, "cell": 8, "http": TWO, "residue": 1}] if depth else []
            return httpx.Response(200, json={"items": items})
        self.asked.append(at)
        if request.method == "GET":
            return httpx.Response(200 if at == TWO else 404, json={"by": at})
        account = int(json.loads(request.content)["debit_account_id"])
        if self.is_split and at == ONE and account >> 10 & 1:
            moved = {"code": "ledger/account-moved", "status": 503, "cell": 8}
            self.is_told = True  # whoever asks now is told of both
            return httpx.Response(503, json=moved)
        return httpx.Response(201, json={"by": at})


def test_what_moved_in_a_split_is_followed() -> None:
    halves, odd, even = Halves(), 3 << 48 | 1_025, 3 << 48 | 7

    async def run() -> list[str]:
        transport = httpx.MockTransport(halves)
        made = Gateway(
            [ONE], patience_s=5, answer_wait_s=1, body_bytes_max=1 << 20, transport=transport
        )
        found = []
        app = httpx.ASGITransport(made.app())
        async with httpx.AsyncClient(transport=app, base_url="http://gateway") as web:
            for account in (odd, even, odd, odd, even):
                body = json.dumps({"debit_account_id": str(account)})
                found.append((await web.post("/v1/transfers", content=body)).json()["by"])
                halves.is_split = len(found) >= 2
            found.append((await web.get("/v1/transfers/0199a3c0")).json()["by"])
        return found

    assert asyncio.run(run()) == [ONE, ONE, TWO, TWO, ONE, TWO]
    assert halves.asked == [ONE, ONE, ONE, TWO, TWO, ONE, ONE, TWO]


# what is told, and what is passed on ------------------------------------------------------------


@pytest.mark.parametrize("code", ["ledger/not-leading", "ledger/overloaded"])
@pytest.mark.parametrize("lost", ["answer", "unknown", "not one of ours"])
def test_a_command_whose_answer_was_lost_is_never_told_to_be_undone(lost: str, code: str) -> None:
    """It was sent; that nobody writes the cell afterwards says nothing of it."""
    processes, turns = Processes(), []

    def once(process: str) -> httpx.Response | None:
        turns.append(process)
        if len(turns) > 1:
            return httpx.Response(503, json={"code": code})
        if lost == "answer":
            raise httpx.ReadTimeout("too late")
        unknown = {"code": "ledger/outcome-unknown"}
        return httpx.Response(504, json=unknown) if lost == "unknown" else httpx.Response(503)

    processes.answer = once
    answer = asked(processes, patience_s=0.1)
    assert len(turns) > 1
    assert (answer.status_code, answer.json()["code"]) == (504, "kernel/unknown-outcome")


def test_a_question_that_was_not_answered_is_an_outage() -> None:
    def silent(process: str) -> httpx.Response | None:
        raise httpx.ReadTimeout("too late")

    answer = asked(Processes(answer=silent), patience_s=0.1, method="GET", content=b"")
    assert (answer.status_code, answer.json()["code"]) == (503, "kernel/outage")


@pytest.mark.parametrize("path", ["/v1/names/a%3Fb=c", "/v1/names/a%23b", "/v1/names/a%2Fb"])
def test_an_address_is_passed_on_as_it_came(path: str) -> None:
    """Decoded, a name's `?` would begin a query of its own."""
    seen: list[str] = []

    class Seeing(Processes):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            seen.append(request.url.raw_path.decode())
            return super().__call__(request)

    assert asked(Seeing(), method="GET", url=path, content=b"").status_code == 201
    assert seen[-1] == path


def test_what_is_for_one_hop_ends_there() -> None:
    seen: list[httpx.Headers] = []

    class Seeing(Processes):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            seen.append(request.headers)
            answer = super().__call__(request)
            if request.url.path == "/v1/transfers":
                two = [("set-cookie", "a=1"), ("set-cookie", "b=2"), ("keep-alive", "timeout=5")]
                return httpx.Response(201, json={}, headers=[*two, ("x-own", "kept")])
            return answer

    headers = {"connection": "x-mine", "x-mine": "1", "te": "trailers", "upgrade": "h2c"}
    answer = asked(Seeing(), headers={**headers, "idempotency-key": "k", "x-other": "2"})
    assert not {"x-mine", "te", "upgrade"} & set(seen[-1])
    assert (seen[-1]["idempotency-key"], seen[-1]["x-other"]) == ("k", "2")
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert "keep-alive" not in answer.headers


def test_a_strangers_name_for_this_machine_is_refused() -> None:
    """The processes behind would not know: they are called by their own names."""
    assert asked(Processes(), hosts=("gateway",)).status_code == 201
    processes = Processes()
    answer = asked(processes, hosts=("127.0.0.1",))
    assert (answer.status_code, answer.json()["code"]) == (421, "kernel/wrong-host")
    assert not processes.sent


def test_a_body_beyond_measure_is_refused_in_words() -> None:
    answer = asked(Processes(), content=b" " * ((1 << 20) + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "kernel/body-too-large")


@pytest.mark.parametrize(
    ("body", "header"),
    [
        (b'{"entries":[' * 80_000, None),
        (b'{"id":' + b"9" * 100_000 + b"}", None),
        (b"\xff\xfe\x00", None),
        (b"{}", "9" * 10_000),
        (b"{}", "\N{SUPERSCRIPT TWO}"),
    ],
)
def test_what_cannot_be_read_names_no_cell(body: bytes, header: str | None) -> None:
    assert target_of("/v1/transfers", {}, body, header) == Target()
