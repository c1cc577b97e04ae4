"""Goal: every door of the ledger gives what its protocol says: imports, exports, the ends of holds,
aliases by the batch, what is counted, how many may wait.
Method: the real ledger, near and served, with small batches.
"""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.foundation.ledger.serving import FIRST, SMALL, Bank, open_bank
from yunjin import client
from yunjin.app.single import export_parquet
from yunjin.foundation.ledger import wiring
from yunjin.foundation.ledger.api import (
    TRANSFERS,
    ImportApi,
    LedgerApi,
    TransferFlag,
    TransferQuery,
)
from yunjin.foundation.ledger.service import exporting, searching
from yunjin.foundation.ledger.service.importing import Importer
from yunjin.kernel.clock import SystemClock

PENDING, POST, VOID = TransferFlag.PENDING, TransferFlag.POST_PENDING, TransferFlag.VOID_PENDING


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    """Yield a fresh served ledger."""
    with open_bank(tmp_path) as opened:
        yield opened


def post(door: LedgerApi, first: int, n: int = 1, **fields: object) -> list[int]:
    """Post n transfers with ids from `first` on; return their statuses."""
    usual: dict[str, object] = {
        "id_hi": 0,
        "id_lo": range(first, first + n),
        "debit_account_id": FIRST,
        "credit_account_id": FIRST + 1,
        "amount_minor": 100,
        "ledger": 156,
        "code": 1,
    }
    batch = client.Transfers(**{**usual, **fields})  # type: ignore[arg-type]
    statuses: list[int] = door.post_transfers(batch)["status"].to_pylist()
    return statuses


def found(ledger: LedgerApi, **query: Any) -> list[int]:
    """Return the ids that a search leads to, over all its pages."""
    ids: list[int] = []
    cursor = None
    while True:
        page, cursor = ledger.find_transfers(TransferQuery(**query, cursor=cursor, limit=1))
        ids += page["id_lo"].to_pylist()
        if cursor is None:
            return ids


def test_importing_is_a_door_of_the_room(tmp_path: Path) -> None:
    room = wiring.build(SMALL, tenant="demo", clock=SystemClock(), home=tmp_path)
    assert isinstance(room.doors[ImportApi], Importer)
    assert room.close is not None
    room.close()


