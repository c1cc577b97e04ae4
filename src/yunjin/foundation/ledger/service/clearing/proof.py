"""The proof that clearing nets to zero: two sides' clearing accounts, read while work goes on.

Of one direction, at any instant: what was settled in the payer's cell was delivered before, and
what was delivered is held or settled there, since such a hold is never voided. So where the payer's
cell is read, then the payee's, then the payer's again,

    settled (first) ≤ delivered ≤ held + settled (second)

holds whatever happens meanwhile. At rest nothing is held, and the two accounts cancel out.

A side is a home: where it was split, its cells' accounts are added up. Between the halves there is
one account in each, in both directions at once, to which the split itself was booked.
"""

from collections.abc import Sequence
from typing import NamedTuple

from yunjin.foundation.ledger.api import CellPort, ClearingLine, Ledger
from yunjin.foundation.ledger.service.clearing.peers import Peer


class _Totals(NamedTuple):
    """A clearing account: out of its cell it is credited, into its cell it is debited."""

    held: int
    settled: int
    delivered: int


_NONE = _Totals(0, 0, 0)


def lines(
    here: Sequence[CellPort], peer: Peer, ledgers: list[Ledger], there: Sequence[CellPort]
) -> list[ClearingLine]:
    """Return a line for each ledger that both sides clear. Raises: Outage.

    here: our home's cells, this one first.  there: the other side's.
    """
    accounts = {each.ledger: peer.accounts_of(each.ledger) for each in ledgers}
    ours, theirs = [one for one, _ in accounts.values()], [one for _, one in accounts.values()]
    here_1, there_1 = _read(here, ours), _read(there, theirs)
    here_2, there_2 = _read(here, ours), _read(there, theirs)
    found = []
    for ledger in ledgers:
        mine, its = accounts[ledger.ledger]
        if mine not in here_2 and its not in there_2:
            continue
        out_first, out_last = here_1.get(mine, _NONE), here_2.get(mine, _NONE)
        in_first, in_last = there_1.get(its, _NONE), there_2.get(its, _NONE)
        findings = [
            *_findings("out", out_first, in_first.delivered, out_last),
            *_findings("in", in_first, out_last.delivered, in_last),
        ]
        if peer.is_own_home:
            first, last = _plus(out_first, in_first), _plus(out_last, in_last)
            findings = [
                *_missing("between", first, last.delivered),
                *_more("between", first.delivered, last),
            ]
        found.append(
            ClearingLine(
                peer=peer.sides.peer,
                ledger=ledger.ledger,
                currency=ledger.currency,
                out_held=out_last.held,
                out_settled=out_last.settled,
                out_delivered=in_last.delivered,
                in_held=in_last.held,
                in_settled=in_last.settled,
                in_delivered=out_last.delivered,
                net_here=out_last.settled - out_last.delivered,
                net_there=in_last.settled - in_last.delivered,
                findings=tuple(findings),
            )
        )
    return found


def _findings(way: str, first: _Totals, delivered: int, last: _Totals) -> list[str]:
    return [*_missing(way, first, delivered), *_more(way, delivered, last)]


def _missing(way: str, first: _Totals, delivered: int) -> list[str]:
    missing = first.settled - delivered
    return [f"{way}: {missing} was taken from payers and delivered to nobody"][: missing > 0]


def _more(way: str, delivered: int, last: _Totals) -> list[str]:
    more = delivered - last.held - last.settled
    return [f"{way}: {more} was delivered that nobody paid or holds"][: more > 0]


def _read(ports: Sequence[CellPort], accounts: list[int]) -> dict[int, _Totals]:
    """Return what accounts come to over all cells of a side."""
    found: dict[int, _Totals] = {}
    for port in ports:
        for row in port.accounts(accounts).to_pylist():
            one = _Totals(row["credits_pending"], row["credits_posted"], row["debits_posted"])
            found[row["id"]] = _plus(found.get(row["id"], _NONE), one)
    return found


def _plus(one: _Totals, other: _Totals) -> _Totals:
    return _Totals(*(a + b for a, b in zip(one, other, strict=True)))
