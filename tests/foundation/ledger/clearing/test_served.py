"""Goal: clearing can be reached by every way in, and goes on by itself when a cell comes back.

Method: two cells, each with its own Flight server, as their processes would have them; asked over
HTTP, Flight, the command line and the page; then two banks that both call their cell number 1.
"""

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pytest
from nicegui.testing.user import User
from typer.testing import CliRunner

from tests.app.test_serving import free_ports
from tests.chassis.transport.toy import served
from tests.console import LANGUAGES, visit
from tests.foundation.ledger.clearing.cells import UNIT, crossing, nobody, outcomes, uuid_of
from yunjin import client
from yunjin.app.cli import app
from yunjin.chassis.console.words import Language
from yunjin.chassis.transport import Guard, api_of, connect, expose, remote, root_of
from yunjin.chassis.transport.flight import FlightDoor
from yunjin.foundation.database import wiring as database
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.ledger import errors, wiring
from yunjin.foundation.ledger.api import ClearingApi, Ledger, LedgerApi
from yunjin.foundation.ledger.api import CrossingOutcome as O
from yunjin.foundation.ledger.domain.clearing import clearing_account
from yunjin.foundation.ledger.service.clearing.settings import ClearingSettings
from yunjin.kernel import tenant
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.errors import Malformed, Unknown
from yunjin.kernel.room import Room, shown

CLOCK = SystemClock()
PATIENT = {"retry_ms_first": 10, "retry_ms_max": 50, "answer_s": 5}


@dataclass
class Cell:
    """An open cell: its room, its doors, and where Flight listens."""

    room: Room
    flight: FlightDoor
    accounts: list[int] = field(default_factory=list)

    @property
    def ledger(self) -> LedgerApi:
        found: LedgerApi = self.room.doors[LedgerApi]
        return found

    @property
    def clearing(self) -> Any:
        return self.room.doors[ClearingApi]

    def fill(self) -> None:
        """Open an account without limits and one that may not be overdrawn."""
        self.ledger.declare_ledgers([Ledger(ledger=UNIT, currency="CNY")])
        first = self.ledger.allot_account_ids(2)
        self.accounts = [first, first + 1]
        batch = client.Accounts(id=first + np.arange(2), ledger=UNIT, code=1, flags=[0, 2])
        assert set(self.ledger.open_accounts(batch)["status"].to_pylist()) <= {0}

    def balance(self, account: int) -> int:
        [row] = self.ledger.accounts([account]).to_pylist()
        return int(row["credits_posted"] - row["debits_posted"])


@contextmanager
def cell(home: Path, number: int, port: int, peers: dict[int, str]) -> Iterator[Cell]:
    """Open a cell for a block, its clearing at work."""
    with tenant.entered("demo"), ExitStack() as closing:
        rooms = database.build(database.Settings(), tenant="demo", clock=CLOCK, home=home)
        tables: DatabaseApi[Any] = rooms.doors[DatabaseApi]
        if rooms.close is not None:
            closing.callback(rooms.close)
        settings = wiring.Settings(
            cell=number, bloom_words=64, clearing=ClearingSettings(peers=peers, **PATIENT)
        )
        room = wiring.build(settings, tenant="demo", clock=CLOCK, home=home, database=tables)
        assert room.close is not None
        assert room.start is not None
        closing.callback(room.close)
        door = FlightDoor(shown(room)[0].flight, tenant="demo", port=port, clock=CLOCK)
        closing.callback(door.close, 1)
        room.start()
        yield Cell(room, door)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Cell, Cell]]:
    """Yield cells 1 and 2 of one bank."""
    one, two = free_ports(2)
    with (
        cell(tmp_path / "1", 1, one, {2: f"grpc://127.0.0.1:{two}"}) as here,
        cell(tmp_path / "2", 2, two, {1: f"grpc://127.0.0.1:{one}"}) as there,
    ):
        here.fill()
        there.fill()
        yield here, there


