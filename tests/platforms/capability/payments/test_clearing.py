"""Goal: a payment takes the channel that fits, when it works; batches go out at their cut-off.

Method: a bank with a channel that settles at once and a clearing house that settles files.
"""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from tests.platforms.capability.payments.conftest import Payer
from yunjin.kernel.errors import Malformed
from yunjin.platforms.capability.api.clearing import ChannelTerms, ClearingApi, Route, Why, Wish
from yunjin.platforms.capability.api.payments import PaymentState
from yunjin.platforms.capability.domain.routing import Now, Stand, route, slot_of
from yunjin.platforms.capability.errors.clearing import ChannelNotFound, NoRoute

S = PaymentState
ZONE = ZoneInfo("Asia/Shanghai")
FRIDAY = dt.date(2026, 1, 9)


def at(hour: int, minute: int = 0, day: dt.date = FRIDAY) -> Now:
    """Return a moment of a bank whose Saturdays and Sundays are free."""

    def business_day(date: dt.date) -> dt.date:
        return date + dt.timedelta(days=max(0, 7 - date.weekday()) if date.weekday() > 4 else 0)

    local = dt.datetime.combine(day, dt.time(hour, minute), ZONE)
    return Now(today=day, local=local, business_day=business_day)


CHEAP = ChannelTerms(
    channel="beps",
    is_batch=True,
    currencies=("CNY",),
    most_minor=5_000_000,
    cutoffs=(dt.time(11), dt.time(17)),
    is_every_day=False,
    cost_minor=50,
    banks=("10", "YUNJ"),
)
FAST = ChannelTerms(
    channel="hvps",
    opens=dt.time(8, 30),
    closes=dt.time(17, 15),
    is_every_day=False,
    cost_minor=500,
)
BOTH = [Stand(terms=CHEAP, is_up=True), Stand(terms=FAST, is_up=True)]


def test_the_cheapest_of_the_same_day_is_taken_and_the_others_say_why_not() -> None:
    found = route(BOTH, Wish(amount_minor=100, currency="CNY", creditor_agent="102"), at(10))
    assert isinstance(found, Route)
    assert (found.channel, found.day, found.cost_minor) == ("beps", FRIDAY, 50)
    assert found.after == dt.datetime.combine(FRIDAY, dt.time(11), ZONE)
    assert [(one.channel, one.why) for one in found.considered] == [
        ("beps", None),
        ("hvps", Why.COSTS_MORE),
    ]


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (Wish(amount_minor=5_000_001, currency="CNY", creditor_agent="102"), Why.TOO_LARGE),
        (Wish(amount_minor=1, currency="USD", creditor_agent="102"), Why.CURRENCY),
        (Wish(amount_minor=1, currency="CNY", creditor_agent="901"), Why.BANK),
    ],
)
def test_what_a_channel_cannot_take_goes_by_another(wish: Wish, why: Why) -> None:
    found = route(BOTH, wish, at(10))
    assert isinstance(found, Route)
    assert found.channel == "hvps"
    assert found.considered[-1].why is why


def test_after_the_last_cut_off_a_dearer_channel_of_the_same_day_is_taken() -> None:
    found = route(BOTH, Wish(amount_minor=1, currency="CNY", creditor_agent="102"), at(17, 5))
    assert isinstance(found, Route)
    assert found.channel == "hvps"
    assert found.considered[1].why is Why.LATER


def test_after_hours_an_order_goes_on_the_next_working_day_at_the_first_cut_off() -> None:
    slot = slot_of(CHEAP, at(18))
    assert slot.day == dt.date(2026, 1, 12)
    assert slot.after == dt.datetime(2026, 1, 12, 11, tzinfo=ZONE)
    early = slot_of(FAST, at(7))
    assert (early.day, early.after) == (FRIDAY, dt.datetime(2026, 1, 9, 8, 30, tzinfo=ZONE))
    assert slot_of(FAST, at(12), dt.date(2026, 1, 10)).day == dt.date(2026, 1, 12)


def describe(bank: Payer, **more: object) -> None:
    """Describe the clearing house as a cheap batch channel, and the other as a dear one."""
    clearing = bank.doors[ClearingApi]
    now = dt.datetime.fromtimestamp(bank.clock.now_ns() / 1e9, ZONE)
    cutoff = (now + dt.timedelta(minutes=30)).time().replace(second=0, microsecond=0)
    batch = {"is_batch": True, "cutoffs": (cutoff,), "most_minor": 500_000, "cost_minor": 10}
    clearing.describe(bank.id(), ChannelTerms(channel="beps", **{**batch, **more}))
    clearing.describe(bank.id(), ChannelTerms(channel="cnaps", cost_minor=500))


