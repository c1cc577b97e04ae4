"""Goal: the ledger can live in another process and nobody who calls it can tell.
Method: the same tests on the service and on its far twin over HTTP.
"""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from tests.chassis.transport.toy import served
from tests.foundation.ledger.serving import FIRST, open_bank
from yunjin import client
from yunjin.chassis.transport import Guard, connect, expose, remote
from yunjin.foundation.ledger import errors
from yunjin.foundation.ledger.api import Alias, Ledger, LedgerApi, TransferQuery
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.errors import Malformed, NotFound

ERRORS = [errors.AliasNotFound, errors.AccountNotFound, errors.HistoryNotKept, errors.BatchRefused]


@pytest.fixture(params=["near", "far"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LedgerApi]:
    """Yield the ledger, here or behind a server."""
    with open_bank(tmp_path) as bank:
        if request.param == "near":
            yield bank.ledger
            return
        app = Guard(expose(LedgerApi, bank.ledger), tenant="demo", clock=SystemClock())
        with served(app) as address, connect(address) as web:
            yield remote(LedgerApi, web, ERRORS)


def post(ledger: LedgerApi, n: int, **fields: object) -> list[int]:
    """Post n transfers of 1 … n; return their statuses."""
    usual: dict[str, object] = {
        "id_hi": 0,
        "id_lo": range(1, n + 1),
        "debit_account_id": FIRST,
        "credit_account_id": FIRST + 1,
        "amount_minor": range(1, n + 1),
        "ledger": 156,
        "code": 1,
        "user_data_64": 2**64 - 1,
    }
    batch = client.Transfers(**{**usual, **fields})  # type: ignore[arg-type]
    statuses: list[int] = ledger.post_transfers(batch)["status"].to_pylist()
    return statuses


def test_columns_go_and_come(ledger: LedgerApi) -> None:
    assert post(ledger, 3) == [0, 0, 0]
    found = ledger.accounts([FIRST, 5])
    assert (found["id"].to_pylist(), found["debits_posted"].to_pylist()) == ([FIRST], [6])
    assert ledger.transfers([UUID(int=2)])["amount_minor"].to_pylist() == [2]


def test_pages_and_queries_lead_to_all(ledger: LedgerApi) -> None:
    post(ledger, 5)
    first, cursor = ledger.find_transfers(TransferQuery(user_data_64=2**64 - 1, limit=3))
    rest, end = ledger.find_transfers(TransferQuery(user_data_64=2**64 - 1, limit=3, cursor=cursor))
    amounts = first["amount_minor"].to_pylist() + rest["amount_minor"].to_pylist()
    assert (amounts, end) == ([5, 4, 3, 2, 1], None)
    history, _ = ledger.history(FIRST, oldest_first=True)
    assert history["debits_posted"].to_pylist() == [1, 3, 6, 10, 15]
    assert ledger.balance_at(FIRST, 2**62)["debits_posted"].to_pylist() == [15]


def test_small_answers_are_the_same(ledger: LedgerApi) -> None:
    post(ledger, 2)
    assert ledger.ledgers() == [Ledger(ledger=156, currency="CNY")]
    [line] = ledger.trial_balance()
    assert (line.debits_posted, line.credits_posted, line.difference_minor) == (3, 3, 0)
    assert ledger.allot_account_ids(2) == FIRST + 4
    state, [row] = ledger.state(), ledger.journal(limit=1)
    assert (row.sequence, row.hash) == (state.head.sequence, state.head.hash)
    assert ledger.verify().is_sound


def test_aliases_are_bound_found_and_released(ledger: LedgerApi) -> None:
    alias = Alias(kind="iban", value="DE89370400440532013000", account_id=FIRST)
    assert ledger.bind_alias(UUID(int=1), alias) == alias
    assert ledger.find_aliases("DE").items == (alias,)
    assert ledger.resolve_aliases(["x", alias.value]) == ledger.aliases_of([FIRST]) == [alias]
    assert ledger.release_alias(UUID(int=2), "iban", alias.value) == alias
    with pytest.raises(errors.AliasNotFound):
        ledger.release_alias(UUID(int=3), "iban", alias.value)


def test_refusals_keep_their_class(ledger: LedgerApi) -> None:
    with pytest.raises(errors.BatchRefused) as caught:
        ledger.post_transfers(client.Accounts(id=1, ledger=1, code=1))
    assert "missing" in caught.value.facts
    with pytest.raises(errors.HistoryNotKept):
        ledger.history(FIRST + 3)
    with pytest.raises(NotFound):
        ledger.balance_at(FIRST + 99, 2**62)
    with pytest.raises(Malformed):
        ledger.find_accounts(cursor="made up")
