"""How flows are shown: their names and states, times, values, and why they stand still."""

import json
from typing import Any, Final

from yunjin.chassis.console import Markup, Tone, formats, markup, t
from yunjin.chassis.console.words import LEXICON
from yunjin.chassis.flow import FlowState, State

INLINE: Final = 160  # characters of a value that stand in a line
_NEVER_US: Final = 2**62
_TONES: Final[dict[State, Tone]] = {
    State.PARKED: "bad",
    State.RUNNING: "info",
    State.WAITING: "neutral",
    State.FAILED: "warn",
    State.CANCELLED: "neutral",
    State.DONE: "good",
}


def named(kind: str, name: str) -> str:
    """Return the room's word for a flow ("name"), a step or a line of progress, or its name."""
    key = f"flow.{kind}.{name}"
    return t(key) if LEXICON.knows(key) else name


def step_name(name: str) -> str:
    """Return a step's name for people: `signal:approved` is the word approved."""
    kind, is_of, inner = name.partition(":")
    if not is_of or not LEXICON.knows(f"flow.step_of.{kind}"):
        return named("step", name)
    shown = named("name", inner) if kind == "child" else step_name(inner)
    return t(f"flow.step_of.{kind}", name=shown)


def state_chip(flow: FlowState) -> Markup:
    """Return a flow's state as a chip."""
    if flow.is_cancelled and not flow.state.is_end and flow.state is not State.PARKED:
        return markup.chip(t("flow.cancelling"), "warn")
    return markup.chip(t(f"flow.state.{flow.state.name.lower()}"), _TONES[flow.state])


def moment(at_us: int) -> str:
    """Write an instant given in microseconds."""
    return formats.moment(at_us * 1_000)


def due(flow: FlowState) -> str:
    """Write when a flow is looked at next, or when it ended."""
    if flow.state is State.RUNNING:
        return t("flow.at_once")
    return t("flow.no_date") if flow.due_us >= _NEVER_US else moment(flow.due_us)


def problem_words(document: Any) -> str:
    """Return a journalled problem's title in the reader's language, or as it was written."""
    facts = document if isinstance(document, dict) else {}
    key = f"problem.{facts.get('code', '')}"
    return t(key) if LEXICON.knows(key) else str(facts.get("title", facts.get("code", "")))


def situation(flow: FlowState) -> str:
    """Say in a line what happens: the reason of a stop, what is waited for, how it ended."""
    match flow.state:
        case State.PARKED:
            facts = flow.outcome if isinstance(flow.outcome, dict) else {}
            return f"{facts.get('kind', '')}: {facts.get('reason', '')}"[:INLINE]
        case State.WAITING:
            first, _, others = flow.waits_for.partition(" +")
            more = f" +{others}" if others else ""
            return t("flow.waits_for", what=step_name(first)) + more
        case State.FAILED:
            return problem_words(flow.outcome)
        case State.DONE if flow.outcome is not None:
            return _cut(_line(flow.outcome))
        case _:
            return ""


def value(shown: Any, *, is_open: bool = False) -> Markup:
    """Return a JSON value: in a line where it fits, else with all of it one click away."""
    line = _line(shown)
    if len(line) <= INLINE:
        return Markup('<div class="yj-code">{}</div>').format(line)
    whole = json.dumps(shown, ensure_ascii=False, indent=2)
    if is_open:
        return Markup('<pre class="yj-code" tabindex="0">{}</pre>').format(whole)
    return Markup(
        '<div class="yj-code">{}</div><details><summary class="yj-note">{}</summary>'
        '<pre class="yj-code" tabindex="0">{}</pre></details>'
    ).format(_cut(line), t("flow.show_all"), whole)


def _line(shown: Any) -> str:
    return shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False)


def _cut(line: str) -> str:
    return line if len(line) <= INLINE else f"{line[: INLINE - 1]}…"
