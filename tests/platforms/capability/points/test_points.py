"""Goal: points are earned once, spent once, never below 0, and none is lost. Method: stories.

On both engines: earning by rules and caps, lots that end, holds, what is taken back; threads that
spend at once; random histories held against the sums.
"""

import datetime as dt
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.platforms.capability.conftest import Centre
from yunjin.kernel.errors import IdempotencyConflict, Malformed, Refusal
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability.api.points import (
    Earning,
    EarningRule,
    EntryKind,
    PointsApi,
    PointsHoldState,
    Programme,
)
from yunjin.platforms.capability.errors.points import (
    PointsEntryRefused,
    PointsHoldEnded,
    PointsTooFew,
    ProgrammeClosed,
    ProgrammeNotFound,
    ProgrammeRefused,
)

CARD = Programme(
    code="card",
    zh="信用卡积分",
    en="Card points",
    currency="CNY",
    rules=(
        EarningRule(code="any", zh="消费", en="Any", per_minor=100, per_points=1),
        EarningRule(
            code="dining", zh="餐饮", en="Dining", category="dining", per_minor=100, per_points=3
        ),
        EarningRule(
            code="big", zh="大额", en="Large", points=50, least_minor=100_000, is_bonus=True
        ),
    ),
    day_max=2_000,
    month_max=3_000,
    months=12,
    value_e6=1_250_000,
)


@pytest.fixture
def points(centre: Centre) -> Any:
    door = centre.door(PointsApi)
    door.put_programme(uuid7(centre.clock), CARD)
    return door


@pytest.fixture
def new_id(centre: Centre) -> Callable[[], UUID]:
    return lambda: uuid7(centre.clock)


@pytest.fixture
def earn(points: Any, new_id: Callable[[], UUID]) -> Callable[..., Any]:
    def earned(event: str, amount: int, category: str = "", party: str = "P1") -> Any:
        return points.earn(
            new_id(),
            Earning(
                programme="card",
                party_id=party,
                event_id=event,
                amount_minor=amount,
                category=category,
            ),
        )

    return earned


def test_what_is_paid_earns_by_the_rule_of_its_category(earn: Callable[..., Any]) -> None:
    assert earn("e1", 19_999).points == 199
    dinner = earn("e2", 10_000, "dining")
    assert (dinner.points, dinner.rules) == (300, ("dining",))
    large = earn("e3", 100_000)
    assert (large.points, large.rules) == (1_050, ("any", "big"))
    assert earn("e4", 99).points == 0


def test_an_event_earns_once_whoever_tells_of_it(
    points: Any, earn: Callable[..., Any], new_id: Callable[[], UUID]
) -> None:
    command = new_id()
    earning = Earning(programme="card", party_id="P1", event_id="pay-1", amount_minor=10_000)
    first = points.earn(command, earning)
    assert points.earn(command, earning) == first
    assert points.earn(new_id(), earning) == first
    with pytest.raises(IdempotencyConflict):
        points.earn(new_id(), replace(earning, amount_minor=20_000))
    with pytest.raises(IdempotencyConflict):
        earn("pay-1", 10_000, party="P2")
    assert points.account("card", "P1").balance == 100
    assert points.account("card", "P2").came == 0


def test_caps_of_a_day_and_a_month_keep_the_rest_away(
    points: Any, earn: Callable[..., Any], centre: Centre
) -> None:
    first = earn("a", 180_000)
    assert (first.points, first.capped) == (1_850, 0)
    second = earn("b", 50_000)
    assert (second.points, second.capped) == (150, 350)
    centre.today = dt.date(2026, 1, 6)
    third = earn("c", 200_000)
    assert (third.points, third.capped) == (1_000, 1_050)
    centre.today = dt.date(2026, 2, 1)
    assert earn("d", 50_000).points == 500


