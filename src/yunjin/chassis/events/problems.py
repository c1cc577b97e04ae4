"""What a bus can answer instead of taking events."""

from yunjin.kernel.errors import Outage


class BusUnreachable(Outage):
    """NATS does not answer, or does not take events now; they wait in the outbox."""

    code, status, title = "events/bus-unreachable", 503, "Event bus not reached"


class StreamBroken(Outage):
    """The stream has lost events; they are told again from the outbox, and heard then."""

    code, status, title = "events/stream-broken", 503, "Stream of events broken"


class ToldElsewhere(Outage):
    """Another process tells this room's events now; nothing was marked here."""

    code, status, title = "events/told-elsewhere", 503, "Another process tells these events"
