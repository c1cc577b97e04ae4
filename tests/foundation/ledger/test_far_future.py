"""Goal: nothing that was posted is out of reach of a search, however late its time.

Method: a clock in the year 2200, beyond 2**62 nanoseconds.
"""

from pathlib import Path

from tests.foundation.ledger.book import Served
from yunjin.foundation.ledger.api import LedgerApi, TransferQuery
from yunjin.foundation.ledger.wiring import Settings, build
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.ids import account_id

ONE, TWO = account_id(1, 1), account_id(1, 2)
YEAR_2200_NS = 7_258_118_400 * 10**9


def test_a_transfer_of_the_year_2200_is_found_by_its_account(tmp_path: Path) -> None:
    clock = FixedClock(YEAR_2200_NS)
    room = build(Settings(bloom_words=64), tenant="demo", clock=clock, home=tmp_path)
    ledger = room.doors[LedgerApi]
    served = Served(ledger)
    served.open_accounts([{"id": x, "ledger": 1, "code": 7, "flags": 8} for x in (ONE, TWO)])
    sides = {"debit_account_id": ONE, "credit_account_id": TWO}
    served.post_transfers(
        [{"id_hi": 0, "id_lo": 1, **sides, "amount_minor": 9, "ledger": 1, "code": 7}]
    )
    found, _ = ledger.find_transfers(TransferQuery(account_id=ONE))
    lines, _ = ledger.history(ONE)
    assert found["amount_minor"].to_pylist() == lines["amount_minor"].to_pylist() == [9]
    assert room.close is not None
    room.close()
