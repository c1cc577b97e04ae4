"""A process that closes days until it is killed: `python -m …closing_killed HOME [LAST]`.

It says each commit of banking on stdout, so that the parent knows when to kill. Without a last day
it only opens the bank: the worker goes on with what was begun.
"""

import datetime as dt
import sys
from pathlib import Path
from typing import Any

from yunjin.chassis.flow import State
from yunjin.foundation.banking import wiring as banking
from yunjin.foundation.banking.api.agreements import AgreementsApi, Opening
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.foundation.database import wiring as database
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.ledger import wiring as ledger
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.kernel import tenant
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7_of

FIRST_DAY = dt.date(2026, 1, 5)
PRODUCTS = ("current-account", "wallet")


def main(home: Path, last: dt.date | None) -> None:
    """Open the bank, close days, wait until nothing is left to do."""
    clock = SystemClock()
    (home / "demo").mkdir(parents=True, exist_ok=True)
    with tenant.entered("demo"):
        tables = database.build(database.Settings(), tenant="demo", clock=clock, home=home)
        door: Any = tables.doors[DatabaseApi]
        cell = ledger.build(ledger.Settings(), tenant="demo", clock=clock, home=home, database=door)
        settings = banking.Settings(first_day=FIRST_DAY, flows={"lease_s": 1, "idle_ms": 10})
        room = banking.build(
            settings,
            tenant="demo",
            clock=clock,
            home=home,
            database=door,
            ledger=cell.doors[LedgerApi],
        )
        days, agreements = room.doors[DaysApi], room.doors[AgreementsApi]
        if last is not None:
            wanted = [Opening(product=one, party_id="p") for one in PRODUCTS]
            agreements.open(uuid7_of(1, 1), wanted)
        tell(days)
        assert room.start is not None
        assert room.close is not None
        room.start()
        if last is not None:
            days.close(last)
        while running := days.flows.page(state=State.RUNNING).items:
            days.flows.wait(running[0].flow_id, seconds=60)
        room.close()
        for each in (cell, tables):
            if each.close is not None:
                each.close()


def tell(days: Any) -> None:
    """Say each commit of the room, from the one on with which a close is begun."""
    room, run = days._core.room, days._core.room.run
    begun: list[Any] = []

    def told(body: Any) -> Any:
        answer = run(body)
        begun.extend([] if begun else days.flows.page().items)
        if begun:  # the worker's lease comes before
            print("commit", flush=True)
        return answer

    room.run = told


if __name__ == "__main__":
    main(Path(sys.argv[1]), dt.date.fromisoformat(sys.argv[2]) if len(sys.argv) > 2 else None)
