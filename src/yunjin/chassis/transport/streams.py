"""What a room offers over Arrow Flight: streams of batches, exports and small questions, by name.

Names are shared by all rooms of a process; `joined` puts their offers together.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from yunjin.kernel import check
from yunjin.kernel.errors import Problem

Pending = Future[pa.RecordBatch]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What `do_exchange` does with each of a stream's batches.

    Parameters
    ----------
    answers : the schema of every answer.
    refusal_of : says why batches of a schema are refused, None where they are taken.
    refuse : makes the refusal of a single batch from what was expected.
    rows_max : most rows of a batch.
    act : answers a batch, in a thread that the stream has for itself.
    submit : instead of `act` where a room has threads of its own: returns at once.
    """

    answers: pa.Schema
    refusal_of: Callable[[pa.Schema], Problem | None]
    refuse: Callable[[str], Problem]
    rows_max: int
    act: Callable[[pa.RecordBatch], pa.RecordBatch]
    submit: Callable[[pa.RecordBatch], Pending] | None = None


@dataclass(frozen=True, slots=True)
class Export:
    """Batches that `do_get` sends for a ticket {name: what is asked}."""

    schema: pa.Schema
    batches: Callable[[Any], Iterator[pa.RecordBatch]]  # raises: Malformed


@dataclass(frozen=True, slots=True)
class Action:
    """A small question, JSON in, JSON or an Arrow stream out. help: what it does."""

    help: str
    run: Callable[[Any], bytes]  # raises: Malformed


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """What one room offers, by name."""

    streams: Mapping[str, Stream] = field(default_factory=dict)
    exports: Mapping[str, Export] = field(default_factory=dict)
    actions: Mapping[str, Action] = field(default_factory=dict)


def joined(offers: Iterable[Endpoints]) -> Endpoints:
    """Put the offers of rooms together. Raises: Bug where two have one name."""
    streams: dict[str, Stream] = {}
    exports: dict[str, Export] = {}
    actions: dict[str, Action] = {}
    for one in offers:
        _add(streams, one.streams)
        _add(exports, one.exports)
        _add(actions, one.actions)
    return Endpoints(streams=streams, exports=exports, actions=actions)


def _add(known: dict[str, Any], more: Mapping[str, Any]) -> None:
    twice = sorted(known.keys() & more.keys())
    check.that(not twice, f"expected each name of one room, was {twice} of two")
    known.update(more)
