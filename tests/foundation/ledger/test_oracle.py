"""Goal: the oracle is whole, and its answers are right in full. Method: ask it without stories.

What bookkeepers expect of it stands in test_stories and test_codes.
"""

from tests.foundation.ledger.oracle import Oracle, Request
from tests.foundation.ledger.oracle.account_rules import AccountCase
from tests.foundation.ledger.oracle.transfer_rules import TransferCase
from yunjin.foundation.ledger.api import AccountStatus, TransferFlag, TransferStatus
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.ids import account_id

A, B = account_id(1, 1), account_id(1, 2)
BOTH: list[Request] = [{"id": A, "ledger": 1, "code": 1}, {"id": B, "ledger": 1, "code": 1}]


def transfer(number: int, amount_minor: int = 5, **fields: int) -> Request:
    """Return a transfer from A to B."""
    sides = {"debit_account_id": A, "credit_account_id": B}
    return {
        "id_lo": number,
        **sides,
        "amount_minor": amount_minor,
        "ledger": 1,
        "code": 1,
        **fields,
    }


def test_every_code_has_its_rule() -> None:
    for codes, case in ((AccountStatus, AccountCase), (TransferStatus, TransferCase)):
        missing = [code.name for code in list(codes)[3:] if not hasattr(case, code.name.lower())]
        assert not missing


def test_timestamps_go_on_where_the_last_batch_ended() -> None:
    oracle = Oracle(FixedClock(1_000))
    assert [answer.timestamp for answer in oracle.open_accounts(BOTH)] == [1_000, 1_001]
    answers = oracle.post_transfers([transfer(1), transfer(2, -1), transfer(3)])
    assert [answer.timestamp for answer in answers] == [1_002, 0, 1_004]


def test_failed_items_consume_their_place_in_a_batch_that_is_kept() -> None:
    oracle = Oracle(FixedClock(1_000))
    oracle.open_accounts(BOTH)
    oracle.post_transfers([transfer(1, -1), transfer(2)])
    assert oracle.post_transfers([transfer(3)])[0].timestamp == 1_004


def test_a_batch_that_leaves_no_trace_takes_no_place() -> None:
    oracle = Oracle(FixedClock(1_000))
    oracle.open_accounts(BOTH)
    oracle.post_transfers([transfer(1, -1), transfer(1, -1)])
    assert oracle.post_transfers([transfer(1)])[0].timestamp == 1_002


def test_a_clock_that_runs_back_does_not_take_the_ledger_with_it() -> None:
    clock = FixedClock(5_000_000_000)
    oracle = Oracle(clock)
    oracle.open_accounts(BOTH)
    clock.advance(-3)
    assert oracle.post_transfers([transfer(1)])[0].timestamp == 5_000_000_002


def test_exists_carries_the_first_timestamp_and_the_totals_of_now() -> None:
    oracle = Oracle(FixedClock(1_000))
    oracle.open_accounts(BOTH)
    [first, _] = oracle.post_transfers([transfer(1), transfer(2)])
    [again] = oracle.post_transfers([transfer(1)])
    assert first.debit_account == (0, 5, 0, 0)
    assert first.credit_account == (0, 0, 0, 5)
    assert (again.timestamp, again.debit_account) == (first.timestamp, (0, 10, 0, 0))
    assert again.credit_account == (0, 0, 0, 10)


def test_an_undone_import_gives_its_timestamp_back() -> None:
    oracle = Oracle(FixedClock(1_000_000))
    oracle.open_accounts(BOTH)
    oracle.state.last = 0  # as if both had been imported long ago
    imported, chained = TransferFlag.IMPORTED, TransferFlag.IMPORTED | TransferFlag.LINKED
    oracle.post_transfers(
        [
            transfer(1, flags=chained, timestamp=500),
            transfer(2, -1, flags=imported, timestamp=600),
        ]
    )
    assert oracle.post_transfers([transfer(3, flags=imported, timestamp=400)])[0].timestamp == 400


def test_holds_expire_in_order_of_their_end() -> None:
    clock = FixedClock(0)
    oracle = Oracle(clock)
    oracle.open_accounts(BOTH)
    pending = TransferFlag.PENDING
    oracle.post_transfers([transfer(n, flags=pending, timeout_s=9 - n) for n in (1, 2, 3)])
    clock.advance(7)
    assert oracle.expire() == [3]
    clock.advance(7)
    assert oracle.expire() == [2, 1]
