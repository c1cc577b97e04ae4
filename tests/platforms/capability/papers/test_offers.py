"""Goal: what is sold is what was opened, to whom it is for, in its bounds; and why not is said.

Method: an offer through its life over a small bank's product; every rule of an audience once.
"""

import dataclasses
import datetime as dt
from typing import Any

import pytest

from tests.platforms.capability.papers.conftest import Office
from yunjin.platforms.capability.api.offers import (
    Audience,
    Circumstances,
    NewOffer,
    Offer,
    OfferState,
    OfferTerm,
    Term,
)
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.api.party_facts import Kyc, PartyKind, Role
from yunjin.platforms.capability.errors.offers import (
    NotOffered,
    OfferNotFound,
    OfferRefused,
    OfferTermsRefused,
)

TERMS = (
    OfferTerm(name="amount", least=100_000, most=20_000_000),
    OfferTerm(name="rate_ppm", least=43_500, most=180_000, default=98_000),
    OfferTerm(name="months", least=3, most=36, default=12),
)
LOAN = NewOffer(
    code="salary-loan", zh="工薪贷", en="Salary loan", product="instalment-loan", terms=TERMS
)


def sold(office: Office, **changes: Any) -> Offer:
    """Return an offer that is open."""
    made = office.offers.draft(office.id(), dataclasses.replace(LOAN, **changes), by="li")
    opened: Offer = office.offers.open(office.id(), made.code, made.version, by="li")
    return opened


def test_an_offer_goes_through_its_life(office: Office) -> None:
    made = office.offers.draft(office.id(), LOAN, by="li")
    assert (made.version, made.state) == (1, OfferState.DRAFT)
    with pytest.raises(OfferNotFound):
        office.offers.offer("salary-loan")  # nothing is sold yet
    assert office.offers.open(office.id(), "salary-loan", 1).state is OfferState.OPEN
    assert office.offers.offer("salary-loan").version == 1
    suspended = office.offers.suspend(office.id(), "salary-loan", 1, "复核利率")
    assert (suspended.state, suspended.why) == (OfferState.SUSPENDED, "复核利率")
    assert office.offers.resume(office.id(), "salary-loan", 1).state is OfferState.OPEN
    assert office.offers.close(office.id(), "salary-loan", 1, "下架").state is OfferState.CLOSED
    for act in (
        lambda: office.offers.open(office.id(), "salary-loan", 1),
        lambda: office.offers.resume(office.id(), "salary-loan", 1),
        lambda: office.offers.close(office.id(), "salary-loan", 1, "再次"),
    ):
        with pytest.raises(OfferRefused):
            act()


