"""What works flows, gathered for the package: it brings the database with it."""

from yunjin.chassis.flow.deeds import Choices, Person
from yunjin.chassis.flow.desk import Flows, Start
from yunjin.chassis.flow.engine import Engine
from yunjin.chassis.flow.problems import (
    FlowCancelled,
    FlowEnded,
    FlowNotParked,
    FlowUnknown,
    NoSuchFlow,
    NothingToSkip,
    TooLarge,
)
from yunjin.chassis.flow.progress import Progress
from yunjin.chassis.flow.reading import Deed, FailedItem, FlowState, StepState
from yunjin.chassis.flow.registry import Definition, Registry, flow
from yunjin.chassis.flow.step_work import StepWork
from yunjin.chassis.flow.tables import (
    Outcome,
    State,
    create_flows_1,
    create_flows_2,
    flow_tables,
)
from yunjin.chassis.flow.worker import FlowWorker

__all__ = [
    "Choices",
    "Deed",
    "Definition",
    "Engine",
    "FailedItem",
    "FlowCancelled",
    "FlowEnded",
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
    "Start",
    "State",
    "StepState",
    "StepWork",
    "TooLarge",
    "create_flows_1",
    "create_flows_2",
    "flow",
    "flow_tables",
]