def test_a_batch_is_held_until_its_cut_off_then_sent_netted_and_settled(bank: Payer) -> None:
    describe(bank)
    clearing = bank.doors[ClearingApi]
    orders = [bank.order(1_000 + at) for at in range(3)]
    bank.house.choose = lambda account, amount: "AC04" if amount == 1_002 else "ACSC"
    for one in bank.pay(*orders):
        assert (one.state, one.channel) == (S.HELD, "beps")
    assert bank.house.files == {}
    assert bank.balances()[1] == 3_003
    [state] = [one for one in clearing.channels() if one.terms.channel == "beps"]
    assert state.next_cutoff is not None
    session = clearing.close_session(bank.id(), "beps")
    bank.rest()
    assert (session.payments, session.amount_minor) == (3, 3_003)
    assert len(bank.house.files) == 1
    assert bank.payments.payment(orders[0].payment_id).state is S.SENT
    bank.house.pay_in(str(bank.payee), 400, dt.date(2026, 1, 5), currency="CNY")
    bank.house.settle(dt.date(2026, 1, 5))
    bank.rest()
    states = [bank.payments.payment(one.payment_id).state for one in orders]
    assert states == [S.SETTLED, S.SETTLED, S.REJECTED]
    [line] = clearing.net(session.session_id)
    assert (line.sent_count, line.settled_minor, line.rejected_minor) == (3, 2_001, 1_002)
    assert bank.balances()[:2] == (1_000_000 - 2_001, 0)
    assert clearing.sessions("beps").items == (session,)


def test_the_cut_off_ends_a_session_by_itself_once(bank: Payer) -> None:
    describe(bank)
    [one] = bank.pay(bank.order(1_000))
    assert one.state is S.HELD
    bank.clock.skip(seconds=3_600)
    bank.rest()
    bank.rest()
    assert bank.payments.payment(one.payment_id).state is S.SENT
    [session] = bank.doors[ClearingApi].sessions().items
    assert session.payments == 1


def test_a_channel_that_is_down_is_passed_over_before_anything_was_sent(bank: Payer) -> None:
    describe(bank)
    bank.house.is_down = True
    [one] = bank.pay(bank.order(1_000))
    assert (one.channel, one.state) == ("cnaps", S.SETTLED)
    bank.house.is_down = False
    taken = bank.payments.pay(bank.id(), order := bank.order(1_000))
    assert taken.channel == "beps"
    bank.house.is_down = True  # between the order and the wave
    bank.rest()
    assert bank.payments.payment(order.payment_id).channel == "cnaps"
    named = bank.order(1_000, channel="beps")
    assert bank.pay(named)[0].channel == "beps"


def test_a_person_takes_a_channel_out_and_routes_say_so(bank: Payer) -> None:
    describe(bank)
    clearing = bank.doors[ClearingApi]
    state = clearing.set_up(bank.id(), "beps", False, "maintenance")
    assert (state.is_up, state.why) == (False, "maintenance")
    found = clearing.route(Wish(amount_minor=1, currency="CNY"))
    assert found.channel == "cnaps"
    assert found.considered[-1].detail == "maintenance"
    assert clearing.set_up(bank.id(), "beps", True).is_up
    with pytest.raises(ChannelNotFound):
        clearing.set_up(bank.id(), "none", False)


def test_what_no_channel_takes_is_refused_with_each_one_s_reason(bank: Payer) -> None:
    describe(bank, currencies=("CNY",))
    clearing = bank.doors[ClearingApi]
    clearing.describe(bank.id(), ChannelTerms(channel="cnaps", most_minor=10))
    with pytest.raises(NoRoute) as refused:
        bank.payments.pay(bank.id(), bank.order(600_000))
    assert set(refused.value.facts["why"]) == {"beps", "cnaps"}


def test_terms_that_contradict_themselves_are_refused(bank: Payer) -> None:
    clearing = bank.doors[ClearingApi]
    for terms in (
        ChannelTerms(channel="x", is_batch=True),
        ChannelTerms(channel="x", opens=dt.time(9), closes=dt.time(8)),
        ChannelTerms(channel="x", least_minor=5, most_minor=4),
        ChannelTerms(channel="", cost_minor=1),
    ):
        with pytest.raises(Malformed):
            clearing.describe(bank.id(), terms)


def test_an_order_before_its_channel_opens_waits_for_the_hour(bank: Payer) -> None:
    now = dt.datetime.fromtimestamp(bank.clock.now_ns() / 1e9, ZONE)
    if now.hour >= 22:
        bank.clock.skip(seconds=4 * 3_600)
        now += dt.timedelta(hours=4)
    opens = (now + dt.timedelta(minutes=30)).time().replace(second=0, microsecond=0)
    clearing = bank.doors[ClearingApi]
    clearing.describe(bank.id(), ChannelTerms(channel="cnaps", opens=opens))
    clearing.set_up(bank.id(), "beps", False)
    [one] = bank.pay(bank.order(1_000))
    assert one.state is S.WAITING
    bank.clock.skip(seconds=3_600)
    bank.rest()
    assert bank.payments.payment(one.payment_id).state is S.SETTLED
