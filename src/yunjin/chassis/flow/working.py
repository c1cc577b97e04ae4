"""What works flows, gathered for the package: it brings the database with it."""

from yunjin.chassis.flow.desk import Flows, Start
from yunjin.chassis.flow.engine import Engine
from yunjin.chassis.flow.problems import (
    FlowCancelled,
    FlowEnded,
    FlowNotParked,
    FlowUnknown,
    NoSuchFlow,
    TooLarge,
)
from yunjin.chassis.flow.progress import Progress
from yunjin.chassis.flow.reading import FlowState, StepState
from yunjin.chassis.flow.registry import Definition, Registry, flow
from yunjin.chassis.flow.step_work import StepWork
from yunjin.chassis.flow.tables import Outcome, State, create_flows_1, flow_tables
from yunjin.chassis.flow.worker import FlowWorker

__all__ = [
    "Definition",
    "Engine",
    "FlowCancelled",
    "FlowEnded",
    "FlowNotParked",
    "FlowState",
    "FlowUnknown",
    "FlowWorker",
    "Flows",
    "NoSuchFlow",
    "Outcome",
    "Progress",
    "Registry",
    "Start",
    "State",
    "StepState",
    "StepWork",
    "TooLarge",
    "create_flows_1",
    "flow",
    "flow_tables",
]
