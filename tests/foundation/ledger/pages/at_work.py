"""The demo bank at work, for browsers and eyes: 10,000 customers' year, and customers who pay now.

Run: python -m tests.foundation.ledger.pages.at_work HOME [PORT] [--quiet]
It prints the address on stderr; `--quiet` leaves the customers out.
"""

import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from yunjin.app import asgi, demo
from yunjin.app.bootstrap import opened
from yunjin.app.settings import HttpSettings, Settings
from yunjin.foundation.ledger.api import LedgerApi, TransferFlag
from yunjin.kernel import tenant
from yunjin.kernel.clock import SystemClock


def payments(chance: np.random.Generator, count: int) -> pa.RecordBatch:
    """Return card payments of now; one in fifty is a hold of an hour."""
    bank = demo.institution(1)
    now_ms = SystemClock().now_ns() // 1_000_000
    high = np.full(count, now_ms << 16 | 0x7000, np.uint64)
    high |= chance.integers(0, 1 << 12, count, dtype=np.uint64)
    is_hold = chance.random(count) < 0.02
    return pa.RecordBatch.from_pydict(
        {
            "id_hi": high,
            "id_lo": np.uint64(1 << 63) | chance.integers(0, 1 << 62, count, dtype=np.uint64),
            "debit_account_id": chance.choice(bank.ids[demo.CURRENT], count),
            "credit_account_id": chance.choice(bank.ids[demo.MERCHANT], count),
            "amount_minor": chance.integers(100, 90_000, count),
            "ledger": np.full(count, demo.CNY, np.uint32),
            "code": np.full(count, demo.CARD, np.uint16),
            "flags": np.where(is_hold, TransferFlag.PENDING, 0).astype(np.uint16),
            "timeout_s": np.where(is_hold, 3_600, 0).astype(np.uint32),
            "user_data_64": chance.integers(1, 500, count).astype(np.uint64),
        }
    )


def pay(ledger: LedgerApi, stop: threading.Event, name: str) -> None:
    """Let customers pay until told to stop."""
    chance = np.random.default_rng(7)
    with tenant.entered(name):
        while not stop.wait(0.2 + 0.2 * chance.random()):
            ledger.post_transfers(payments(chance, int(chance.integers(40, 400))))


def main(home: Path, port: int, *, is_quiet: bool) -> None:
    """Open the bank, bring the year in once, and serve it."""
    settings = Settings(home=home, http=HttpSettings(port=port, flight_port=0))
    stop = threading.Event()
    with opened(settings) as bank:
        ledger: Any = bank.door(LedgerApi)
        if not ledger.state().account_count:
            demo.load(ledger, 1, lambda *_: None)
        customers = threading.Thread(target=pay, args=(ledger, stop, settings.tenant))
        if not is_quiet:
            customers.start()
        try:
            asgi.serve(bank)
        finally:
            stop.set()
            if customers.is_alive():
                customers.join()


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    main(
        Path(words[0]),
        int(words[1]) if len(words) > 1 else 0,
        is_quiet="--quiet" in sys.argv,
    )
