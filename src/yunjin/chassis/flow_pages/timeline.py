"""A flow's journal as a timeline: each step with its outcome, and what it was answered."""

from collections.abc import Sequence
from typing import Any, Final

from yunjin.chassis.console import Markup, Tone, markup, quiet, t
from yunjin.chassis.flow import Deed, FlowState, Outcome, StepState
from yunjin.chassis.flow.values import step_id
from yunjin.chassis.flow_pages.fan_outs import fan_of
from yunjin.chassis.flow_pages.showing import moment, problem_words, step_name, value

_TONES: Final[dict[Outcome, Tone]] = {
    Outcome.ANSWERED: "good",
    Outcome.REFUSED: "bad",
    Outcome.SET: "info",
    Outcome.TRIED: "warn",
    Outcome.CALLED: "info",
    Outcome.FANNED: "info",
    Outcome.SKIPPED: "warn",
}
_ICONS: Final = {
    "signal": "mail",
    "child": "account_tree",
    "each": "dynamic_feed",
    "undo": "undo",
    "sleep": "schedule",
    "cancelled": "block",
}
_DEED_ICONS: Final = {"cancel": "block", "retry": "replay", "skip": "skip_next"}
_OUTCOME_ICONS: Final = {
    Outcome.REFUSED: "close",
    Outcome.TRIED: "replay",
    Outcome.SKIPPED: "skip_next",
}


def timeline(steps: Sequence[StepState], flow: FlowState, path: str) -> Markup:
    """Return a journal, the first given on top."""
    if not steps:
        words = t("flow.journal_empty"), t("flow.journal_empty_hint")
        return quiet("hourglass_empty", *words)
    items = Markup("").join(_item(step, flow, path) for step in steps)
    return Markup('<ol class="yj-timeline">{}</ol>').format(items)


def deeds_of(deeds: Sequence[Deed]) -> Markup:
    """Return what people did, the newest on top."""
    if not deeds:
        return Markup("")
    items = Markup("").join(_deed(one) for one in reversed(deeds))
    return Markup('<ol class="yj-timeline">{}</ol>').format(items)


def _deed(deed: Deed) -> Markup:
    what = t(f"flow.deed.{deed.deed}", step=step_name(deed.step)) if deed.step else ""
    words = what or t(f"flow.deed_whole.{deed.deed}")
    return Markup(
        '<li><span class="yj-dot yj-warn">{}</span><div class="yj-step-name">{}</div>'
        '<span class="yj-note num">{}</span><div class="yj-step-note">{}</div></li>'
    ).format(
        markup.icon(_DEED_ICONS[deed.deed]),
        words,
        moment(deed.at_us),
        t("flow.deed_by", who=deed.who or "—", why=deed.why or "—"),
    )


def _item(step: StepState, flow: FlowState, path: str) -> Markup:
    kind = step.name.partition(":")[0]
    icon = _ICONS.get(kind) or _OUTCOME_ICONS.get(step.outcome, "check")
    tone = "neutral" if step.number == 0 else _TONES[step.outcome]
    number = f"#{abs(step.number)}" if step.number else ""
    chip = markup.chip(t(f"flow.outcome.{step.outcome.name.lower()}"), tone) if number else ""
    is_plain = step.outcome is Outcome.ANSWERED  # the usual outcome needs no word
    return Markup(
        '<li><span class="yj-dot yj-{}">{}</span><div class="yj-step-name">{}{} '
        '<span class="yj-note num">{}</span></div><span class="yj-note num">{}</span>'
        '<div class="yj-step-note">{}{}</div></li>'
    ).format(
        tone,
        markup.icon(icon),
        step_name(step.name),
        "" if is_plain else chip,
        number,
        moment(step.at_us),
        _note(step),
        _child(step, flow, path),
    )


def _note(step: StepState) -> Markup | str:
    """Say what a step was answered, or what it is waiting for."""
    answer: Any = step.answer
    match step.outcome:
        case Outcome.SET:
            return t("flow.set_until", at=moment(answer))
        case Outcome.TRIED:
            tries = answer["tries"]
            key = "flow.tried_once" if tries == 1 else "flow.tried"
            title, at = problem_words(answer["problem"]), moment(answer["due_us"])
            return t(key, tries=tries, title=title, at=at)
        case Outcome.REFUSED:
            detail = str(answer.get("detail", ""))
            return Markup('{}<div class="yj-code">{}</div>').format(problem_words(answer), detail)
        case Outcome.CALLED:
            return ""
        case Outcome.FANNED:
            return fan_of(step).words()
        case Outcome.ANSWERED if step.name.startswith("each:") and answer is not None:
            return fan_of(step).words()
        case _ if step.number == 0 or answer is None:
            return ""
        case _:
            return value(answer)


def _child(step: StepState, flow: FlowState, path: str) -> Markup | str:
    """Return the way to the child that a step started, if it did."""
    is_child = step.number > 0 and step.name.startswith("child:")
    if not is_child:
        return ""
    child_id = step_id(flow.flow_id, step.number)
    return markup.link(t("flow.open_child"), f"{path}/{child_id}")
