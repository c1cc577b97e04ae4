"""What the doctor found and did, in words: shared by the topology page and its own."""

from collections.abc import Sequence
from typing import Final

from yunjin.chassis.console import Markup, Tone, formats, markup, one_of, quiet, t
from yunjin.foundation.database.api.doctor import Action, ActionState, Finding, Noted, Severity
from yunjin.foundation.database.pages.sentences import told

_TONES: Final = {Severity.NOTE: "info", Severity.WARNING: "warn", Severity.CRITICAL: "bad"}
_SIGNS: Final = {"bad": "error_outline", "warn": "warning_amber", "info": "info"}
_STATES: Final[dict[ActionState, Tone]] = {
    ActionState.PENDING: "warn",
    ActionState.APPROVED: "info",
    ActionState.REJECTED: "neutral",
    ActionState.WITHDRAWN: "neutral",
    ActionState.RUNNING: "info",
    ActionState.DONE: "good",
    ActionState.FAILED: "bad",
}


def reason(finding: Finding) -> str:
    """Return the doctor's sentence in the reader's language."""
    return one_of(finding.zh, finding.en)


def subject(finding: Finding) -> str:
    """Return what a finding is about: a set, or a node of it."""
    return " · ".join(word for word in (finding.set_name, finding.node, finding.subject) if word)


def clock_us(at_us: int) -> str:
    """Return the time of day of an instant in microseconds."""
    return formats.clock_time(at_us * 1_000)


def seconds(milliseconds: int) -> str:
    """Return a span in seconds with one decimal: `1.4 s`."""
    return f"{milliseconds // 1000:,}.{milliseconds % 1000 // 100} {t('unit.second')}"


def findings_list(found: Sequence[Noted]) -> Markup:
    """Return what is wrong now; that nothing is, is said too."""
    if not found:
        return quiet("task_alt", t("fleet.well"), t("fleet.well_hint"))
    items = Markup("").join(_finding(one) for one in found)
    return Markup('<ul class="yj-notices">{}</ul>').format(items)


def _finding(one: Noted) -> Markup:
    tone = _TONES[one.finding.severity]
    remedy = one.finding.remedy
    proposed = t(f"fleet.remedy.{remedy.value}") if remedy else t("fleet.remedy.none")
    return Markup(
        '<li class="yj-notice yj-notice-{}">{}<div><b>{}</b><p>{}</p>'
        '<p class="yj-note">{}</p></div></li>'
    ).format(
        tone,
        markup.icon(_SIGNS[tone]),
        subject(one.finding),
        reason(one.finding),
        t("fleet.since", at=clock_us(one.opened_us), remedy=proposed),
    )


def state_chip(state: ActionState) -> Markup:
    """Return where an action stands."""
    return markup.chip(t(f"fleet.action.{state.value}"), _STATES[state])


def actions_list(actions: Sequence[Action]) -> Markup:
    """Return what the doctor did, newest first: why, what, and what came of it."""
    if not actions:
        return quiet("history", t("fleet.idle"), t("fleet.idle_hint"))
    items = Markup("").join(_action(one) for one in actions)
    return Markup('<ol class="yj-deeds-done">{}</ol>').format(items)


def _action(one: Action) -> Markup:
    remedy = one.finding.remedy
    took = t("fleet.took", time=seconds(one.took_ms)) if one.took_ms else ""
    came = " · ".join(word for word in (took, told(one.outcome)) if word)
    return Markup(
        '<li><div><time class="num">{}</time><b>{}</b>{}</div>'
        '<p>{}</p><p class="yj-note">{}</p></li>'
    ).format(
        clock_us(one.at_us),
        f"{t(f'fleet.remedy.{remedy.value}') if remedy else ''} {one.finding.node}".strip(),
        state_chip(one.state),
        reason(one.finding),
        came,
    )


def deed(event: str, value: str, text: str) -> Markup:
    """Return a small button of a row; the panel around it hears the event."""
    return Markup(
        '<button type="button" class="yj-row-deed" data-emit="{}" data-value="{}">{}</button>'
    ).format(event, value, text)
