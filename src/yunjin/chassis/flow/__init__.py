"""Durable flows: Python generator functions whose journal commits with the room's business change.

A room writes them in its `flows.py` and hands a Registry to Flows; FlowWorker brings them forward.
What works them is loaded at its first use: a room's settings hold FlowLimits, and settings are
read by commands that need no database.
"""

from typing import TYPE_CHECKING, Any

from yunjin.chassis.flow.intents import (
    Flow,
    Retry,
    call,
    child,
    gather,
    signal,
    sleep,
    sleep_until,
    started_version,
    step,
)
from yunjin.chassis.flow.limits import FlowLimits

if TYPE_CHECKING:
    from yunjin.chassis.flow.working import (
        Definition,
        Engine,
        FlowCancelled,
        FlowEnded,
        FlowNotParked,
        Flows,
        FlowState,
        FlowUnknown,
        FlowWorker,
        NoSuchFlow,
        Outcome,
        Progress,
        Registry,
        Start,
        State,
        StepState,
        StepWork,
        TooLarge,
        create_flows_1,
        flow,
        flow_tables,
    )

__all__ = [
    "Definition",
    "Engine",
    "Flow",
    "FlowCancelled",
    "FlowEnded",
    "FlowLimits",
    "FlowNotParked",
    "FlowState",
    "FlowUnknown",
    "FlowWorker",
    "Flows",
    "NoSuchFlow",
    "Outcome",
    "Progress",
    "Registry",
    "Retry",
    "Start",
    "State",
    "StepState",
    "StepWork",
    "TooLarge",
    "call",
    "child",
    "create_flows_1",
    "flow",
    "flow_tables",
    "gather",
    "signal",
    "sleep",
    "sleep_until",
    "started_version",
    "step",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from yunjin.chassis.flow import working

    return getattr(working, name)