def test_one_version_is_sold_at_a_time(office: Office) -> None:
    sold(office)
    newer = sold(office, en="Salary loan plus")
    assert newer.version == 2
    first = office.offers.offer("salary-loan", 1)
    assert (first.state, first.why) == (OfferState.CLOSED, "version 2")
    assert office.offers.offer("salary-loan").version == 2


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"product": "nothing"}, "no-product"),
        ({"product_version": 9}, "no-product"),
        ({"terms": (OfferTerm(name="colour", least=1, most=2),)}, "no-parameter"),
        ({"terms": (OfferTerm(name="grace", least=1, most=2),)}, "level"),
        ({"terms": (OfferTerm(name="months", least=1, most=361),)}, "bounds"),
        ({"terms": (OfferTerm(name="months", least=9, most=3),)}, "bounds"),
        ({"terms": (OfferTerm(name="months", least=3, most=9, default=12),)}, "default"),
        ({"terms": (TERMS[0], TERMS[0])}, "terms"),
        ({"since": dt.date(2026, 2, 1), "until": dt.date(2026, 2, 1)}, "until"),
        ({"audience": Audience(regions=("上海",))}, "audience"),
    ],
)
def test_an_offer_that_the_product_does_not_carry_is_refused(
    office: Office, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(OfferRefused) as refused:
        office.offers.draft(office.id(), dataclasses.replace(LOAN, **changes))
    assert refused.value.facts["why"] == why


@pytest.mark.parametrize(
    ("changes", "circumstances", "rule"),
    [
        ({"audience": Audience(kinds=(PartyKind.ORGANISATION,))}, {}, "kind"),
        ({"audience": Audience(roles=(Role.MERCHANT, Role.SUPPLIER))}, {}, "role"),
        ({"audience": Audience(kyc=(Kyc.VERIFIED,))}, {}, "kyc"),
        ({"audience": Audience(segments=("gold",))}, {"segments": ("silver",)}, "segment"),
        ({"audience": Audience(regions=("310000",))}, {"region": "110000"}, "region"),
        ({"audience": Audience(businesses=("cash-loan",))}, {"business": "x"}, "business"),
        ({"audience": Audience(scenarios=("app",))}, {}, "scenario"),
        ({"since": dt.date(2026, 1, 6)}, {}, "since"),
    ],
)
def test_each_rule_that_says_no_is_named(
    office: Office, changes: dict[str, Any], circumstances: dict[str, Any], rule: str
) -> None:
    sold(office, **changes)
    party_id, occasion = office.person(), Circumstances(**circumstances)
    [found] = office.offers.offers_for(party_id, circumstances=occasion)
    assert not found.is_offered
    assert [one.rule for one in found.reasons] == [rule]
    with pytest.raises(NotOffered) as refused:
        office.offers.deal(
            "salary-loan", party_id, [Term(name="amount", value=100_000)], circumstances=occasion
        )
    assert refused.value.facts["why"] == [rule]


def test_all_that_says_no_is_said_at_once_and_what_is_offered_comes_first(
    office: Office,
) -> None:
    sold(office, audience=Audience(kinds=(PartyKind.ORGANISATION,), regions=("310000",)))
    sold(office, code="zz-open", audience=Audience(kinds=(PartyKind.PERSON,)))
    party_id = office.person()
    office.door(PartiesApi).block(office.id(), party_id, by="li", why="查询中")
    first, second = office.offers.offers_for(party_id)
    assert [one.rule for one in first.reasons] == ["blocked", "kind", "region"]
    office.door(PartiesApi).unblock(office.id(), party_id, by="li", why="已查清")
    first, second = office.offers.offers_for(party_id)
    assert (first.offer.code, first.is_offered) == ("zz-open", True)
    assert second.reasons[1].wanted == "310000"


def test_an_offer_ends_on_its_day(office: Office) -> None:
    sold(office, until=dt.date(2026, 1, 6))
    party_id = office.person()
    assert office.offers.offers_for(party_id)[0].is_offered
    [late] = office.offers.offers_for(party_id, dt.date(2026, 1, 6))
    assert [one.rule for one in late.reasons] == ["until"]
    office.today[0] = dt.date(2026, 1, 6)
    made = office.offers.draft(office.id(), dataclasses.replace(LOAN, until=dt.date(2026, 1, 6)))
    with pytest.raises(OfferRefused) as refused:
        office.offers.open(office.id(), made.code, made.version)
    assert refused.value.facts["why"] == "over"


@pytest.mark.parametrize(
    ("terms", "parameter", "why"),
    [
        ((), "amount", "missing"),
        ((Term(name="amount", value=99_999),), "amount", "bounds"),
        ((Term(name="amount", value=100_000), Term(name="grace", value=1)), "grace", "not-offered"),
        ((Term(name="amount", value=100_000), Term(name="amount", value=1)), "", "twice"),
    ],
)
def test_terms_out_of_the_offer_are_refused_by_name(
    office: Office, terms: tuple[Term, ...], parameter: str, why: str
) -> None:
    sold(office)
    with pytest.raises(OfferTermsRefused) as refused:
        office.offers.deal("salary-loan", office.person(), terms)
    assert refused.value.facts == {"parameter": parameter, "why": why}


def test_an_offer_follows_the_newest_product_or_keeps_its_own(office: Office) -> None:
    sold(office)
    sold(office, code="fixed", product_version=1)
    office.bank.register("instalment-loan")
    party_id, terms = office.person(), [Term(name="amount", value=500_000)]
    deal = office.offers.deal("salary-loan", party_id, terms)
    assert (deal.product_version, [one.value for one in deal.terms]) == (2, [500_000, 98_000, 12])
    assert office.offers.deal("fixed", party_id, terms).product_version == 1


def test_lists_go_by_code_and_version(office: Office) -> None:
    for _ in range(3):
        sold(office)
    sold(office, code="another")
    found, cursor = [], None
    while True:
        page = office.offers.offers(limit=2, cursor=cursor)
        found += [(one.code, one.version) for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == [("another", 1), ("salary-loan", 3), ("salary-loan", 2), ("salary-loan", 1)]
    assert len(office.offers.offers(state=OfferState.OPEN).items) == 2
