"""A room's stream on NATS: what the bus can do, in plain calls.

One stream a room and tenant, `yunjin-<tenant>-<room>`, that takes `yunjin.<tenant>.<room>.>`. Every
event carries the position it must follow (Nats-Expected-Last-Sequence), so that the server keeps
the order by itself: of a hundred on their way at once, none is stored unless all before it were,
and none of a process that was overtaken.
"""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from yunjin.chassis.events.connection import Connection
from yunjin.chassis.events.problems import BusUnreachable

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.js import JetStreamContext

ID: Final = "Nats-Msg-Id"
AFTER: Final = "Nats-Expected-Last-Sequence"
LIFE: Final = "Yunjin-Life"
CONTENT: Final = {"Content-Type": "application/cloudevents+json"}
_LIFE: Final = "yunjin.life"  # in the stream's metadata
_DEDUPE_S: Final = 120
_DAY_S: Final = 86_400
_BATCH: Final = 1_000  # messages asked for at once
_ASK_S: Final = 30  # until what was asked for ends
_NOBODYS: Final = str(UUID(int=0))  # of a message that is not ours
_TOO_FEW: Final = 10_074  # JetStream's code: no suitable peers for placement


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState:
    """What a stream holds now."""

    life: int  # 0: not one of ours
    first: int
    last: int
    has_holes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An event on its way in: its form on the wire."""

    event_id: UUID
    subject: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A message that came out of a stream."""

    sequence: int
    life: int
    behind: int  # how many are behind it in the stream
    body: bytes


class Stream:
    """One room's stream."""

    def __init__(
        self, connection: Connection, *, tenant: str, room: str, replicas: int, keep_days: int
    ) -> None:
        self._connection = connection
        self.name, self.prefix = f"yunjin-{tenant}-{room}", f"yunjin.{tenant}.{room}"
        self._replicas, self._keep_s = replicas, keep_days * _DAY_S

    def state(self) -> StreamState | None:
        """Return what the stream holds, as its leader says; None where there is none.

        Raises: BusUnreachable, also while there is no leader.
        """
        return self._connection.call(self._state)

    def create(self, life: int) -> None:
        """Make the stream, empty, in a life. Raises: BusUnreachable."""
        from nats.js.api import StreamConfig
        from nats.js.errors import APIError

        config = StreamConfig(
            name=self.name,
            subjects=[f"{self.prefix}.>"],
            num_replicas=self._replicas,
            max_age=self._keep_s,
            duplicate_window=_DEDUPE_S,
            metadata={_LIFE: str(life)},
        )

        async def made(client: "Client") -> None:
            try:
                await self._js(client).add_stream(config)
            except APIError as error:
                if error.err_code != _TOO_FEW:
                    raise
                raise BusUnreachable(
                    f"NATS has too few servers for a stream on {self._replicas} of them: start "
                    "them, or lower events.replicas.",
                    replicas=self._replicas,
                ) from error

        self._connection.call(made)

    def delete(self) -> None:
        """Take the stream away, and all in it. Raises: BusUnreachable."""
        from nats.js.errors import NotFoundError

        async def gone(client: "Client") -> None:
            try:
                await self._js(client).delete_stream(self.name)
            except NotFoundError:
                return

        self._connection.call(gone)

    def publish(self, messages: Sequence[Message], *, after: int, life: int) -> int:
        """Send messages that follow the position `after`; return how many are surely stored.

        Those are the first ones. Of the rest, some may be stored too: `ids` tells.

        Raises: BusUnreachable where none is known to be stored.
        """

        async def sent(client: "Client") -> list[Any]:
            js = self._js(client)
            # Tasks start in the order they were made; if not, the server would refuse, not mix up.
            return await asyncio.gather(
                *(
                    js.publish(
                        message.subject,
                        message.body,
                        headers={
                            ID: str(message.event_id),
                            AFTER: str(after + number),
                            LIFE: str(life),
                            **CONTENT,
                        },
                    )
                    for number, message in enumerate(messages)
                ),
                return_exceptions=True,
            )

        answers = self._connection.call(sent)
        for number, answer in enumerate(answers):
            if getattr(answer, "seq", None) != after + number + 1:
                if number:
                    return number
                said = str(answer) or type(answer).__name__
                raise BusUnreachable(f"NATS did not take the event: {said}")
        return len(answers)

    def ids(self, first: int, last: int) -> list[UUID]:
        """Return the ids of the events at positions. Raises: BusUnreachable, also for a hole."""

        async def read(client: "Client") -> list[UUID]:
            found = []
            for sequence in range(first, last + 1):
                message = await self._js(client).get_msg(self.name, sequence)
                found.append(UUID((message.headers or {}).get(ID, _NOBODYS)))
            return found

        return self._connection.call(read, extra_s=last - first)

    def size_max(self) -> int:
        """Return how many bytes a message may have. Raises: BusUnreachable."""

        async def told(client: "Client") -> int:
            return client.max_payload

        return self._connection.call(told)

    def reader(self, first: int) -> "Reader":
        """Begin to read at a position. Raises: BusUnreachable."""
        return Reader(self._connection, self.name, first)

    def _js(self, client: "Client") -> "JetStreamContext":
        return client.jetstream(timeout=self._connection.answer_wait_s)

    async def _state(self, client: "Client") -> StreamState | None:
        from nats.js.errors import NotFoundError

        try:
            info = await self._js(client).stream_info(self.name)
        except NotFoundError:
            return None
        if info.cluster is not None and not info.cluster.leader:
            # A server that has just begun anew, and lacks what the others will give it.
            raise BusUnreachable("The stream has no leader now.", stream=self.name)
        state, metadata = info.state, info.config.metadata or {}
        count = state.last_seq - state.first_seq + 1
        return StreamState(
            life=int(metadata.get(_LIFE, "0")),
            first=state.first_seq,
            last=state.last_seq,
            has_holes=bool(state.messages) and state.messages != count,
        )


