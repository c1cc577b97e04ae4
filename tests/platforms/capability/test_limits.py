"""Goal: a limit is never over-used, and nothing of it is lost. Method: stories, an oracle, threads.

The oracle keeps every hold in a list and counts anew what each limit has in use; the centre is held
against it after every act of a random history.
"""

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.platforms.capability.conftest import Centre
from yunjin.kernel.errors import IdempotencyConflict, Malformed
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability.api.limits import (
    Hold,
    HoldState,
    Limit,
    LimitsApi,
    LimitState,
    LimitStatus,
    NewLimit,
    Period,
    Reservation,
)
from yunjin.platforms.capability.errors import (
    HoldEnded,
    LimitExceeded,
    LimitInUse,
    LimitNotFound,
    LimitNotOpen,
    LimitRefused,
)


@pytest.fixture
def limits(centre: Centre) -> Any:
    return centre.door(LimitsApi)


@pytest.fixture
def new_id(centre: Centre) -> Callable[[], UUID]:
    return lambda: uuid7(centre.clock)


@pytest.fixture
def opened(limits: Any, new_id: Callable[[], UUID]) -> Callable[..., Limit]:
    def open_one(ceiling: int, parent: Limit | None = None, **more: Any) -> Limit:
        above = parent.limit_id if parent else None
        facts = {"name": "授信", "kind": "credit", "currency": "CNY", **more}
        made: Limit = limits.open(
            new_id(), NewLimit(ceiling_minor=ceiling, parent_id=above, **facts)
        )
        return made

    return open_one


def test_a_group_and_its_members_share_one_limit(
    limits: Any, opened: Callable[..., Limit], new_id: Callable[[], UUID]
) -> None:
    group = opened(1_000)
    one, two = opened(800, group), opened(800, group)
    hold = limits.reserve(new_id(), one.limit_id, 700, "order-1")
    with pytest.raises(LimitExceeded) as refused:
        limits.reserve(new_id(), two.limit_id, 400)
    assert refused.value.facts == {"limit_id": str(group.limit_id), "left_minor": 300}
    limits.reserve(new_id(), two.limit_id, 300)
    assert [each.left_minor for each in limits.below(group.limit_id)] == [0, 100, 500]
    used = limits.confirm(new_id(), hold.hold_id, 500)
    assert (used.state, used.used_minor) == (HoldState.CONFIRMED, 500)
    assert limits.limit(group.limit_id).left_minor == 200
    limits.restore(new_id(), hold.hold_id, 500)
    root = limits.limit(group.limit_id)
    assert (root.held_minor, root.used_minor, root.left_minor) == (300, 0, 700)


def test_a_retry_has_the_first_answer_and_counts_once(
    limits: Any, opened: Callable[..., Limit], new_id: Callable[[], UUID]
) -> None:
    limit, command, cancelling = opened(1_000), new_id(), new_id()
    first = limits.reserve(command, limit.limit_id, 400, "x")
    assert limits.reserve(command, limit.limit_id, 400, "x") == first
    with pytest.raises(IdempotencyConflict):
        limits.reserve(command, limit.limit_id, 401, "x")
    assert limits.limit(limit.limit_id).held_minor == 400
    limits.cancel(cancelling, command)
    assert limits.cancel(cancelling, command).state is HoldState.CANCELLED
    assert limits.cancel(new_id(), command).state is HoldState.CANCELLED
    assert limits.limit(limit.limit_id).left_minor == 1_000
    with pytest.raises(HoldEnded):
        limits.confirm(new_id(), command)


def test_many_are_reserved_each_by_itself_in_their_order(
    limits: Any, opened: Callable[..., Limit], new_id: Callable[[], UUID]
) -> None:
    limit, missing = opened(1_000), new_id()
    wanted = [
        Reservation(hold_id=new_id(), limit_id=of, amount_minor=amount)
        for of, amount in ((limit.limit_id, 600), (limit.limit_id, 500), (missing, 1))
    ]
    wanted.append(Reservation(hold_id=new_id(), limit_id=limit.limit_id, amount_minor=400))
    answers = limits.reserve_all(new_id(), wanted)
    expected = [
        LimitStatus.RESERVED,
        LimitStatus.EXCEEDED,
        LimitStatus.LIMIT_NOT_FOUND,
        LimitStatus.RESERVED,
    ]
    assert [one.status for one in answers] == expected
    again = limits.reserve_all(new_id(), wanted)
    assert [one.status for one in again] == [
        LimitStatus.EXISTS,
        LimitStatus.EXCEEDED,
        LimitStatus.LIMIT_NOT_FOUND,
        LimitStatus.EXISTS,
    ]
    assert limits.limit(limit.limit_id).left_minor == 0


