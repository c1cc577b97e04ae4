"""Goal: a batch over many cells is answered as if there were one, row by row, and acts once.

Method: two cells of one bank, each with its own Flight server and clearing, as their processes
would have them; batches of all kinds of rows in one. What a batch is cut into is told without any.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.app.test_serving import free_ports
from yunjin import client
from yunjin.chassis.transport.flight import FlightDoor
from yunjin.client.parts import parts_of
from yunjin.client.shares import Shares
from yunjin.foundation.database import wiring as database
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.ledger import wiring
from yunjin.foundation.ledger.service.clearing.settings import ClearingSettings
from yunjin.kernel import tenant
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.errors import Malformed, Outage
from yunjin.kernel.ids import account_id
from yunjin.kernel.room import shown

UNIT = 156
A1, A2, B1, B2 = (account_id(cell, number) for cell in (1, 2) for number in (1, 2))
NOBODY = account_id(2, 99)


def rows(*moves: tuple[int, int, int], first: int = 1, **more: Any) -> Any:
    """Return transfers (payer, payee, amount) with ids from `first` on."""
    debit, credit, amount = zip(*moves, strict=True)
    return client.Transfers(
        id_hi=7,
        id_lo=first + np.arange(len(moves)),
        debit_account_id=np.array(debit),
        credit_account_id=np.array(credit),
        amount_minor=np.array(amount),
        ledger=UNIT,
        code=1,
        **more,
    )


@contextmanager
def served(home: Path, number: int, ports: dict[int, int]) -> Iterator[None]:
    """Serve a cell over Flight for a block, its clearing at work."""
    at = {cell: f"grpc://127.0.0.1:{port}" for cell, port in ports.items()}
    clearing = ClearingSettings(
        peers={cell: address for cell, address in at.items() if cell != number},
        retry_ms_first=10,
        retry_ms_max=50,
        answer_s=5,
    )
    settings = wiring.Settings(
        cell=number, bloom_words=64, clearing=clearing, flight_address=at[number]
    )
    clock = SystemClock()
    with tenant.entered("demo"), ExitStack() as closing:
        rooms = database.build(database.Settings(), tenant="demo", clock=clock, home=home)
        tables: DatabaseApi[Any] = rooms.doors[DatabaseApi]
        if rooms.close is not None:
            closing.callback(rooms.close)
        room = wiring.build(settings, tenant="demo", clock=clock, home=home, database=tables)
        assert room.close is not None
        assert room.start is not None
        closing.callback(room.close)
        door = FlightDoor(shown(room)[0].flight, tenant="demo", port=ports[number], clock=clock)
        closing.callback(door.close, 1)
        room.start()
        yield


@pytest.fixture
def cells(tmp_path: Path) -> Iterator[client.Cells]:
    """Both cells, with two accounts each: the second of each may not be overdrawn."""
    ports = dict(zip((1, 2), free_ports(2), strict=True))
    seeds = [f"grpc://127.0.0.1:{port}" for port in ports.values()]
    with (
        served(tmp_path / "1", 1, ports),
        served(tmp_path / "2", 2, ports),
        client.Cells(seeds, patience_s=5) as made,
    ):
        for seed in seeds:
            with client.connect(seed) as one:
                one.declare_ledgers({UNIT: "CNY"})
        yield made


def opened(cells: client.Cells) -> None:
    accounts = client.Accounts(id=[B1, A1, B2, A2], ledger=UNIT, code=1, flags=[0, 0, 2, 2])
    assert cells.open_accounts(accounts)["status"].to_pylist() == [0] * 4


def balances(cells: client.Cells) -> list[int]:
    found = cells.accounts([A1, A2, B1, B2])
    return (found["credits_posted"].to_numpy() - found["debits_posted"].to_numpy()).tolist()


def test_a_batch_over_two_cells_is_answered_in_its_own_order(cells: client.Cells) -> None:
    opened(cells)
    batch = rows(
        (A1, A2, 50),
        (B1, A2, 7),  # to another cell
        (B1, B2, 30),
        (A2, B2, 40),  # what the first row brought goes on
        (B2, A1, 10_000),  # more than there is
        (A1, NOBODY, 5),  # refused there, and given back here
        (A2, A1, 900),  # more than there is
    )
    found = cells.post(batch)
    assert [client.CROSSING_OUTCOMES[x] for x in found.outcome] == [
        "posted",
        "posted",
        "posted",
        "posted",
        "refused_here",
        "refused_there",
        "refused_here",
    ]
    assert [found.names()[x] for x in (0, 2, 4, 5, 6)] == [
        "created",
        "created",
        "exceeds_credits",
        "credit_account_not_found",
        "exceeds_credits",
    ]
    assert found.posted_count == 4
    assert (found.timestamp[:4] > 0).all()
    assert balances(cells) == [-50, 17, -37, 70]
    assert sum(balances(cells)) == 0


def test_sent_again_each_row_acts_once(cells: client.Cells) -> None:
    opened(cells)
    batch = rows((A1, A2, 50), (A1, B1, 20), (B1, B2, 30))
    first, again = cells.post(batch), cells.post(batch)
    assert first.posted_count == again.posted_count == 3
    assert again.names()[0] == again.names()[2] == "exists"
    assert balances(cells) == [-70, 50, -10, 30]


def test_accounts_come_in_the_order_asked_and_strangers_do_not(cells: client.Cells) -> None:
    opened(cells)
    asked = [B2, NOBODY, A1, B1, A1]
    assert cells.accounts(asked)["id"].to_pylist() == [B2, A1, B1, A1]
    assert cells.accounts([]).num_rows == 0
    assert cells.cells() == [1, 2]


def test_a_cell_that_nobody_serves_is_told_once_patience_is_over(cells: client.Cells) -> None:
    opened(cells)
    cells._patience_s = 0
    elsewhere = account_id(3, 1)
    with pytest.raises(Outage, match="Nobody writes cell 3"):
        cells.post(rows((A1, A2, 5), (elsewhere, A1, 5)))
    assert balances(cells) == [0, 0, 0, 0]


def test_a_process_that_came_late_is_found_by_what_others_know(cells: client.Cells) -> None:
    opened(cells)
    known = cells._clients[2]
    address = known.address
    known.close()
    known._addresses = ["grpc://127.0.0.1:1"]  # the only one that was known of the cell is dead
    assert balances(cells) == [0, 0, 0, 0]
    assert known.address == address


def test_rows_of_a_cell_keep_their_order_and_are_cut_where_their_kind_changes() -> None:
    moves = [(A1, A2, 1), (B1, B2, 1), (A1, A2, 1), (A1, B1, 1), (A2, B1, 1), (A1, A2, 1)]
    parts = parts_of(rows(*moves), Shares())
    assert [(x.cell, x.rows.tolist(), x.crosses) for x in parts] == [
        (1, [0, 2], False),
        (1, [3, 4], True),
        (1, [5], False),
        (2, [1], False),
    ]
    assert parts_of(rows(*moves).slice(0, 0), Shares()) == []


# two cells of home 1: the second has its odd blocks
HERE, THERE = account_id(1, 5), account_id(1, 1_029)


def halves() -> Shares:
    made = Shares()
    made.learn({"cell": 1, "home": 1, "depth": 1, "residue": 0})
    made.learn({"cell": 5, "home": 1, "depth": 1, "residue": 1})
    return made


def test_halves_of_a_split_cell_get_their_own_rows() -> None:
    shares = halves()
    moves = [(HERE, A1, 1), (THERE, THERE + 1, 1), (HERE, THERE, 1), (B1, B2, 1)]
    parts = parts_of(rows(*moves), shares)
    assert [(x.cell, x.rows.tolist(), x.crosses) for x in parts] == [
        (1, [0], False),
        (1, [2], True),
        (2, [3], False),
        (5, [1], False),
    ]
    shares.learn({"cell": 1})  # an older release, or an older look: nothing is unlearnt
    assert shares.cells_of(np.array([HERE, THERE])).tolist() == [1, 5]
    shares.learn({"cell": 5, "home": 1, "depth": 2, "residue": 1})
    shares.learn({"cell": 6, "home": 1, "depth": 2, "residue": 3})
    assert shares.cells_of(np.array([THERE, THERE + 2_048])).tolist() == [5, 6]


def test_what_the_halves_cannot_do_together_is_asked_of_the_payers_half() -> None:
    marked = rows((HERE, THERE, 1), user_data_64=9)  # it may have been posted before the split
    chain = rows((HERE, A1, 1), (THERE, A1, 1), (A1, HERE, 1), flags=[1, 1, 0])
    for batch in (marked, chain):
        [part] = parts_of(batch, halves())
        assert (part.cell, part.crosses) == (1, False)


def test_a_settlement_that_names_one_account_goes_to_its_cell() -> None:
    [part] = parts_of(rows((0, B1, 1), flags=4), Shares())
    assert (part.cell, part.crosses) == (2, False)


@pytest.mark.parametrize(
    ("moves", "more", "what"),
    [
        ([(A1, A2, 1), (0, 0, 1)], {"flags": 4}, "an account that tells its cell, .* row 1"),
        ([(A1, A2, 1), (B1, B2, 1)], {"flags": [1, 0]}, "a chain in one cell, .* row 1"),
        ([(A1, A2, 1), (A1, B2, 1)], {"flags": [1, 0]}, "a chain in one cell, .* row 1"),
        ([(A1, B1, 1), (A1, A2, 1)], {"flags": [1, 0]}, "no flags in a transfer to another cell"),
        ([(A1, B1, 1)], {"timeout_s": 5, "flags": 0}, "no timeout_s"),
        ([(A1, A2, 1), (A1, B1, 1)], {"user_data_64": 5}, "no user_data_64 .* row 1"),
    ],
)
def test_what_no_cell_could_do_is_refused_before_anything_is_sent(
    moves: list[tuple[int, int, int]], more: dict[str, Any], what: str
) -> None:
    with pytest.raises(Malformed, match=what):
        parts_of(rows(*moves, **more), Shares())
