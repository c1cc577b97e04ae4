"""Holding a statement's balances against the ledger's; pure but for the balances asked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from yunjin.foundation.ledger.adapters.messages import Line, StatedBalance, Statement
from yunjin.foundation.ledger.api.imports import Difference, LineOutcome, Reconciliation

BalanceAt = Callable[[int | None], int | None]  # ns → credit balance; None: now / not kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A line of a statement after posting. `after_minor`: the ledger's balance right then."""

    line: Line
    outcome: LineOutcome
    timestamp: int = 0
    after_minor: int | None = None

    @property
    def is_in_ledger(self) -> bool:
        """Whether the ledger holds it."""
        return self.outcome in (LineOutcome.TAKEN, LineOutcome.KNOWN)

    @property
    def signed_minor(self) -> int:
        """What it adds to the account's credit balance; 0 where it cannot be read."""
        return self.line.signed_minor or 0


def reconcile(
    statement: Statement, lines: Sequence[Done], balance_at: BalanceAt | None
) -> Reconciliation:
    """Compare a statement with the ledger and find the first line where they part.

    The ledger's opening balance is what it held right before the earliest of the statement's
    transfers, its closing balance what it held right after the latest, so that the same
    statement gives the same answer whenever it is imported again. Without a ledger to ask
    (`balance_at` is None: a dry run, an unknown account) the lines that would be in it are held
    against the statement's own balances.
    """
    opening, closing = statement.opening, statement.closing
    before, after = _ledger_balances(lines, balance_at or _silent)
    if balance_at is None and opening is not None:
        before = opening.minor
        after = before + sum(done.signed_minor for done in lines if done.is_in_ledger)
    difference = None
    if before is not None:
        difference = (
            _at_opening(opening, before)
            or _at_line(lines, opening.minor if opening else before, before)
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
        not_compared="" if before is not None else "the ledger cannot tell the opening balance",
    )


def _silent(at: int | None) -> int | None:
    """Know nothing about any instant."""
    return None


def _ledger_balances(lines: Sequence[Done], balance_at: BalanceAt) -> tuple[int | None, int | None]:
    held = [done for done in lines if done.is_in_ledger]
    if not held:
        now = balance_at(None)
        return now, now
    first = min(held, key=lambda done: done.timestamp)
    last = max(held, key=lambda done: done.timestamp)
    if first.after_minor is not None:
        before: int | None = first.after_minor - first.signed_minor
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


def _at_line(lines: Sequence[Done], stated: int, ledger: int) -> Difference | None:
    """Walk both balances in the file's order; the first line after which they differ is it."""
    is_first_time = all(done.outcome is not LineOutcome.KNOWN for done in lines)
    for done in lines:
        if done.outcome is LineOutcome.SKIPPED:
            continue
        line = done.line
        stated = (
            line.balance_minor if line.balance_minor is not None else stated + done.signed_minor
        )
        ledger += done.signed_minor if done.is_in_ledger else 0
        if is_first_time and done.after_minor is not None:
            ledger = done.after_minor  # tells of postings by others, too
        if stated == ledger and (done.is_in_ledger or line.amount_minor is not None):
            continue
        return Difference(
            line=line.line,
            path=line.path,
            stated_minor=stated if line.amount_minor is not None else None,
            ledger_minor=ledger,
            what=_why(done, ledger),
        )
    return None


def _why(done: Done, ledger: int) -> str:
    if not done.is_in_ledger:
        return "the line was refused"
    if done.line.balance_minor is not None:
        return "the balance stated after the line is not the ledger's"
    return "something else moved the account between this line and the one before"


def _at_closing(
    closing: StatedBalance | None, lines: Sequence[Done], before: int, after: int | None
) -> Difference | None:
    if closing is None or after is None or closing.minor == after:
        return None
    computed = before + sum(done.signed_minor for done in lines if done.is_in_ledger)
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
