"""Goal: a call over Flight ends in its answer, or in the problem that tells what is known of it.

Method: a small server that answers, refuses, fails and keeps silent; and none.
"""

import threading
from collections.abc import Iterator

import pyarrow as pa
import pytest

from tests.app.test_serving import free_ports
from yunjin.chassis.transport.flight import FlightDoor
from yunjin.chassis.transport.flight_caller import FlightCaller
from yunjin.chassis.transport.streams import Action, Endpoints, Stream
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.errors import Bug, Malformed, Outage, Refusal, Unknown

NUMBERS = pa.schema([("number", pa.int64())])
silence = threading.Event()


def act(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the batch; a negative number breaks the stream, 99 keeps silent."""
    first = batch["number"][0].as_py()
    if first < 0:
        raise ValueError("no such number")
    if first == 99:
        silence.wait(30)
    return batch


@pytest.fixture
def caller() -> Iterator[FlightCaller]:
    """Yield a caller of a small server."""
    stream = Stream(
        answers=NUMBERS,
        refusal_of=lambda schema: None if schema == NUMBERS else Refusal("not these columns"),
        refuse=Malformed,
        rows_max=3,
        act=act,
    )
    ask = Action("Say how it is.", lambda asked: f"well, {asked['name']}".encode())
    endpoints = Endpoints(streams={"echo": stream}, actions={"ask": ask})
    door = FlightDoor(endpoints, tenant="demo", port=0, clock=SystemClock())
    silence.clear()
    made = FlightCaller(f"grpc://127.0.0.1:{door.port}", answer_s=1)
    yield made
    silence.set()
    made.close()
    door.close(1)


def batch(*numbers: int) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array(numbers, pa.int64())], schema=NUMBERS)


def test_a_batch_and_a_question_are_answered(caller: FlightCaller) -> None:
    for numbers in ((1, 2), (3,)):
        assert caller.exchange("echo", batch(*numbers)) == batch(*numbers)
    assert caller.ask("ask", {"name": "Li"}) == b"well, Li"


def test_what_the_other_side_refuses_is_raised_as_it_is_told(caller: FlightCaller) -> None:
    with pytest.raises(Refusal) as caught:
        caller.exchange("echo", batch(1, 2, 3, 4))
    assert caught.value.code == "kernel/malformed"
    with pytest.raises(Refusal, match="not these columns"):
        caller.exchange("echo", batch(1).rename_columns(["other"]))
    with pytest.raises(Bug):
        caller.exchange("echo", batch(-1))
    with pytest.raises(Refusal):
        caller.ask("nonsense", {})
    assert caller.exchange("echo", batch(1)) == batch(1)  # the connection is none the worse


def test_a_late_answer_is_unknown_and_the_next_call_is_made_anew(caller: FlightCaller) -> None:
    with pytest.raises(Unknown, match="lost"):
        caller.exchange("echo", batch(99))
    silence.set()
    assert caller.exchange("echo", batch(1)) == batch(1)


def test_where_nobody_listens_nothing_was_done() -> None:
    [port] = free_ports(1)
    with pytest.raises(Outage, match="expected a bank"):
        FlightCaller(f"grpc://127.0.0.1:{port}", answer_s=1).ask("ask", {})