@contextmanager
def web_of(one: Cell) -> Iterator[httpx.Client]:
    """Serve a cell's routes for a block."""
    api = api_of(shown(one.room), title="test", version="1")
    with (
        served(Guard(root_of(api, shown(one.room)), tenant="demo", clock=CLOCK)) as address,
        connect(address) as web,
    ):
        yield web


def form(number: int, payer: int, payee: int, amount: int, **more: Any) -> dict[str, Any]:
    return {
        "id": str(uuid_of(number)),
        "debit_account_id": str(payer),
        "credit_account_id": str(payee),
        "amount_minor": amount,
        "ledger": UNIT,
        "code": 1,
        **more,
    }


def test_batches_cross_over_flight_both_ways_at_once(pair: tuple[Cell, Cell]) -> None:
    (here, there), rows = pair, 200
    streams = []
    for mine, other, first in ((here, there, 1_000), (there, here, 2_000)):
        payer, payee = mine.accounts[0], other.accounts[0]
        batches = [
            crossing(*((first + 10 * n + m, payer, payee, 1) for m in range(10)))
            for n in range(rows // 10)
        ]
        far = client.connect(f"grpc://127.0.0.1:{mine.flight.port}")
        streams.append((far, far.cross_many(batches)))
    for far, answers in streams:
        assert sum(results.posted_count for results in answers) == rows
        far.close()
    for mine, peer in ((here, 2), (there, 1)):
        [line] = mine.clearing.reconcile()
        assert (line.out_settled, line.in_settled, line.difference_minor) == (rows, rows, 0)
        assert line.findings == ()
        assert mine.balance(clearing_account(3 - peer, peer, UNIT)) == 0  # both ways alike


def test_crossings_and_what_became_of_them_over_http(pair: tuple[Cell, Cell]) -> None:
    here, there = pair
    bank, poor = here.accounts
    rows = [
        form(1, bank, there.accounts[0], 70),
        form(2, bank, nobody(2), 70),
        form(3, poor, there.accounts[0], 70),
    ]
    with web_of(here) as web:
        answer = web.post("/v1/crossing_batches", json={"crossings": rows})
        assert answer.status_code == 200
        told = [(one["outcome"], one["status"]) for one in answer.json()["results"]]
        assert told == [
            ("posted", ""),
            ("refused_there", "credit_account_not_found"),
            ("refused_here", "exceeds_credits"),
        ]
        asked = web.get(f"/v1/crossings/{uuid_of(2)}").json()
        assert (asked["outcome"], asked["status"]) == told[1]
        assert web.get(f"/v1/crossings/{uuid_of(9)}").json()["outcome"] == "not_held"
        [peer] = web.get("/v1/clearing/peers").json()["items"]
        assert (peer["name"], peer["batch_count"], peer["oldest"]) == ("cell-2", 0, None)
        assert web.get("/v1/clearing/in_doubt").json() == {"items": []}
        proof = web.get("/v1/clearing/proof").json()
        assert proof["is_proven"]
        assert [line["net_here"] for line in proof["items"]] == [70]
        done = web.post("/v1/clearing/resolve", json={}).json()
        assert done == {"tried": 0, "finished": 0, "left": 0}
        missing = web.post("/v1/clearing/resolve", json={"batch_id": str(uuid_of(1))})
        assert (missing.status_code, missing.json()["code"]) == (404, "ledger/crossing-not-found")
        wrong = web.post("/v1/crossing_batches", json={"crossings": [form(4, bank, poor, 1)]})
        assert (wrong.status_code, wrong.json()["row"]) == (422, 0)


def test_a_cell_that_comes_back_gets_what_was_held_for_it(tmp_path: Path) -> None:
    one, two = free_ports(2)
    ways = {1: f"grpc://127.0.0.1:{one}"}, {2: f"grpc://127.0.0.1:{two}"}
    with cell(tmp_path / "2", 2, two, ways[0]) as there:
        there.fill()
        payee = there.accounts[0]
        with cell(tmp_path / "1", 1, one, ways[1]) as here:
            here.fill()
            payer = here.accounts[0]
            first = here.clearing.cross(crossing((1, payer, payee, 5)))
            assert outcomes(first) == [O.POSTED]
            there.flight.close(1)  # the other cell is away
            waiting = here.clearing.submit(crossing((2, payer, payee, 7)))
            late = here.clearing.cross(crossing((3, payer, payee, 9)), wait_ms=50)
            assert outcomes(late) == [O.IN_DOUBT]
            with web_of(here) as web:
                items = web.get("/v1/clearing/in_doubt", params={"older_than_s": 0}).json()["items"]
                assert {one["peer"] for one in items} == {2}
                rows = web.get(f"/v1/clearing/in_doubt/{items[0]['batch_id']}").json()["items"]
                assert {(one["debit_account_id"], one["there"]) for one in rows} == {
                    (str(payer), "")
                }
                amounts = [one["amounts"][0]["amount_minor"] for one in items]
                assert sum(amounts) in (7, 9, 16)
            room = here.room
            assert room.metrics is not None
            names = {family.name for family in room.metrics()}
            assert {"clearing_in_doubt_age_seconds", "clearing_crossings"} <= names
        with pytest.raises(Unknown, match="closed"):
            waiting.result(0)
        # Both begin a new life; nobody sends anything again.
        back = FlightDoor(shown(there.room)[0].flight, tenant="demo", port=two, clock=CLOCK)
        with cell(tmp_path / "1", 1, one, ways[1]) as here:
            ids = [uuid_of(number) for number in (1, 2, 3)]
            while here.clearing.in_doubt():
                here.clearing.resolve()
            assert outcomes(here.clearing.outcomes(ids)) == [O.POSTED] * 3
            assert here.clearing.reconcile()[0].difference_minor == 0
        assert there.balance(payee) == 21
        back.close(1)


def test_two_banks_that_both_have_a_cell_1_clear_by_numbers_of_their_own(tmp_path: Path) -> None:
    one, two = free_ports(2)
    ours = {900: f"grpc://127.0.0.1:{two}?cell=1&as=700"}
    theirs = {700: f"grpc://127.0.0.1:{one}?cell=1&as=900"}
    with (
        cell(tmp_path / "ours", 1, one, ours) as here,
        cell(tmp_path / "theirs", 1, two, theirs) as there,
    ):
        here.fill()
        there.fill()
        batch = crossing((1, here.accounts[0], there.accounts[1], 30))
        batch = batch.append_column("peer", pa.array([900], pa.uint16()))
        assert outcomes(here.clearing.cross(batch)) == [O.POSTED]
        back = crossing((1, there.accounts[1], here.accounts[0], 10))  # the very same id
        back = back.append_column("peer", pa.array([700], pa.uint16()))
        assert outcomes(there.clearing.cross(back)) == [O.POSTED]
        assert (here.balance(here.accounts[0]), there.balance(there.accounts[1])) == (-20, 20)
        for mine, number in ((here, 900), (there, 700)):
            [line] = mine.clearing.reconcile()
            assert (line.peer, line.difference_minor, line.findings) == (number, 0, ())
        assert [peer.name for peer in here.clearing.peers()] == ["bank-900"]


def test_the_far_twin_of_a_ledger_is_a_way_to_its_cell(pair: tuple[Cell, Cell]) -> None:
    here, there = pair
    guard = Guard(expose(LedgerApi, there.ledger), tenant="demo", clock=CLOCK)
    known = [errors.BatchRefused, errors.AccountNotFound]
    with served(guard) as address, connect(address) as web:
        here.clearing._peers[2].port = remote(LedgerApi, web, known)
        batch = crossing((1, here.accounts[0], there.accounts[0], 30))
        assert outcomes(here.clearing.cross(batch)) == [O.POSTED]
    assert there.balance(there.accounts[0]) == 30


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_ages_and_the_proof(
    pair: tuple[Cell, Cell], language: Language, tmp_path: Path
) -> None:
    here, there = pair
    here.clearing.cross(crossing((1, here.accounts[0], there.accounts[0], 500)))
    words = {
        "zh": ("立即询问", "结果未定的转账 1 笔", "稍后重试", "核对两边", "没有在途的转账", "轧平"),
        "en": ("Ask now", "1 transfers", "Tried again", "Prove", "Nothing is in doubt", "Nets to"),
    }
    ask, count, put_off, prove, nothing, nets = words[language]

    async def story(user: User) -> None:
        await user.open("/clearing")
        for said in (count, put_off, "cell-2", "7.00 CNY", "kernel/"):
            await user.should_see(said)
        there.flight = FlightDoor(
            shown(there.room)[0].flight, tenant="demo", port=port, clock=CLOCK
        )
        while here.clearing.in_doubt():
            user.find(ask).click()
            await asyncio.sleep(0.02)
        await user.should_see(nothing, retries=100)
        user.find(prove).click()
        await user.should_see(nets, retries=100)

    port = there.flight.port
    there.flight.close(1)
    here.clearing.cross(crossing((2, here.accounts[0], there.accounts[0], 700)), wait_ms=0)
    while not here.clearing.in_doubt() or not here.clearing.in_doubt()[0].reason:
        here.clearing.resolve()
    visit([here.room], story, clock=CLOCK, home=tmp_path, language=language)
    there.flight.close(1)


def test_settings_name_peers_that_can_be(tmp_path: Path) -> None:
    for wrong in (
        {0: "grpc://a:1"},
        {2: "http://a:1"},
        {2: "grpc://a:1?cell=x"},
        {40_000: "grpc://a"},
    ):
        with pytest.raises(ValueError, match="expected"):
            ClearingSettings(peers=wrong)
    with pytest.raises(ValueError, match=r"other than ledger\.cell"):
        wiring.Settings(cell=2, clearing=ClearingSettings(peers={2: "grpc://a:1"}))
    assert ClearingSettings(peers={2: "grpc://a:1?cell=1&as=7"}).peers


def test_the_command_line_tells_and_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [port] = free_ports(1)
    monkeypatch.setenv("YUNJIN_HOME", str(tmp_path / "cli"))
    peers = json.dumps({"2": f"grpc://127.0.0.1:{port}"})
    monkeypatch.setenv("YUNJIN_LEDGER__CLEARING__PEERS", peers)

    def said(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, ["ledger", *words])
        assert done.exit_code == code, done.output
        return done.stdout

    payer = said("open", "--unlimited").strip()
    unit = json.loads(said("balance", payer, "--json"))["ledger"]
    with cell(tmp_path / "2", 2, port, {}) as there:
        there.fill()
        there.ledger.declare_ledgers([Ledger(ledger=unit, currency="CNY")])
        payee = str(there.ledger.allot_account_ids(1))
        account = client.Accounts(id=[int(payee)], ledger=unit, code=1)
        assert there.ledger.open_accounts(account)["status"].to_pylist() == [0]
        identity = str(uuid_of(5))
        words = ("between", "transfer", payer, payee, "12.34", "--id", identity)
        assert said(*words) == "posted\n"
        assert json.loads(said("between", "outcome", identity, "--json"))["outcome"] == "posted"
        refused = ("between", "transfer", payer, str(nobody(2)), "1")
        assert said(*refused, code=1) == "refused_there: credit_account_not_found\n"
        assert "nets to zero" in said("between", "reconcile")
        assert "cell-2" in said("between", "peers")
        assert json.loads(said("between", "in-doubt", "--json")) == {"items": []}
        assert said("between", "resolve") == "0 of 0 finished, 0 left in doubt\n"
    failed = CliRunner().invoke(app, ["ledger", "between", "outcome", "nonsense"])
    assert isinstance(failed.exception, Malformed)
