"""Importing a file: read it, find its accounts, post it in columns, reconcile, report."""

from collections import defaultdict
from typing import Final

from yunjin.foundation.ledger.adapters.messages import Message, Side, Statement
from yunjin.foundation.ledger.adapters.reading import read_message
from yunjin.foundation.ledger.api import LedgerApi, TransferStatus
from yunjin.foundation.ledger.api.imports import (
    ImportedLine,
    ImportFile,
    ImportProgress,
    ImportReport,
    ImportTotal,
    LineOutcome,
    Reconciliation,
)
from yunjin.foundation.ledger.errors import AccountNotFound, HistoryNotKept, ImportRefused
from yunjin.foundation.ledger.service import identity, posting
from yunjin.foundation.ledger.service.drafting import Draft, Drafter, due, today_anywhere, wishes
from yunjin.foundation.ledger.service.placing import Places, nostro_name, shown
from yunjin.foundation.ledger.service.posting import Answers
from yunjin.foundation.ledger.service.reconciling import Done, reconcile
from yunjin.kernel.clock import Clock, instant

Held = dict[int, tuple[int, int]]

_BEFORE: Final = "the same message and place was posted before with"
_ADVICE: Final = {
    TransferStatus.EXISTS: "the same line was posted before",
    TransferStatus.ID_ALREADY_FAILED: "an earlier try of this very line failed, for ever; "
    "send it again under a new message id",
    TransferStatus.EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT_ID: f"{_BEFORE} another account",
    TransferStatus.EXISTS_WITH_DIFFERENT_CREDIT_ACCOUNT_ID: f"{_BEFORE} another account",
    TransferStatus.EXISTS_WITH_DIFFERENT_AMOUNT: f"{_BEFORE} another amount",
    TransferStatus.EXISTS_WITH_DIFFERENT_USER_DATA_128: f"{_BEFORE} another reference",
    TransferStatus.EXISTS_WITH_DIFFERENT_USER_DATA_32: f"{_BEFORE} another value date",
}


def _quiet(phase: str, done: int, total: int) -> None:
    """Tell nobody."""


class Importer:
    """Implements ImportApi and ImportPort over a ledger."""

    def __init__(self, ledger: LedgerApi, clock: Clock) -> None:
        self._ledger, self._clock = ledger, clock

    def import_file(
        self, command: ImportFile, *, progress: ImportProgress | None = None
    ) -> ImportReport:
        """Post what a file tells of; the same file again moves nothing twice.

        Raises: ImportRefused (nothing was posted), and what `LedgerApi.post_transfers` raises
        (some batches may have been posted: import the same file again).
        """
        progress = progress or _quiet
        today = today_anywhere(instant(self._clock.now_ns()))
        message = due(_read(command, progress), today)
        places = Places(self._ledger, is_dry_run=command.is_dry_run)
        self._find(message, command, places)
        drafts = list(Drafter(message, command, places).drafts())
        batch = identity.batch_id(message.kind, message.message_id)
        postable = [draft for draft in drafts if draft.verdict is None]
        answers = self._post(postable, batch, progress, is_dry_run=command.is_dry_run)
        held = posting.held(self._ledger, postable, answers)
        lines, done = _outcomes(drafts, answers, held, is_dry_run=command.is_dry_run)
        return ImportReport(
            name=command.name,
            kind=message.kind,
            version=message.version,
            message_id=message.message_id,
            batch_id=batch,
            is_dry_run=command.is_dry_run,
            lines=tuple(lines),
            totals=_totals(lines),
            controls=message.controls,
            reconciliations=tuple(
                self._reconciled(statement, done[number], places, command.is_dry_run)
                for number, statement in enumerate(message.statements)
                if statement.opening or statement.closing
            ),
            opened=tuple(places.opened),
            warnings=message.warnings,
        )

    def _find(self, message: Message, command: ImportFile, places: Places) -> None:
        currencies = {line.currency for line in message.lines if line.verdict is None}
        currencies |= {statement.currency for statement in message.statements}
        names = [
            *(name for line in message.lines for name in (line.account, line.other) if name),
            *(statement.account for statement in message.statements),
            *(nostro_name(command.nostros, currency) for currency in sorted(currencies)),
        ]
        places.find(names)
        if command.opens_accounts:
            places.open(wishes(message, command, places))
            # An account opened for one line may be another line's counterparty.
            places.find(names)

    def _post(
        self, drafts: list[Draft], batch: int, progress: ImportProgress, *, is_dry_run: bool
    ) -> Answers:
        total = len(drafts)

        def tick(done: int) -> None:
            progress("posting", done, total)

        if is_dry_run:
            return posting.foresee(self._ledger, drafts, tick)
        return posting.post(self._ledger, drafts, batch, tick)

    def _reconciled(
        self, statement: Statement, lines: list[Done], places: Places, is_dry_run: bool
    ) -> Reconciliation:
        place = places.place(statement.account)
        if place is not None and place.ledger != places.number(statement.currency):
            return reconcile(statement, [], None, not_compared="the account is in another currency")
        if is_dry_run or place is None:
            return reconcile(statement, lines, None)
        account_id = place.account_id
        return reconcile(statement, lines, lambda at: self._balance_at(account_id, at))

    def _balance_at(self, account_id: int, at: int | None) -> int | None:
        """Return an account's credit balance, now or at an instant; None if it cannot be known."""
        try:
            found = (
                self._ledger.accounts([account_id])
                if at is None
                else self._ledger.balance_at(account_id, at)
            )
        except HistoryNotKept:
            return None
        except AccountNotFound:  # not open yet at that instant
            return 0
        balance: int = found["credits_posted"][0].as_py() - found["debits_posted"][0].as_py()
        return balance


