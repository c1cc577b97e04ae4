"""The least general ledger there can be: what each slot came to, carried from day to day."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from typing import Any

from yunjin.chassis.persistence import SqlUnitOfWork
from yunjin.foundation.banking.api.days import ProofLine
from yunjin.foundation.banking.api.general_ledger import Movement
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.store import keeping

Key = tuple[int, str, str]  # slot, branch, currency


class SlotSums:
    """Sums of all movements by slot, branch and currency, kept in one row."""

    def book(
        self, work: SqlUnitOfWork, date: dt.date, movements: list[Movement], *, source: str
    ) -> None:
        """Add a day's movements; the same source again adds nothing."""
        kept = keeping.sums(work.connection)
        if kept.get("source") == source:
            return
        balances = _balances(kept)
        for one in movements:
            balances[one.slot, one.branch, one.currency] += one.debit_minor - one.credit_minor
        rows = [[*key, minor] for key, minor in sorted(balances.items())]
        keeping.put_sums(work.connection, {"source": source, "balances": rows})

    def prove(
        self, work: SqlUnitOfWork, date: dt.date, subledger: Mapping[Key, int]
    ) -> tuple[ProofLine, ...]:
        """Hold the sums against the accounts that make them up."""
        balances = _balances(keeping.sums(work.connection))
        return tuple(
            ProofLine(
                slot=Slot(key[0]).name,
                branch=key[1],
                currency=key[2],
                subledger_minor=subledger.get(key, 0),
                ledger_minor=balances[key],
            )
            for key in sorted(subledger.keys() | balances.keys())
        )


def _balances(kept: Mapping[str, Any]) -> Counter[Key]:
    rows = kept.get("balances", [])
    return Counter({(slot, branch, currency): minor for slot, branch, currency, minor in rows})
