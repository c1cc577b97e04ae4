"""Holding a statement's balances against the ledger's; pure but for the balances asked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from yunjin.foundation.ledger.adapters.messages import Line, StatedBalance, Statement
from yunjin.foundation.ledger.api.imports import Difference, LineOutcome, Reconciliation

BalanceAt = Callable[[int | None], int | None]  # ns → credit balance; None: now / not kept

_UNTOLD: Final = "the ledger cannot tell the opening balance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A line of a statement after posting.

    `held_minor` is what the ledger's transfer of its id adds to the account: for a line that was
    posted before with other content that is not what the line says. None: there is none.
    `after_minor` is the ledger's balance right after a line that was posted now.
    """

    line: Line
    outcome: LineOutcome
    timestamp: int = 0
    held_minor: int | None = None
    after_minor: int | None = None

    @property
    def signed_minor(self) -> int:
        """What it adds to the account's credit balance; 0 where it cannot be read."""
        return self.line.signed_minor or 0


def reconcile(
    statement: Statement,
    lines: Sequence[Done],
    balance_at: BalanceAt | None,
    *,
    not_compared: str = "",
) -> Reconciliation:
    """Compare a statement with the ledger and find the first line where they part.

    The ledger's opening balance is what it held right before the earliest of the statement's
    transfers, its closing balance what it held right after the latest, so that the same
    statement gives the same answer whenever it is imported again. Without a ledger to ask
    (`balance_at` is None: a dry run, an unknown account) the lines that would be in it are held
    against the statement's own balances. `not_compared` says why nothing can be compared at all.
    """
    opening, closing = statement.opening, statement.closing
    before, after = _ledger_balances(lines, balance_at or _silent)
    if balance_at is None and opening is not None and not not_compared:
        before = opening.minor
        after = before + sum(done.held_minor or 0 for done in lines)
    difference = None
    if before is not None:
        difference = (
            _at_opening(opening, before)
            or _at_line(statement, lines, before)
            or _at_closing(closing, lines, before, after)
        )
    return Reconciliation(
        statement=statement.name,
        account=statement.account.value,
        currency=statement.currency,
        opening_stated_minor=opening.minor if opening else None,
        opening_ledger_minor=before,
        closing_stated_minor=closing.minor if closing else None,
        closing_ledger_minor=after,
        difference=difference,
        not_compared=not_compared or ("" if before is not None else _UNTOLD),
    )


def _silent(at: int | None) -> int | None:
    """Know nothing about any instant."""
    return None


def _ledger_balances(lines: Sequence[Done], balance_at: BalanceAt) -> tuple[int | None, int | None]:
    held = [done for done in lines if done.held_minor is not None]
    if not held:
        now = balance_at(None)
        return now, now
    first = min(held, key=lambda done: done.timestamp)
    last = max(held, key=lambda done: done.timestamp)
    if first.after_minor is not None:
        before: int | None = first.after_minor - (first.held_minor or 0)
    else:
        before = balance_at(first.timestamp - 1)
    after = last.after_minor if last.after_minor is not None else balance_at(last.timestamp)
    return before, after


def _at_opening(opening: StatedBalance | None, before: int) -> Difference | None:
    if opening is None or opening.minor == before:
        return None
    return Difference(
        line=opening.line,
        path=opening.path,
        stated_minor=opening.minor,
        ledger_minor=before,
        what="the ledger's balance differs before the first line",
    )


def _at_line(statement: Statement, lines: Sequence[Done], ledger: int) -> Difference | None:
    """Walk both balances in the file's order; the first line after which they differ is it."""
    stated = statement.opening.minor if statement.opening else ledger
    is_first_time = all(done.outcome is not LineOutcome.KNOWN for done in lines)
    for done in lines:
        if done.outcome is LineOutcome.SKIPPED:
            continue
        line = done.line
        is_readable = line.amount_minor is not None and line.currency == statement.currency
        if line.balance_minor is not None:
            stated = line.balance_minor
        else:
            stated += done.signed_minor if is_readable else 0
        ledger += done.held_minor or 0
        if is_first_time and done.after_minor is not None:
            ledger = done.after_minor  # tells of postings by others, too
        if stated == ledger and is_readable:
            continue
        return Difference(
            line=line.line,
            path=line.path,
            stated_minor=stated if is_readable else None,
            ledger_minor=ledger,
            what=_why(done),
        )
    return None


def _why(done: Done) -> str:
    if done.held_minor is None:
        return "the line was refused"
    if done.outcome is LineOutcome.REFUSED:
        return "the line was refused: it was posted before with other content"
    if done.line.balance_minor is not None:
        return "the balance stated after the line is not the ledger's"
    return "something else moved the account between this line and the one before"


def _at_closing(
    closing: StatedBalance | None, lines: Sequence[Done], before: int, after: int | None
) -> Difference | None:
    if closing is None or after is None or closing.minor == after:
        return None
    computed = before + sum(done.held_minor or 0 for done in lines)
    what = "the statement's own lines do not lead from its opening to its closing balance"
    if computed != after:
        what = "something else moved the account between the statement's lines"
    return Difference(
        line=closing.line,
        path=closing.path,
        stated_minor=closing.minor,
        ledger_minor=after,
        what=what,
    )