def test_those_that_end_first_are_spent_first_and_come_back_to_their_lots(
    points: Any, earn: Callable[..., Any], centre: Centre, new_id: Callable[[], UUID]
) -> None:
    earn("january", 30_000)
    centre.today = dt.date(2026, 2, 10)
    earn("february", 20_000)
    lots = points.lots("card", "P1")
    assert [(one.expires, one.left) for one in lots] == [
        (dt.date(2027, 1, 31), 300),
        (dt.date(2027, 2, 28), 200),
    ]
    hold = points.hold(new_id(), "card", "P1", 350, "order-9")
    assert [one.left for one in points.lots("card", "P1")] == [150]
    account = points.account("card", "P1")
    assert (account.balance, account.held) == (150, 350)
    assert points.confirm(new_id(), hold.hold_id).state is PointsHoldState.SPENT
    points.give_back(new_id(), hold.hold_id, 100)
    lots = points.lots("card", "P1")
    assert [(one.expires.month, one.left) for one in lots] == [(1, 50), (2, 200)]
    with pytest.raises(PointsHoldEnded):
        points.give_back(new_id(), hold.hold_id, 251)
    with pytest.raises(PointsHoldEnded):
        points.cancel(new_id(), hold.hold_id)
    with pytest.raises(PointsTooFew) as few:
        points.hold(new_id(), "card", "P1", 251)
    assert few.value.facts["balance"] == 250


def test_a_hold_that_is_cancelled_is_free_again_once(
    points: Any, earn: Callable[..., Any], new_id: Callable[[], UUID]
) -> None:
    earn("e", 10_000)
    command, cancelling = new_id(), new_id()
    hold = points.hold(command, "card", "P1", 60)
    assert points.hold(command, "card", "P1", 60) == hold
    for one in (cancelling, cancelling, new_id()):
        assert points.cancel(one, command).state is PointsHoldState.CANCELLED
    assert points.account("card", "P1").balance == 100
    with pytest.raises(PointsHoldEnded):
        points.confirm(new_id(), command)


def test_lots_end_on_their_last_day_and_holds_that_come_back_end_too(
    points: Any, earn: Callable[..., Any], centre: Centre, new_id: Callable[[], UUID]
) -> None:
    earn("e", 10_000)
    hold = points.hold(new_id(), "card", "P1", 40)
    centre.today = dt.date(2027, 1, 31)
    assert points.expire(new_id(), centre.today) == 0
    assert points.account("card", "P1").soon_by == dt.date(2027, 1, 31)
    centre.today = dt.date(2027, 2, 1)
    command = new_id()
    assert points.expire(command, centre.today) == 1
    assert points.expire(command, centre.today) == 1
    assert points.expire(new_id(), centre.today) == 0
    assert points.account("card", "P1").balance == 0
    points.cancel(new_id(), hold.hold_id)
    assert (points.expire_due(), points.expire_due()) == (1, 0)
    account = points.account("card", "P1")
    assert (account.balance, account.held, account.came, account.went) == (0, 0, 100, 100)
    with pytest.raises(Malformed):
        points.expire(new_id(), dt.date(2027, 2, 2))


def test_what_was_spent_already_is_owed_and_paid_by_what_comes_next(
    points: Any, earn: Callable[..., Any], new_id: Callable[[], UUID]
) -> None:
    earned = earn("e1", 10_000)
    spent = points.hold(new_id(), "card", "P1", 80)
    points.confirm(new_id(), spent.hold_id)
    back = points.reverse(new_id(), earned.entry_id, "returned")
    assert (back.kind, back.points, back.owed) == (EntryKind.REVERSED, -20, 80)
    with pytest.raises(PointsEntryRefused):
        points.reverse(new_id(), earned.entry_id)
    account = points.account("card", "P1")
    assert (account.balance, account.owed) == (0, 80)
    later = earn("e2", 10_000)
    assert (later.points, later.owed) == (20, -80)
    points.reverse(new_id(), later.entry_id)
    account = points.account("card", "P1")
    assert (account.balance, account.owed) == (0, 80)


def test_points_move_to_another_party_with_their_last_days(
    points: Any, earn: Callable[..., Any], new_id: Callable[[], UUID]
) -> None:
    earn("e1", 10_000)
    points.grant(new_id(), "card", "P1", 50, note="欢迎", expires=dt.date(2026, 1, 31))
    command = new_id()
    sent = points.transfer(command, "card", "P1", "P2", 70)
    assert points.transfer(command, "card", "P1", "P2", 70) == sent
    assert (sent.kind, sent.points, sent.balance) == (EntryKind.SENT, -70, 80)
    assert [(one.expires, one.left) for one in points.lots("card", "P2")] == [
        (dt.date(2026, 1, 31), 50),
        (dt.date(2027, 1, 31), 20),
    ]
    kinds = [one.kind for one in points.entries("card", "P1").items]
    assert kinds == [EntryKind.SENT, EntryKind.GRANTED, EntryKind.EARNED]
    [liability] = points.liability()
    assert (liability.accounts, liability.points, liability.value_minor) == (2, 150, 188)