def test_what_is_frozen_above_stops_what_is_below(
    limits: Any, opened: Callable[..., Limit], new_id: Callable[[], UUID]
) -> None:
    group = opened(1_000)
    member = opened(500, group)
    hold = limits.reserve(new_id(), member.limit_id, 100)
    assert limits.freeze(new_id(), group.limit_id, "目录").state is LimitState.FROZEN
    with pytest.raises(LimitNotOpen):
        limits.reserve(new_id(), member.limit_id, 1)
    assert limits.confirm(new_id(), hold.hold_id).used_minor == 100
    limits.thaw(new_id(), group.limit_id)
    limits.reserve(new_id(), member.limit_id, 1)


def test_a_lowered_limit_takes_nothing_away_and_gives_nothing_new(
    limits: Any, opened: Callable[..., Limit], new_id: Callable[[], UUID]
) -> None:
    limit = opened(1_000)
    limits.reserve(new_id(), limit.limit_id, 900)
    lowered = limits.change(new_id(), limit.limit_id, ceiling_minor=500)
    assert lowered.left_minor == -400
    with pytest.raises(LimitExceeded) as refused:
        limits.reserve(new_id(), limit.limit_id, 1)
    assert refused.value.facts["left_minor"] == 0


def test_a_limit_of_a_day_is_whole_again_on_the_next(
    centre: Centre, limits: Any, opened: Callable[..., Limit], new_id: Callable[[], UUID]
) -> None:
    month = opened(1_500, period=Period.MONTH)
    day = opened(1_000, month, period=Period.DAY)
    hold = limits.reserve(new_id(), day.limit_id, 800)
    centre.today = dt.date(2026, 1, 6)
    assert limits.limit(day.limit_id).left_minor == 1_000
    assert limits.limit(month.limit_id).left_minor == 700
    limits.reserve(new_id(), day.limit_id, 100)
    limits.cancel(new_id(), hold.hold_id)
    assert limits.limit(day.limit_id).held_minor == 100
    assert limits.limit(month.limit_id).held_minor == 100
    centre.today = dt.date(2026, 2, 1)
    assert limits.limit(month.limit_id).left_minor == 1_500


def test_a_limit_holds_from_its_first_day_until_its_last(
    centre: Centre, limits: Any, opened: Callable[..., Limit], new_id: Callable[[], UUID]
) -> None:
    limit = opened(10, since=dt.date(2026, 1, 6), until=dt.date(2026, 1, 7))
    outcomes = []
    for day in (5, 6, 7):
        centre.today = dt.date(2026, 1, day)
        try:
            limits.reserve(new_id(), limit.limit_id, 1)
            outcomes.append("reserved")
        except LimitNotOpen:
            outcomes.append("not open")
    assert outcomes == ["not open", "reserved", "not open"]


def test_only_an_empty_limit_is_closed(
    limits: Any, opened: Callable[..., Limit], new_id: Callable[[], UUID]
) -> None:
    group = opened(1_000)
    member = opened(500, group)
    hold = limits.reserve(new_id(), member.limit_id, 100)
    for each in (member, group):
        with pytest.raises(LimitInUse):
            limits.close(new_id(), each.limit_id)
    limits.cancel(new_id(), hold.hold_id)
    assert limits.close(new_id(), member.limit_id).state is LimitState.CLOSED
    assert limits.close(new_id(), group.limit_id).state is LimitState.CLOSED
    with pytest.raises(LimitRefused):
        limits.freeze(new_id(), group.limit_id)
    with pytest.raises(LimitRefused):
        opened(1, group)


def test_what_is_no_limit_is_refused_before_anything_is_kept(
    limits: Any, opened: Callable[..., Limit], new_id: Callable[[], UUID]
) -> None:
    root = opened(1)
    wrong: list[dict[str, Any]] = [
        {"currency": "cny"},
        {"name": " "},
        {"kind": "信用"},
        {"ceiling_minor": -1},
        {"since": dt.date(2026, 2, 1), "until": dt.date(2026, 2, 1)},
    ]
    facts = {"name": "a", "kind": "credit", "currency": "CNY", "ceiling_minor": 1}
    for each in wrong:
        with pytest.raises(Malformed):
            limits.open(new_id(), NewLimit(**{**facts, **each}))
    with pytest.raises(LimitRefused):
        opened(1, root, currency="USD")
    with pytest.raises(LimitNotFound):
        limits.open(new_id(), NewLimit(**facts, parent_id=new_id()))
    with pytest.raises(Malformed):
        limits.reserve(new_id(), root.limit_id, 0)
    deep = root
    for _ in range(7):
        deep = opened(1, deep)
    with pytest.raises(LimitRefused):
        opened(1, deep)
    assert len(limits.limits(limit=200).items) == 8


