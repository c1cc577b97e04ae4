"""Transport: a room's api near or far, problems on the wire, limits, traces, gathered requests."""

from yunjin.chassis.transport.assembly import api_of, root_of
from yunjin.chassis.transport.expose import expose
from yunjin.chassis.transport.gather import Gatherer
from yunjin.chassis.transport.guard import Guard
from yunjin.chassis.transport.joined import JoinedProtocol
from yunjin.chassis.transport.logs import configure_logs, configure_plain_logs
from yunjin.chassis.transport.problems import (
    BodyTooLarge,
    Crowded,
    body_of,
    concealed,
    install_problems,
    json_body_of,
    malformed_json,
    problem_response,
)
from yunjin.chassis.transport.remote import connect, remote
from yunjin.chassis.transport.trace import Trace, traceparent

__all__ = [
    "BodyTooLarge",
    "Crowded",
    "Gatherer",
    "Guard",
    "JoinedProtocol",
    "Trace",
    "api_of",
    "body_of",
    "concealed",
    "configure_logs",
    "configure_plain_logs",
    "connect",
    "expose",
    "install_problems",
    "json_body_of",
    "malformed_json",
    "problem_response",
    "remote",
    "root_of",
    "traceparent",
]
