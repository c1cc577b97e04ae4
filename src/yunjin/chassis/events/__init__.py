"""Events across machines: NATS JetStream behind the relay.

outbox → relay → a stream a room → hearing → arrivals → relay → handlers

The database on each side is the truth and the stream a road between them: what the stream loses is
told again from the outbox, and what comes twice is dropped before the arrivals.
"""

from yunjin.chassis.events.bus import Bus, open_bus
from yunjin.chassis.events.problems import BusUnreachable
from yunjin.chassis.events.settings import EventSettings

__all__ = ["Bus", "BusUnreachable", "EventSettings", "open_bus"]
