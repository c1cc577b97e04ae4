"""Where the children come from: a process that has all code and kernels in memory, and forks.

The fork server imports this module once and never opens anything again; each child then costs
milliseconds where a new interpreter costs a second.
"""

import multiprocessing
import tempfile
from multiprocessing.context import ForkServerContext
from pathlib import Path

from yunjin.app.chaos.load import UNIT, Load, transfers
from yunjin.foundation.ledger import wiring
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.kernel.clock import SystemClock


def nursery() -> ForkServerContext:
    """Return the context that makes children of a process prepared by `prepare`."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["yunjin.app.chaos.prepared"])
    return context


def prepare() -> None:
    """Open a ledger once, post to it, and throw it away, so that everything is loaded."""
    with tempfile.TemporaryDirectory(prefix="yunjin-nursery-") as folder:
        settings = wiring.Settings(bloom_words=64)
        room = wiring.build(settings, tenant="chaos", clock=SystemClock(), home=Path(folder))
        ledger: LedgerApi = room.doors[LedgerApi]
        load = Load(seed=1, start_ms=1)
        ledger.declare_ledgers([UNIT])
        ledger.open_accounts(load.accounts())
        for number in range(4):
            ledger.post_transfers(transfers(load.batch(number)))
        if room.close is not None:
            room.close()