@pytest.mark.parametrize("debit", [FIRST, FIRST + 3])  # with a history and without any
def test_what_ended_a_hold_is_found(
    bank: Bank, debit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sides = {"debit_account_id": debit, "credit_account_id": FIRST + 3 if debit == FIRST else FIRST}
    if debit != FIRST:  # neither side has a history: another account without one
        [sides["credit_account_id"]] = plain_account(bank.ledger)
    post(bank.ledger, 1, 2, flags=PENDING, **sides)
    post(bank.ledger, 10, 5, **sides)
    none = {"debit_account_id": 0, "credit_account_id": 0, "ledger": 0, "code": 0}
    assert post(bank.ledger, 20, flags=POST, pending_id_lo=1, **none | {"amount_minor": 60}) == [0]
    assert post(bank.ledger, 21, flags=POST, pending_id_lo=1, **none) != [0]  # ended already
    assert post(bank.ledger, 30, flags=VOID, pending_id_lo=2, **none | {"amount_minor": 0}) == [0]
    post(bank.ledger, 40, 5, **sides)
    looked: list[int] = []
    real = searching._match
    monkeypatch.setattr(
        searching,
        "_match",
        lambda *about: looked.append(1) or real(*about),  # type: ignore[func-returns-value]
    )
    assert found(bank.ledger, pending_id=UUID(int=1)) == [20]
    assert found(bank.ledger, pending_id=UUID(int=2)) == [30]
    assert looked
    assert found(bank.ledger, pending_id=UUID(int=10)) == []  # no hold
    assert found(bank.ledger, pending_id=UUID(int=99)) == []  # unknown
    items = bank.web.get("/v1/transfers", params={"pending_id": str(UUID(int=1))}).json()["items"]
    assert [(one["id"], one["amount_minor"]) for one in items] == [(str(UUID(int=20)), 60)]


def plain_account(ledger: LedgerApi) -> list[int]:
    """Open an account without its history."""
    made = ledger.allot_account_ids(1)
    ledger.open_accounts(client.Accounts(id=[made], ledger=156, code=1))
    return [made]


def test_everything_is_given_out_in_order_and_in_pieces(
    bank: Bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "ROWS_A_BATCH", 10)
    for number in range(12):
        post(bank.ledger, 1 + 10 * number, 3, credit_account_id=[FIRST + 1, FIRST, FIRST + 1])
    batches = bank.ledger.export_transfers()  # type: ignore[attr-defined]
    post(bank.ledger, 9_999)  # after the export began
    taken = list(batches)
    assert [batch.num_rows for batch in taken] == [10, 10, 4]  # the refused ones are left out
    file = tmp_path / "all.parquet"
    assert export_parquet(taken, file) == 24
    table = pq.read_table(file)
    assert table.schema == TRANSFERS
    assert table["id_lo"].to_pylist()[:4] == [1, 3, 11, 13]
    assert (np.diff(table["timestamp"].to_numpy()) > 0).all()


def test_an_export_that_breaks_off_leaves_no_file(bank: Bank, tmp_path: Path) -> None:
    post(bank.ledger, 1, 3)

    def broken() -> Iterator[object]:
        yield from bank.ledger.export_transfers()  # type: ignore[attr-defined]
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        export_parquet(broken(), tmp_path / "all.parquet")  # type: ignore[arg-type]
    assert not list(tmp_path.glob("all.parquet*"))


def test_aliases_are_bound_by_the_batch_and_listed_by_the_page(bank: Bank) -> None:
    forms = [
        {"kind": "bban", "value": f"N{number}", "account_id": str(FIRST)} for number in range(5)
    ]
    key = {"Idempotency-Key": str(uuid.UUID(int=7))}
    bank.web.post(
        "/v1/aliases",
        json={**forms[0], "account_id": str(FIRST + 1)},
        headers={"Idempotency-Key": str(uuid.UUID(int=6))},
    )
    answer = bank.web.post("/v1/alias_batches", json={"aliases": forms}, headers=key)
    held = [one["account_id"] for one in answer.json()["items"]]
    assert (answer.status_code, held) == (200, [str(FIRST + 1), *[str(FIRST)] * 4])
    values, cursor = [], {}
    while True:
        page = bank.web.get("/v1/aliases", params={"prefix": "n", "limit": 2, **cursor}).json()
        values += [one["value"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert values == ["n0", "n1", "n2", "n3", "n4"]
    assert bank.web.get("/v1/aliases", params={"value": "n1", "cursor": "x"}).status_code == 422
    other = bank.web.post("/v1/alias_batches", json={"aliases": forms[:1]}, headers=key)
    assert other.json()["code"] == "kernel/idempotency-key-reused"


def counted(bank: Bank) -> dict[tuple[str, ...], float]:
    """Return the ledger's counts by name and labels."""
    return {
        (one.name, *one.labels.values()): one.value
        for family in bank.metrics()
        for one in family.samples
    }


def test_what_the_ledger_does_is_counted(bank: Bank) -> None:
    before = counted(bank)
    post(bank.ledger, 1, 5)
    post(bank.ledger, 5, 2)  # the first of them again
    post(bank.ledger, 10, credit_account_id=FIRST)
    post(bank.ledger, 11, debit_account_id=FIRST + 2)  # has no money, may not owe any
    bank.ledger.allot_account_ids(1)  # its turn comes when the batches before were counted
    after = counted(bank)
    for outcome, count in {"created": 6, "exists": 1, "transient": 1, "refused": 1}.items():
        assert after["ledger_transfers_total", outcome] == count
    commits = after["ledger_commit_rows_count",] - before["ledger_commit_rows_count",]
    assert commits == 3  # a batch that changes nothing needs none
    assert after["ledger_commit_seconds_count",] == after["ledger_commit_rows_count",]
    assert after["ledger_commit_rows_sum",] - before["ledger_commit_rows_sum",] == 8
    assert after["ledger_journal_bytes_total",] > before["ledger_journal_bytes_total",]
    assert after["ledger_waiting_rows",] == 0
    assert after["ledger_checkpoint_age_seconds",] >= 0


def test_how_many_may_wait_is_a_setting() -> None:
    fields = wiring.Settings.model_fields["requests_waiting_max"]
    assert fields.default == 20_000
    for wrong in (0, 1_000_001):
        with pytest.raises(ValueError, match="requests_waiting_max"):
            wiring.Settings(requests_waiting_max=wrong)


def test_every_answer_names_the_version_of_the_api(tmp_path: Path) -> None:
    import asyncio

    from yunjin.app import asgi
    from yunjin.app.bootstrap import Bank as WholeBank
    from yunjin.app.settings import Settings

    app = asgi.build(WholeBank(settings=Settings(home=tmp_path), clock=SystemClock(), rooms=()))

    async def ask(path: str, host: str) -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url=f"http://{host}"
        ) as web:
            return await web.get(path)

    for path, host, status in (
        ("/health/live", "localhost", 200),
        ("/v1/nothing", "localhost", 404),
        ("/health/live", "evil.example", 421),
    ):
        answer = asyncio.run(ask(path, host))
        assert (answer.status_code, answer.headers["yunjin-version"]) == (status, asgi.VERSION)
