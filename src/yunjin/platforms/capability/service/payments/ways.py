"""How payments go, as channels stand at a moment: looked up once for all that is ordered then."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from yunjin.platforms.capability.api.clearing import ChannelTerms, Route, Wish
from yunjin.platforms.capability.api.payments import Payment
from yunjin.platforms.capability.domain.routing import Now, Slot, Stand, route, slot_of
from yunjin.platforms.capability.errors.clearing import NoRoute

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
Known = tuple[ChannelTerms | None, Any, bool, str]  # as the store has a channel


@dataclass(frozen=True, slots=True)
class Way:
    """How a payment goes.

    Parameters
    ----------
    after_us : not before; 0: at once.
    is_free : no channel was named: it may take another while nothing was sent.
    is_held : its money is held at once, and it waits for its session so.
    """

    channel: str
    day: dt.date
    after_us: int = 0
    is_free: bool = False
    is_held: bool = False


@dataclass(slots=True)
class Ways:
    """Channels as they stand now; each is asked once whether it is up."""

    known: Mapping[str, Known]
    ports: Mapping[str, Any]
    now: Now
    _up: dict[str, bool] = field(default_factory=dict)

    def terms(self, channel: str) -> ChannelTerms | None:
        """Return what a channel takes, None where nobody described it."""
        return self.known[channel][0] if channel in self.known else None

    def is_up(self, channel: str) -> bool:
        """Tell whether a channel may be sent to: nobody took it out, and it does not say no."""
        if channel in self.known and not self.known[channel][2]:
            return False
        if channel not in self._up:
            asked = getattr(self.ports.get(channel), "is_up", None)
            self._up[channel] = bool(asked()) if callable(asked) else channel in self.ports
        return self._up[channel]

    def batches(self) -> set[str]:
        """Return the connected channels whose payments wait for sessions."""
        found = ((name, self.terms(name)) for name in self.ports)
        return {name for name, terms in found if terms is not None and terms.is_batch}

    def route(self, wish: Wish, *, without: str = "") -> Route:
        """Return the best channel. without: a channel that is not asked. Raises: NoRoute."""
        stands = [one for one in self._stands() if one.terms.channel != without]
        found = route(stands, wish, self.now)
        if isinstance(found, Route):
            return found
        why = {one.channel: f"{one.why}: {one.detail}" for one in found}
        raise NoRoute("No clearing channel takes this payment.", why=why)

    def way(self, wish: Wish, channel: str) -> Way:
        """Return how a payment goes by a channel, which is connected; "": by the best.

        Where no channel is described, the first that is connected takes everything, at once.
        Raises: NoRoute.
        """
        is_free = not channel and any(row[0] is not None for row in self.known.values())
        if is_free:
            return self.by(self._best(wish))
        channel = channel or next(iter(self.ports), "")
        terms = self.terms(channel)
        if terms is None:
            day = max(wish.day or self.now.today, self.now.today)
            return Way(channel, day)
        return self._made(channel, slot_of(terms, self.now, wish.day), is_free=False)

    def by(self, best: Route) -> Way:
        """Return how a payment goes by a route that was chosen for it."""
        return self._made(best.channel, Slot(day=best.day, after=best.after), is_free=True)

    def _made(self, channel: str, slot: Slot, *, is_free: bool) -> Way:
        after = slot.after
        waits = after is not None and after > self.now.local
        after_us = microseconds(after) if waits and after is not None else 0
        terms = self.terms(channel)
        return Way(channel, slot.day, after_us, is_free, terms is not None and terms.is_batch)

    def _best(self, wish: Wish) -> Route:
        """Return the best channel; where all that could take it are down, one of those."""
        try:
            return self.route(wish)
        except NoRoute:
            stands = [replace(stand, is_up=True) for stand in self._stands()]
            found = route(stands, wish, self.now)
            if isinstance(found, Route):
                return found
            raise

    def _stands(self) -> list[Stand]:
        return [
            Stand(
                terms=self.terms(name) or ChannelTerms(channel=name),
                is_up=self.is_up(name),
                why=self.known[name][3] if name in self.known else "",
            )
            for name in self.ports
        ]


def other_way(ways: Ways, one: Payment) -> Way | None:
    """Return how a payment goes by another channel today; None where none takes it today."""
    wish = Wish(
        amount_minor=one.amount_minor, currency=one.currency, creditor_agent=one.other_agent
    )
    try:
        best = ways.route(wish, without=one.channel)
    except NoRoute:
        return None
    way = ways.by(best)
    return way if way.day <= ways.now.today and (way.is_held or not way.after_us) else None


def microseconds(at: dt.datetime) -> int:
    """Return an instant as µs since 1970."""
    return (at - _EPOCH) // dt.timedelta(microseconds=1)
