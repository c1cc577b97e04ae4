"""Which clearing channel a payment takes, on which day, and why others do not. Pure."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from yunjin.platforms.capability.api.clearing import (
    ChannelTerms,
    Considered,
    Route,
    Why,
    Wish,
)

_DAYS_AHEAD_MAX = 40  # no holiday is longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """When a route is asked for. today: the business date; local: the time on the bank's wall."""

    today: dt.date
    local: dt.datetime
    business_day: Callable[[dt.date], dt.date]  # the date itself, or the next business day


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """A channel as it stands. is_up: it may be sent to."""

    terms: ChannelTerms
    is_up: bool
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """When a payment goes by a channel. after: not before this instant."""

    day: dt.date
    after: dt.datetime | None


def slot_of(terms: ChannelTerms, now: Now, day: dt.date | None = None) -> Slot:
    """Return when a payment that is ordered now goes: its session, or the channel's hours.

    day : not before this business date.
    """
    wanted = max(day or now.today, now.today)
    for _ in range(_DAYS_AHEAD_MAX):
        on = wanted if terms.is_every_day else now.business_day(wanted)
        found = _on(terms, now, on)
        if found is not None:
            return found
        wanted = on + dt.timedelta(days=1)
    return Slot(day=wanted, after=None)


def _on(terms: ChannelTerms, now: Now, day: dt.date) -> Slot | None:
    """Return when it goes on a day; None where that day is over for the channel."""
    is_today = day <= now.today
    time = now.local.time() if is_today else dt.time(0)
    date = now.local.date() if is_today else day
    cutoffs = sorted(terms.cutoffs)
    if terms.is_batch:
        left = [cutoff for cutoff in cutoffs if time < cutoff]
        return Slot(day=day, after=_at(date, left[0], now)) if left else None
    ends = [*cutoffs[-1:], *([terms.closes] if terms.closes > terms.opens else [])]
    if ends and time >= min(ends):
        return None
    waits = terms.opens > time
    return Slot(day=day, after=_at(date, terms.opens, now) if waits else None)


def _at(date: dt.date, time: dt.time, now: Now) -> dt.datetime:
    return dt.datetime.combine(date, time, now.local.tzinfo)


def refusal_of(stand: Stand, wish: Wish) -> tuple[Why, str] | None:
    """Return why a channel cannot take a payment at all."""
    terms = stand.terms
    if not stand.is_up:
        return Why.DOWN, stand.why or "it is down"
    if terms.currencies and wish.currency not in terms.currencies:
        return Why.CURRENCY, f"it takes {', '.join(terms.currencies)}"
    if wish.amount_minor < terms.least_minor:
        return Why.TOO_SMALL, f"it takes {terms.least_minor} minor units or more"
    if terms.most_minor and wish.amount_minor > terms.most_minor:
        return Why.TOO_LARGE, f"it takes up to {terms.most_minor} minor units"
    if terms.banks and not wish.creditor_agent.startswith(terms.banks):
        return Why.BANK, "it does not reach the payee's bank"
    return None


def route(stands: Sequence[Stand], wish: Wish, now: Now) -> Route | tuple[Considered, ...]:
    """Return the channel that is best by day, cost, priority, hour; or why none takes it.

    The same day is as soon: a dearer channel is taken only where a cheaper one comes a day later.
    """
    refused: list[Considered] = []
    open_ones: list[tuple[Stand, Slot]] = []
    for stand in stands:
        why = refusal_of(stand, wish)
        if why is None:
            open_ones.append((stand, slot_of(stand.terms, now, wish.day)))
        else:
            refused.append(Considered(channel=stand.terms.channel, why=why[0], detail=why[1]))
    if not open_ones:
        return tuple(refused)
    ranked = sorted(open_ones, key=lambda one: _rank(one, now))
    best, slot = ranked[0]
    others = [_behind(stand, at, best, slot) for stand, at in ranked[1:]]
    taken = Considered(channel=best.terms.channel, why=None, detail="")
    return Route(
        channel=best.terms.channel,
        day=slot.day,
        after=slot.after,
        cost_minor=best.terms.cost_minor,
        considered=(taken, *others, *refused),
    )


def _rank(one: tuple[Stand, Slot], now: Now) -> tuple[object, ...]:
    stand, slot = one
    terms = stand.terms
    return (slot.day, terms.cost_minor, terms.priority, slot.after or now.local, terms.channel)


def _behind(stand: Stand, at: Slot, best: Stand, slot: Slot) -> Considered:
    if at.day > slot.day:
        why, detail = Why.LATER, f"it goes on {at.day}"
    elif stand.terms.cost_minor > best.terms.cost_minor:
        why, detail = Why.COSTS_MORE, f"it costs {stand.terms.cost_minor} minor units"
    else:
        why, detail = Why.COSTS_MORE, f"its priority is {stand.terms.priority}"
    return Considered(channel=stand.terms.channel, why=why, detail=detail)
