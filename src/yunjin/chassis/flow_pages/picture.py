"""A flow's picture on its page: what it has done, where it is, where it stands still."""

from collections.abc import Sequence
from typing import Final

from yunjin.chassis.console import Markup
from yunjin.chassis.console.words import LEXICON
from yunjin.chassis.flow import Flows, FlowState, Outcome, State, StepState
from yunjin.chassis.flow.drawing import Chart, ShapeKind, chart_of, svg
from yunjin.chassis.flow.problems import Parked
from yunjin.chassis.flow_pages.showing import step_name
from yunjin.kernel.errors import Problem

_DONE: Final = frozenset([Outcome.ANSWERED, Outcome.SKIPPED])
_TASK: Final = "task:"


def chart_for(flows: Flows, flow: FlowState) -> Chart | None:
    """Return the chart of what a flow runs; None where its code is not here any more."""
    try:
        return chart_of(flows.registry.of(flow.name, flow.version))
    except (Parked, Problem):
        return None


def picture(chart: Chart, flow: FlowState, steps: Sequence[StepState]) -> Markup:
    """Return a flow's picture; steps : of its journal, the newest first."""
    named = {one.step: step_name(one.step) for one in chart.shapes if _is_worded(one.step)}
    shown = svg(chart, states=states_of(chart, flow, steps), names=named)
    return Markup('<div tabindex="0" style="overflow:auto;max-height:60vh">{}</div>').format(shown)


def _is_worded(step: str) -> bool:
    return LEXICON.knows(f"flow.step.{step}")


def states_of(chart: Chart, flow: FlowState, steps: Sequence[StepState]) -> dict[str, str]:
    """Return how each step stands, by its name: "done", "open" or "bad"."""
    people = {one.step for one in chart.shapes if one.kind is ShapeKind.USER}
    heard = {_word(one) for one in steps if one.outcome in _DONE}
    found: dict[str, str] = {}
    for one in reversed(steps):
        if one.number <= 0:
            continue
        if one.outcome is Outcome.REFUSED:
            found[one.name] = "bad"
        elif one.outcome not in _DONE or _is_asked(one, people, heard, flow):
            found[one.name] = "open"
        else:
            found[one.name] = "done"
    if flow.state is State.PARKED and isinstance(flow.outcome, dict):
        found[str(flow.outcome.get("step", ""))] = "bad"
    elif flow.waits_for:
        found.setdefault(flow.waits_for.partition(" +")[0], "open")
    found.pop("", None)
    return found


def _word(one: StepState) -> str:
    """Return the word that a step heard; "" where it is no signal."""
    if not one.name.startswith("signal:"):
        return ""
    said = one.answer.get("word") if isinstance(one.answer, dict) else None
    return str(said or one.name.removeprefix("signal:"))


def _is_asked(one: StepState, people: set[str], heard: set[str], flow: FlowState) -> bool:
    """Return whether a person was asked by this step and has not answered yet."""
    is_waited_for = one.name in people and f"{_TASK}{one.answer}" not in heard
    return is_waited_for and not flow.state.is_end
