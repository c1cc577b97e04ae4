"""Trial balance: opening, debits, credits and closing of accounts, with subtotals by parent."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from yunjin.foundation.banking.api.gl_reports import TrialBalance, TrialRow, TrialTotal
from yunjin.foundation.banking.domain.general_ledger.chart import Account, Chart
from yunjin.foundation.banking.domain.general_ledger.movements import Amounts


class Spot(NamedTuple):
    """What a report has a figure for. branch: "" where all are summed."""

    currency: str
    branch: str
    account: str


Figures = tuple[int, ...]


class Node(NamedTuple):
    """A row of the tree of accounts."""

    account: Account
    depth: int
    is_total: bool
    figures: Figures


def tree(chart: Chart, leaves: Mapping[str, Figures]) -> Iterator[Node]:
    """Yield accounts in order with the sums of what is beneath them; those of no figures are left.

    An account that is booked to and has others beneath it comes twice: its sum, then its own.
    """
    sums: dict[str, list[int]] = {}
    for code, figures in leaves.items():
        at: str = code
        while at:
            have = sums.setdefault(at, [0] * len(figures))
            for place, figure in enumerate(figures):
                have[place] += figure
            at = chart.account(at).parent
    parents = {chart.account(code).parent for code in sums}
    depths = {"": -1}
    for code, account in chart.accounts.items():
        depths[code] = depths[account.parent] + 1
        if code not in sums:
            continue
        if code in parents:
            yield Node(account, depths[code], True, tuple(sums[code]))
            if any(own := leaves.get(code, ())):
                yield Node(account, depths[code] + 1, False, own)
        else:
            yield Node(account, depths[code], False, tuple(sums[code]))


def grouped(leaves: Mapping[Spot, Figures]) -> dict[tuple[str, str], dict[str, Figures]]:
    """Return figures by account of each (currency, branch), in order."""
    found: defaultdict[tuple[str, str], dict[str, Figures]] = defaultdict(dict)
    for spot, figures in sorted(leaves.items()):
        found[spot.currency, spot.branch][spot.account] = figures
    return dict(found)


def trial_balance(
    chart: Chart,
    opening: Mapping[Spot, Amounts],
    closing: Mapping[Spot, Amounts],
    *,
    start: dt.date,
    end: dt.date,
    branch: str,
    currency: str,
) -> TrialBalance:
    """Return the report of totals since ever: before the first day and after the last one."""
    leaves: dict[Spot, Figures] = {}
    for spot, (debits, credits) in closing.items():
        debits_before, credits_before = opening.get(spot, (0, 0))
        figures = (
            debits_before - credits_before,
            debits - debits_before,
            credits - credits_before,
            debits - credits,
        )
        if any(figures):
            leaves[spot] = figures
    rows: list[TrialRow] = []
    totals: list[TrialTotal] = []
    for (money, place), of_accounts in grouped(leaves).items():
        rows += (_row(node, place, money) for node in tree(chart, of_accounts))
        totals.append(_total(of_accounts.values(), place, money))
    return TrialBalance(
        start=start,
        end=end,
        branch=branch,
        currency=currency,
        rows=tuple(rows),
        totals=tuple(totals),
    )


def _row(node: Node, branch: str, currency: str) -> TrialRow:
    opening, debits, credits, closing = node.figures
    account = node.account
    return TrialRow(
        account=account.code,
        name_zh=account.name_zh,
        name_en=account.name_en,
        element=account.element.name.lower(),
        parent=account.parent,
        depth=node.depth,
        is_total=node.is_total,
        branch=branch,
        currency=currency,
        opening_minor=opening,
        debits_minor=debits,
        credits_minor=credits,
        closing_minor=closing,
    )


def _total(figures: Iterable[Figures], branch: str, currency: str) -> TrialTotal:
    opening, debits, credits, closing = map(sum, zip(*figures, strict=True))
    return TrialTotal(
        branch=branch,
        currency=currency,
        opening_minor=opening,
        debits_minor=debits,
        credits_minor=credits,
        closing_minor=closing,
    )
