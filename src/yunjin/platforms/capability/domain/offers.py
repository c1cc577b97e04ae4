"""Offers: bounds that a product allows, whom an offer is for, what terms come to."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from yunjin.foundation.banking.api.products import ParameterInfo
from yunjin.kernel.money import MINOR_MAX
from yunjin.platforms.capability.api.offers import (
    AUDIENCE_MAX,
    TERMS_MAX,
    Audience,
    Circumstances,
    NewOffer,
    Offer,
    OfferReason,
    OfferState,
    OfferTerm,
    Term,
)
from yunjin.platforms.capability.api.party_facts import Party, PartyState
from yunjin.platforms.capability.errors.offers import OfferRefused, OfferTermsRefused

_CODE_MAX: Final = 40
_OPENABLE: Final = (OfferState.DRAFT, OfferState.SUSPENDED)


def check_offer(offer: NewOffer, parameters: Iterable[ParameterInfo]) -> None:
    """Raises: OfferRefused where bounds do not hold together, or are not the product's."""
    known = {one.name: one for one in parameters}
    names = [one.name for one in offer.terms]
    if len(names) > TERMS_MAX or len(set(names)) < len(names):
        raise refused(f"expected at most {TERMS_MAX} terms, each name once", "terms")
    for one in offer.terms:
        _check_term(one, known.get(one.name))
    if offer.since is not None and offer.until is not None and offer.since >= offer.until:
        raise refused("expected an end after the beginning", "until")
    _check_audience(offer.audience)


def _check_term(term: OfferTerm, parameter: ParameterInfo | None) -> None:
    name = term.name[:_CODE_MAX]
    if parameter is None:
        raise refused(f"expected a parameter of the product, was {name}", "no-parameter")
    if parameter.level != "instance":
        raise refused(f"{name} is the product's alone: agreements do not set it", "level")
    if not parameter.least <= term.least <= term.most <= parameter.most:
        bounds = f"{parameter.least} to {parameter.most}"
        raise refused(f"expected bounds of {name} within {bounds}", "bounds")
    if term.default is not None and not term.least <= term.default <= term.most:
        raise refused(f"expected a default of {name} within its bounds", "default")


def _check_audience(audience: Audience) -> None:
    for name in Audience.__slots__:
        values = getattr(audience, name)
        is_text = all(one.isascii() and 0 < len(one) <= _CODE_MAX for one in values)
        if len(values) > AUDIENCE_MAX or not is_text or len(set(values)) < len(values):
            raise refused(f"expected at most {AUDIENCE_MAX} codes of {name}, each once", "audience")


def reasons_of(
    offer: Offer, party: Party, at: dt.date, circumstances: Circumstances
) -> tuple[OfferReason, ...]:
    """Return every rule of an offer that says no to a party, in the order of people's questions."""
    found: list[OfferReason] = []

    def hold(is_met: bool, rule: str, wanted: object, seen: object) -> None:
        if not is_met:
            found.append(OfferReason(rule=rule, wanted=_said(wanted), seen=_said(seen)))

    audience = offer.audience
    hold(offer.state is OfferState.OPEN, "state", OfferState.OPEN, offer.state)
    hold(offer.since is None or offer.since <= at, "since", offer.since or "", at)
    hold(offer.until is None or at < offer.until, "until", offer.until or "", at)
    hold(party.state is PartyState.OPEN, "blocked", PartyState.OPEN, party.state)
    asked: list[tuple[str, Sequence[str], Sequence[str]]] = [
        ("kind", audience.kinds, (party.kind,)),
        ("role", audience.roles, party.roles),
        ("kyc", audience.kyc, (party.kyc,)),
        ("segment", audience.segments, circumstances.segments),
        ("region", audience.regions, (circumstances.region,)),
        ("business", audience.businesses, (circumstances.business,)),
        ("scenario", audience.scenarios, (circumstances.scenario,)),
    ]
    for rule, wanted, seen in asked:
        hold(not wanted or not set(wanted).isdisjoint(seen), rule, wanted, seen)
    return tuple(found)


def _said(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(one) for one in value if one)
    return str(value)


def agreed(
    offer: Offer, given: Sequence[Term], parameters: Iterable[ParameterInfo]
) -> tuple[Term, ...]:
    """Return the value of every offered term, in the offer's order.

    Raises: OfferTermsRefused, which names the parameter and why.
    """
    known = {one.name: one for one in parameters}
    wanted = _by_name(given, {one.name for one in offer.terms})
    found = []
    for one in offer.terms:
        value = wanted.get(one.name, one.default)
        if value is None:
            raise unfit(one.name, "missing", "a value")
        if not one.least <= value <= one.most:
            raise unfit(one.name, "bounds", f"{one.least} to {one.most}, was {value},")
        allowed = known.get(one.name)
        if allowed is None or not allowed.least <= value <= allowed.most:
            raise unfit(one.name, "product", "what the product's newest version allows")
        found.append(Term(name=one.name, value=value))
    return tuple(found)


def _by_name(given: Sequence[Term], names: set[str]) -> Mapping[str, int]:
    wanted = {one.name: one.value for one in given}
    if len(wanted) < len(given):
        raise unfit("", "twice", "each parameter once")
    for name, value in wanted.items():
        if name not in names:
            raise unfit(name, "not-offered", "a parameter that the offer leaves open")
        if abs(value) > MINOR_MAX:
            raise unfit(name, "bounds", f"at most {MINOR_MAX}")
    return wanted


def moved(
    offer: Offer, to: OfferState, today: dt.date, refuse: Callable[[str], OfferRefused]
) -> None:
    """Raises: OfferRefused where an offer does not come to a state from where it stands."""
    allowed = {
        OfferState.OPEN: offer.state in _OPENABLE,
        OfferState.SUSPENDED: offer.state is OfferState.OPEN,
        OfferState.CLOSED: offer.state is not OfferState.CLOSED,
    }
    if not allowed[to]:
        raise refuse(offer.state.value)
    if to is OfferState.OPEN and offer.until is not None and offer.until <= today:
        raise refuse("over")


def refused(detail: str, why: str) -> OfferRefused:
    """Return a refusal that names why."""
    return OfferRefused(detail, why=why)


def unfit(parameter: str, why: str, expected: str) -> OfferTermsRefused:
    """Return a refusal that names a parameter."""
    name = parameter[:_CODE_MAX]
    where = f" as {name}" if name else ""
    return OfferTermsRefused(f"expected {expected}{where}", parameter=name, why=why)
