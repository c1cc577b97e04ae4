"""The proof that clearing nets to zero: two cells' clearing accounts, read while work goes on.

Of one direction, at any instant: what was settled in the payer's cell was delivered before, and
what was delivered is held or settled there, since such a hold is never voided. So where the payer's
cell is read, then the payee's, then the payer's again,

    settled (first) ≤ delivered ≤ held + settled (second)

holds whatever happens meanwhile. At rest nothing is held, and the two accounts cancel out.
"""

from typing import NamedTuple

from yunjin.foundation.ledger.api import CellPort, ClearingLine, Ledger, LedgerApi
from yunjin.foundation.ledger.service.clearing.peers import Peer


class _Totals(NamedTuple):
    """A clearing account: out of its cell it is credited, into its cell it is debited."""

    held: int
    settled: int
    delivered: int


_NONE = _Totals(0, 0, 0)


def lines(here: LedgerApi, peer: Peer, ledgers: list[Ledger]) -> list[ClearingLine]:
    """Return a line for each ledger that both sides clear. Raises: Outage."""
    accounts = {each.ledger: peer.accounts_of(each.ledger) for each in ledgers}
    ours, theirs = [one for one, _ in accounts.values()], [one for _, one in accounts.values()]
    here_1, there_1 = _read(here, ours), _read(peer.port, theirs)
    here_2, there_2 = _read(here, ours), _read(peer.port, theirs)
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
    found = []
    if delivered < first.settled:
        missing = first.settled - delivered
        found.append(f"{way}: {missing} was taken from payers and delivered to nobody")
    if delivered > last.held + last.settled:
        more = delivered - last.held - last.settled
        found.append(f"{way}: {more} was delivered that nobody paid or holds")
    return found


def _read(port: CellPort, accounts: list[int]) -> dict[int, _Totals]:
    rows = port.accounts(accounts).to_pylist()
    return {
        row["id"]: _Totals(row["credits_pending"], row["credits_posted"], row["debits_posted"])
        for row in rows
    }