def _read(command: ImportFile, progress: ImportProgress) -> Message:
    size = len(command.content)
    message = read_message(command, tick=lambda done: progress("reading", done, size))
    progress("reading", size, size)
    broken = [control for control in message.controls if not control.holds]
    if broken and command.requires_controls:
        findings = [
            {
                "line": each.line,
                "path": each.path,
                "what": f"expected {each.stated}, was {each.found}",
            }
            for each in broken
        ]
        first = broken[0]
        raise ImportRefused(
            f"line {first.line}, {first.path}: expected {first.stated}, was {first.found}",
            findings=findings,
        )
    return message


def _outcomes(
    drafts: list[Draft], answers: Answers, held: Held, *, is_dry_run: bool
) -> tuple[list[ImportedLine], defaultdict[int, list[Done]]]:
    """Say of every line what became of it, for the report and for its statement."""
    lines: list[ImportedLine] = []
    statements: defaultdict[int, list[Done]] = defaultdict(list)
    statuses = answers.status.tolist()
    balances = {
        Side.DEBIT: answers.debit_balance.tolist(),
        Side.CREDIT: answers.credit_balance.tolist(),
    }
    place = 0
    for draft in drafts:
        timestamp, moved, after = 0, None, None
        if draft.verdict is not None:
            verdict = draft.verdict
            outcome, reason, detail = verdict.outcome, verdict.reason.value, verdict.detail
        else:
            outcome, reason, detail = _told(TransferStatus(statuses[place]))
            timestamp, moved = held.get(place, (0, None))
            if outcome is LineOutcome.TAKEN and not is_dry_run:
                after = balances[draft.line.side][place]
            place += 1
        lines.append(_imported(draft, outcome, reason, detail))
        if draft.line.statement is not None:
            done = Done(
                line=draft.line,
                outcome=outcome,
                timestamp=timestamp,
                held_minor=moved,
                after_minor=after,
            )
            statements[draft.line.statement].append(done)
    return lines, statements


def _told(status: TransferStatus) -> tuple[LineOutcome, str, str]:
    if status is TransferStatus.CREATED:
        return LineOutcome.TAKEN, "", ""
    outcome = LineOutcome.KNOWN if status is TransferStatus.EXISTS else LineOutcome.REFUSED
    words = f"the ledger answered: {status.name.lower().replace('_', ' ')}"
    return outcome, status.name, _ADVICE.get(status, words)


def _imported(draft: Draft, outcome: LineOutcome, reason: str, detail: str) -> ImportedLine:
    line = draft.line
    return ImportedLine(
        line=line.line,
        path=line.path,
        outcome=outcome,
        reason=reason,
        detail=detail,
        transfer_id=draft.transfer_id,
        account=shown(line.account or line.other),
        side=line.side.value,
        amount_minor=line.amount_minor,
        currency=line.currency,
        value_date=line.value_date,
        reference=line.reference,
    )


def _totals(lines: list[ImportedLine]) -> tuple[ImportTotal, ...]:
    counts: defaultdict[tuple[str, LineOutcome], list[int]] = defaultdict(lambda: [0, 0, 0])
    for line in lines:
        total = counts[line.currency, line.outcome]
        total[0] += 1
        total[1 if line.side == Side.CREDIT else 2] += line.amount_minor or 0
    return tuple(
        ImportTotal(
            currency=currency,
            outcome=outcome,
            line_count=count,
            credits_minor=credits,
            debits_minor=debits,
        )
        for (currency, outcome), (count, credits, debits) in sorted(counts.items())
    )