def test_a_programme_that_is_closed_earns_nothing_and_pays_what_it_owes(
    points: Any, earn: Callable[..., Any], new_id: Callable[[], UUID]
) -> None:
    earn("e1", 10_000)
    points.put_programme(new_id(), replace(CARD, is_open=False))
    with pytest.raises(ProgrammeClosed):
        earn("e2", 10_000)
    points.confirm(new_id(), points.hold(new_id(), "card", "P1", 100).hold_id)
    with pytest.raises(ProgrammeRefused):
        points.put_programme(new_id(), replace(CARD, currency="USD"))
    with pytest.raises(ProgrammeNotFound):
        points.account("nothing", "P1")
    with pytest.raises(Malformed):
        points.put_programme(
            new_id(),
            replace(CARD, code="x", rules=(EarningRule(code="r", zh="规", en="R"),)),
        )


def test_no_balance_is_below_0_however_many_spend_at_once(
    points: Any, earn: Callable[..., Any], new_id: Callable[[], UUID]
) -> None:
    earn("e1", 10_000)
    held: list[UUID] = []
    failed: list[BaseException] = []

    def spend() -> None:
        for _ in range(4):
            try:
                held.append(points.hold(new_id(), "card", "P1", 10).hold_id)
            except PointsTooFew:
                continue
            except BaseException as error:
                failed.append(error)

    threads = [threading.Thread(target=spend) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not failed
    assert len(held) == 10
    account = points.account("card", "P1")
    assert (account.balance, account.held) == (0, 100)


deeds = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "earn",
                "earn",
                "grant",
                "hold",
                "confirm",
                "cancel",
                "give_back",
                "reverse",
                "transfer",
                "expire",
                "next",
            ]
        ),
        st.integers(1, 400),
        st.sampled_from(["P1", "P2"]),
    ),
    max_size=25,
)


@given(deeds)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_done_no_point_is_made_or_lost(
    centre: Centre, points: Any, new_id: Callable[[], UUID], plan: list[tuple[str, int, str]]
) -> None:
    code = f"p{new_id().hex[:24]}"
    points.put_programme(new_id(), replace(CARD, code=code, months=1))
    holds: list[UUID] = []
    entries: list[UUID] = []
    for what, amount, party in plan:
        with suppress(Refusal):
            do(centre, points, new_id, code, what, amount, party, holds, entries)
        accounts = [points.account(code, one) for one in ("P1", "P2")]
        for one in accounts:
            assert min(one.balance, one.held, one.owed) >= 0
            assert one.came - one.went == one.balance + one.held - one.owed
            lots = points.lots(code, one.party_id)
            assert sum(each.left for each in lots) == one.balance
            listed = points.entries(code, one.party_id, limit=200).items
            assert sum(each.points for each in listed) == one.balance
            assert sum(each.owed for each in listed) == one.owed


def do(
    centre: Centre,
    points: Any,
    new_id: Callable[[], UUID],
    code: str,
    what: str,
    amount: int,
    party: str,
    holds: list[UUID],
    entries: list[UUID],
) -> None:
    """Do one deed of a history."""
    match what:
        case "earn":
            earning = Earning(
                programme=code, party_id=party, event_id=str(new_id()), amount_minor=amount * 100
            )
            entries.append(points.earn(new_id(), earning).entry_id)
        case "grant":
            entries.append(points.grant(new_id(), code, party, amount, note="赠").entry_id)
        case "hold":
            holds.append(points.hold(new_id(), code, party, amount).hold_id)
        case "confirm" | "cancel" if holds:
            getattr(points, what)(new_id(), holds[amount % len(holds)])
        case "give_back" if holds:
            points.give_back(new_id(), holds[amount % len(holds)], amount)
        case "reverse" if entries:
            points.reverse(new_id(), entries[amount % len(entries)])
        case "transfer":
            points.transfer(new_id(), code, party, "P2" if party == "P1" else "P1", amount)
        case "expire":
            points.expire(new_id(), centre.today)
        case "next":
            centre.today += dt.timedelta(days=amount % 40)
