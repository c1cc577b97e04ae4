"""Time: UTC instants come from a Clock that is handed in; a business date is another type."""

import datetime as dt
import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """Where instants come from. Nothing else in the code asks the operating system."""

    def now_ns(self) -> int:
        """Return nanoseconds since 1970-01-01T00:00:00Z."""

    def monotonic_ns(self) -> int:
        """Return nanoseconds that never go back; only differences mean something."""


class SystemClock:
    """The machine's clock."""

    def now_ns(self) -> int:
        return time.time_ns()

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()


class SteadyClock:
    """Wall time that a jump of the machine's clock, either way, does not move.

    It reads the wall once and lets the monotonic clock (which the time service slews but never
    steps) carry it on, so no hold expires early because somebody set the clock.
    """

    def __init__(self, source: Clock) -> None:
        self._source = source
        self._wall_ns, self._started_ns = source.now_ns(), source.monotonic_ns()

    def now_ns(self) -> int:
        return self._wall_ns + self._source.monotonic_ns() - self._started_ns

    def monotonic_ns(self) -> int:
        return self._source.monotonic_ns()


@dataclass(slots=True)
class FixedClock:
    """A clock for tests and replays: it stands still until it is moved."""

    at_ns: int

    def now_ns(self) -> int:
        return self.at_ns

    def monotonic_ns(self) -> int:
        return self.at_ns

    def advance(self, seconds: int) -> None:
        """Move on by whole seconds (negative: back)."""
        self.at_ns += seconds * 1_000_000_000


def instant(at_ns: int) -> dt.datetime:
    """Return the UTC instant of a nanosecond timestamp, microseconds kept."""
    return dt.datetime.fromtimestamp(at_ns // 1_000_000_000, dt.UTC).replace(
        microsecond=at_ns // 1_000 % 1_000_000
    )


def nanoseconds(at: dt.datetime) -> int:
    """Return the nanosecond timestamp of an aware instant, exactly."""
    if at.tzinfo is None:
        raise ValueError("expected an instant with its zone, was a naive one")
    since = at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1_000


def business_date(at: dt.datetime, zone: dt.tzinfo, cutoff: dt.time) -> dt.date:
    """Return the business date an instant belongs to: from the cut-off on, the next day.

    Holidays are the calendar's matter, not this rule's.
    """
    local = at.astimezone(zone)
    return local.date() + dt.timedelta(days=local.time() >= cutoff)
