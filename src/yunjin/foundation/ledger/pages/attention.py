"""What waits for a person: the state of the cell and the books as notices, the worst first."""

from dataclasses import dataclass, field
from typing import Any, Literal

from yunjin.foundation.ledger.api import CellState, TrialBalanceLine, VerifyReport
from yunjin.kernel.money import format_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One matter: the key of its words, what fills them in, and where to go on."""

    key: str  # `<key>` is the title, `<key>_note` the sentence
    tone: Literal["bad", "warn", "info"]
    facts: dict[str, Any] = field(default_factory=dict)
    path: str = ""


def notices(
    state: CellState, lines: list[TrialBalanceLine], report: VerifyReport | None
) -> list[Notice]:
    """Return what somebody has to look at."""
    found: list[Notice] = []
    if state.stopped:
        found.append(
            Notice(key="ledger.notice.stopped", tone="bad", facts={"reason": state.stopped})
        )
    for line in lines:
        if line.difference_minor:
            amount = f"{format_minor(line.difference_minor, line.currency, grouped=True)}"
            facts = {"ledger": line.ledger, "amount": f"{amount} {line.currency}"}
            found.append(
                Notice(key="ledger.notice.unbalanced", tone="bad", facts=facts, path="/journal")
            )
    if report is not None and not report.is_sound:
        facts = {"count": len(report.findings)}
        found.append(Notice(key="ledger.notice.damaged", tone="bad", facts=facts, path="/journal"))
    if not state.is_writer and not state.stopped:
        found.append(
            Notice(key="ledger.notice.reader", tone="warn", facts={"holder": state.holder or "?"})
        )
    if state.pending_count:
        facts = {"count": f"{state.pending_count:,}"}
        found.append(Notice(key="ledger.notice.holds", tone="info", facts=facts))
    return found
