"""Durable flows: Python generator functions whose journal commits with the room's business change.

A room writes them in its `flows.py` and hands a Registry to Flows; FlowWorker brings them forward.
"""

from yunjin.chassis.flow.desk import Flows, FlowState, Start, StepState
from yunjin.chassis.flow.engine import Engine
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
from yunjin.chassis.flow.problems import (
    FlowCancelled,
    FlowEnded,
    FlowNotParked,
    FlowUnknown,
    NoSuchFlow,
    TooLarge,
)
from yunjin.chassis.flow.registry import Definition, Registry, flow
from yunjin.chassis.flow.step_work import StepWork
from yunjin.chassis.flow.tables import Outcome, State, create_flows_1, flow_tables
from yunjin.chassis.flow.worker import FlowWorker

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
