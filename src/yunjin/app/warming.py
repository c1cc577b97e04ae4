"""The ledger's loops, compiled before anybody waits for them."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from yunjin.app.single import one_account, one_transfer, transfer_row
from yunjin.foundation.ledger import wiring as ledger
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.kernel import tenant
from yunjin.kernel.clock import Clock, SystemClock
from yunjin.kernel.ids import uuid7

_TENANT = "warming"


def warm(tell: Callable[[str], None], *, clock: Clock | None = None) -> bool:
    """Post one transfer in a ledger that is thrown away; return whether anything was to compile.

    The first time in a checkout that takes half a minute, longer than a caller waits for an answer.
    """
    from yunjin.chassis.compiling import is_compiled
    from yunjin.foundation.ledger import kernels

    if is_compiled(Path(kernels.__file__).parent):
        return False
    tell("compiling the ledger's loops, this once …")
    clock = clock or SystemClock()
    with tempfile.TemporaryDirectory(prefix="yunjin-") as home, tenant.entered(_TENANT):
        room = ledger.build(ledger.Settings(), tenant=_TENANT, clock=clock, home=Path(home))
        try:
            door: LedgerApi = room.doors[LedgerApi]
            payer, payee = (one_account(door, 1, "CNY", 1, 0, is_limited=False) for _ in range(2))
            one_transfer(door, transfer_row(door, uuid7(clock), payer, payee, "0.01", 1))
        finally:
            if room.close is not None:
                room.close()
    return True