class Reader:
    """Reads a stream from a position on.

    By a pull consumer without acknowledgements, which the server forgets when nobody asks any more:
    how far it was read is known where the events arrive, in the same transaction as they.
    """

    def __init__(self, connection: Connection, stream: str, first: int) -> None:
        self._connection, self._asked = connection, 0
        self._arrived: deque[Any] = deque()
        self._news = asyncio.Event()
        self._subscription, self._next = connection.call(
            lambda client: _consumer(client, stream, first, self._on_message)
        )

    def read(self, count: int, *, wait_ms: int) -> list[Heard]:
        """Return what is there, at most `count`; wait for the first of them.

        None: nothing came, or the server does not know us any more. Raises: BusUnreachable.
        """

        async def read(client: "Client") -> list[Any]:
            if not self._arrived:
                self._news.clear()
                if not self._asked:
                    await self._ask(client)
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait_ms / 1_000):
                        await self._news.wait()
            return [self._arrived.popleft() for _ in range(min(count, len(self._arrived)))]

        return [_heard(each) for each in self._connection.call(read, extra_s=wait_ms // 1_000 + 1)]

    def close(self) -> None:
        """Stop listening; the server forgets the consumer by itself. Raises: BusUnreachable."""

        async def closed(client: "Client") -> None:
            await self._subscription.unsubscribe()

        self._connection.call(closed)

    async def _ask(self, client: "Client") -> None:
        wish = {"batch": _BATCH, "expires": _ASK_S * 1_000_000_000}
        await client.publish(
            self._next, json.dumps(wish).encode(), reply=self._subscription.subject
        )
        self._asked = _BATCH

    async def _on_message(self, message: Any) -> None:
        if (message.headers or {}).get("Status"):  # what was asked for has ended
            self._asked = 0
            return
        self._asked -= 1
        self._arrived.append(message)
        self._news.set()


async def _consumer(
    client: "Client", stream: str, first: int, hear: Callable[[Any], Awaitable[None]]
) -> tuple[Any, str]:
    """Return a subscription to an inbox of our own, and the subject that asks for more in it."""
    from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

    config = ConsumerConfig(
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=first,
        ack_policy=AckPolicy.NONE,
        inactive_threshold=2 * _ASK_S,
        num_replicas=1,
        mem_storage=True,
    )
    made = await client.jsm().add_consumer(stream, config)
    subscription = await client.subscribe(client.new_inbox(), cb=hear)
    return subscription, f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{made.name}"


def _heard(message: Any) -> Heard:
    place = message.metadata
    return Heard(
        sequence=place.sequence.stream,
        life=int((message.headers or {}).get(LIFE, "0")),
        behind=place.num_pending,
        body=message.data,
    )
