"""Durable flows: Python generator functions whose journal commits with the room's business change.

A room writes them in its `flows.py` and hands a Registry to Flows; FlowWorker brings them forward.
What works them is loaded at its first use: a room's settings hold FlowLimits, and settings are
read by commands that need no database.
"""

from typing import TYPE_CHECKING, Any

from yunjin.chassis.flow.intents import (
    PATIENT,
    Flow,
    Retry,
    call,
    child,
    fan_out,
    first_signal,
    gather,
    own_id,
    signal,
    sleep,
    sleep_until,
    started_version,
    step,
)
from yunjin.chassis.flow.limits import FlowLimits
from yunjin.chassis.flow.people import TaskDesk, TaskWithdrawn, ask_person

if TYPE_CHECKING:
    from yunjin.chassis.flow.working import (
        Choices,
        Deed,
        Definition,
        Engine,
        FailedItem,
        FlowCancelled,
        FlowEnded,
        FlowNotParked,
        Flows,
        FlowState,
        FlowUnknown,
        FlowWorker,
        NoSuchFlow,
        NothingToSkip,
        Outcome,
        Person,
        Progress,
        Registry,
        Start,
        State,
        StepState,
        StepWork,
        TooLarge,
        create_flows_1,
        create_flows_2,
        flow,
        flow_tables,
    )

__all__ = [
    "PATIENT",
    "Choices",
    "Deed",
    "Definition",
    "Engine",
    "FailedItem",
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
    "NothingToSkip",
    "Outcome",
    "Person",
    "Progress",
    "Registry",
    "Retry",
    "Start",
    "State",
    "StepState",
    "StepWork",
    "TaskDesk",
    "TaskWithdrawn",
    "TooLarge",
    "ask_person",
    "call",
    "child",
    "create_flows_1",
    "create_flows_2",
    "fan_out",
    "first_signal",
    "flow",
    "flow_tables",
    "gather",
    "own_id",
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