def test_pages_of_limits_and_holds_go_on_where_they_ended(
    limits: Any, opened: Callable[..., Limit], new_id: Callable[[], UUID]
) -> None:
    ids = [opened(100, party_id="P1").limit_id for _ in range(5)]
    seen, cursor = [], None
    while True:
        page = limits.limits(party_id="P1", limit=2, cursor=cursor)
        seen += [one.limit_id for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == ids[::-1]
    holds = [limits.reserve(new_id(), ids[0], 1).hold_id for _ in range(3)]
    first = limits.holds(ids[0], limit=2)
    rest = limits.holds(ids[0], limit=2, cursor=first.next_cursor)
    assert [one.hold_id for one in (*first.items, *rest.items)] == holds[::-1]
    with pytest.raises(Malformed):
        limits.holds(ids[0], cursor="made-up")


def test_many_at_once_take_no_more_than_there_is(
    limits: Any, opened: Callable[..., Limit], new_id: Callable[[], UUID]
) -> None:
    group = opened(1_000)
    members = [opened(900, group) for _ in range(4)]
    taken: list[Hold] = []

    def take(member: Limit) -> None:
        for _ in range(12):
            try:
                taken.append(limits.reserve(new_id(), member.limit_id, 37))
            except LimitExceeded:
                return

    threads = [threading.Thread(target=take, args=[each]) for each in members]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(taken) == 1_000 // 37
    root = limits.limit(group.limit_id)
    assert root.held_minor == len(taken) * 37 == sum(one.amount_minor for one in taken)


acts = st.tuples(
    st.sampled_from(["reserve", "reserve", "confirm", "cancel", "restore", "lower", "day"]),
    st.integers(0, 30),
    st.integers(1, 400),
)


@given(st.lists(acts, min_size=1, max_size=25))
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_history_of_a_tree_is_what_the_oracle_counts(
    centre: Centre, opened: Callable[..., Limit], history: list[tuple[str, int, int]]
) -> None:
    limits, clock = centre.door(LimitsApi), centre.clock
    root = opened(2_000)
    tree = [root, opened(1_000, root), opened(900, root, period=Period.DAY)]
    tree.append(opened(500, tree[1]))
    ceilings = {one.limit_id: one.ceiling_minor for one in tree}
    holds: dict[UUID, tuple[Limit, dt.date, int, int]] = {}  # of, day, held, used

    def in_use(of: Limit) -> int:
        return sum(
            held + used
            for limit, day, held, used in holds.values()
            if of.limit_id in limit.path and (of.period is Period.ALL or day == centre.today)
        )

    for word, which, amount in history:
        at, of = uuid7(clock), tree[which % len(tree)]
        known = list(holds)
        if word == "reserve":
            path = [one for one in tree if one.limit_id in of.path]
            fits = all(ceilings[one.limit_id] - in_use(one) >= amount for one in path)
            try:
                limits.reserve(at, of.limit_id, amount)
                assert fits, "expected a refusal"
                holds[at] = (of, centre.today, amount, 0)
            except LimitExceeded:
                assert not fits, "expected it to fit"
        elif word == "lower":
            ceilings[of.limit_id] = amount * 4
            limits.change(at, of.limit_id, ceiling_minor=amount * 4)
        elif word == "day":
            centre.today += dt.timedelta(days=1)
        elif known:
            hold_id = known[which % len(known)]
            limit, day, held, used = holds[hold_id]
            try:
                if word == "confirm":
                    part = min(amount, held) or 1
                    limits.confirm(at, hold_id, part)
                    holds[hold_id] = (limit, day, 0, part)
                elif word == "cancel":
                    limits.cancel(at, hold_id)
                    holds[hold_id] = (limit, day, 0, 0)
                else:
                    limits.restore(at, hold_id, amount)
                    holds[hold_id] = (limit, day, 0, used - amount)
                    assert used >= amount
            except HoldEnded:
                assert word != "cancel" or used or held == 0
        for one in tree:
            now = limits.limit(one.limit_id)
            assert now.held_minor + now.used_minor == in_use(one)
