"""The relay: every saved event is told at least once, in the order of its subject.

Method: real outboxes; a crash is the loss of everything in memory between two steps.
"""

import threading
from collections.abc import Callable
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.chassis.persistence.rooms import Opened, Sold, opened, sell, sold
from yunjin.chassis.persistence import Lease, Relay, RelayLimits, RoomDatabase, Subscribers
from yunjin.kernel import tenant
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.errors import NotFound, Outage
from yunjin.kernel.events import Event

NOW_NS = 1_700_000_000_000_000_000


class Listener:
    """Hears events; fails for the subjects it is told to."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, int]] = []
        self.failing: dict[str, Exception] = {}

    def __call__(self, event: Event) -> None:
        if event.subject in self.failing:
            raise self.failing[event.subject]
        self.heard.append((event.subject, event.sequence))


class Crash(BaseException):
    """The process ends here."""


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW_NS)


@pytest.fixture
def shop(room: Opened, clock: FixedClock) -> RoomDatabase:
    return RoomDatabase(room.database, room="shop", tenant="demo", source="/shop", clock=clock)


@pytest.fixture
def listener() -> Listener:
    return Listener()


def relay_to(shop: RoomDatabase, handler: Callable[[Event], None], **limits: int) -> Relay:
    subscribers = Subscribers()
    subscribers.add(Sold.type, "listener", handler)
    return Relay(shop, subscribers, holder="a", limits=RelayLimits(**limits))


def tell(shop: RoomDatabase, *items: str) -> None:
    for item in items:
        shop.run(lambda work, item=item: sell(work, item))


def test_events_are_told_in_order_with_tenant_and_source(shop: RoomDatabase) -> None:
    events: list[Event] = []

    def hear(event: Event) -> None:
        assert tenant.current() == "demo"
        events.append(event)

    tell(shop, "tea", "silk", "tea")
    assert relay_to(shop, hear).deliver().delivered == 3
    assert [(e.subject, e.sequence) for e in events if e.subject == "tea"] == [
        ("tea", 1),
        ("tea", 2),
    ]
    document = events[-1].document()
    assert document["tenant"] == "demo"
    assert (document["type"], document["source"]) == (Sold.type, "/shop")
    assert document["data"] in ({"item": "tea", "count": 2}, {"item": "silk", "count": 1})


def test_what_was_told_is_not_told_again(shop: RoomDatabase, listener: Listener) -> None:
    tell(shop, "tea")
    relay = relay_to(shop, listener)
    assert (relay.deliver().delivered, relay.deliver().delivered) == (1, 0)


def test_an_event_nobody_wants_is_done_with(shop: RoomDatabase) -> None:
    tell(shop, "tea")
    assert Relay(shop, Subscribers(), holder="a").deliver().delivered == 1


def test_a_crash_between_delivery_and_mark_repeats_and_the_inbox_acts_once(
    shop: RoomDatabase,
) -> None:
    tell(shop, "tea", "silk", "tea")
    deliveries: list[UUID] = []

    def act(event: Event) -> None:
        deliveries.append(event.id)

        def body(work):
            if work.inbox.is_first(event.id, "counter"):
                sell(work, f"heard-{event.subject}")

        shop.run(body)

    def crash(*args: object) -> None:
        raise Crash

    dying = relay_to(shop, act)
    dying._note = crash
    with pytest.raises(Crash):
        dying.deliver()
    relay_to(shop, act).deliver()
    assert [deliveries.count(event_id) for event_id in deliveries[:3]] == [2, 2, 2]
    assert sold(shop, "heard-tea") == 2
    assert sold(shop, "heard-silk") == 1


def test_a_crash_inside_a_handler_tells_the_rest_later(shop: RoomDatabase) -> None:
    tell(shop, "tea", "tea", "tea")
    heard: list[int] = []

    def die_at_the_second(event: Event) -> None:
        if event.sequence == 2 and len(heard) == 1:
            raise Crash
        heard.append(event.sequence)

    with pytest.raises(Crash):
        relay_to(shop, die_at_the_second).deliver()
    heard_before, heard[:] = list(heard), [0, 0]
    relay_to(shop, die_at_the_second).deliver()
    assert (heard_before, heard[2:]) == ([1], [1, 2, 3])


def test_a_poison_event_is_parked_with_its_reason_and_holds_back_only_its_subject(
    shop: RoomDatabase, clock: FixedClock, listener: Listener
) -> None:
    listener.failing["tea"] = ValueError("expected leaves, was dust")
    tell(shop, "tea", "silk", "tea", "silk")
    relay = relay_to(shop, listener, tries=3)
    passes = []
    for _ in range(5):
        passes.append(relay.deliver())
        clock.advance(60)
    assert sum(each.parked for each in passes) == 1
    assert listener.heard == [("silk", 1), ("silk", 2)]
    [parked] = relay.parked()
    assert (parked.subject, parked.sequence, parked.attempts) == ("tea", 1, 3)
    assert parked.reason == "listener: ValueError: expected leaves, was dust"


def test_a_failed_event_waits_longer_after_each_try(
    shop: RoomDatabase, clock: FixedClock, listener: Listener
) -> None:
    listener.failing["tea"] = ValueError()
    tell(shop, "tea")
    relay = relay_to(shop, listener)
    tried_at = []
    for second in range(16):
        if relay.deliver().failed:
            tried_at.append(second)
        clock.advance(1)
    assert tried_at == [0, 1, 3, 7, 15]


def test_an_outage_of_the_listener_never_parks_an_event(
    shop: RoomDatabase, clock: FixedClock, listener: Listener
) -> None:
    listener.failing["tea"] = Outage("Away.")
    tell(shop, "tea")
    relay = relay_to(shop, listener, tries=2)
    for _ in range(6):
        relay.deliver()
        clock.advance(60)
    assert relay.parked() == []
    listener.failing.clear()
    relay.deliver()
    assert listener.heard == [("tea", 1)]


@pytest.mark.parametrize(("skip", "heard"), [(False, [1, 2]), (True, [2])])
def test_a_parked_event_is_told_again_or_skipped_when_a_person_says_so(
    shop: RoomDatabase, clock: FixedClock, listener: Listener, skip: bool, heard: list[int]
) -> None:
    listener.failing["tea"] = ValueError("bad")
    tell(shop, "tea", "tea")
    relay = relay_to(shop, listener, tries=1)
    relay.deliver()
    [parked] = relay.parked()
    listener.failing.clear()
    assert relay.deliver().delivered == 0
    relay.unpark(parked.event_id, skip=skip)
    relay.deliver()
    assert [sequence for _, sequence in listener.heard] == heard
    with pytest.raises(NotFound):
        relay.unpark(parked.event_id)


def test_order_holds_when_the_clock_goes_back(
    shop: RoomDatabase, clock: FixedClock, listener: Listener
) -> None:
    for seconds in (0, -10, 20, -40):
        clock.advance(seconds)
        tell(shop, "tea")
    relay = relay_to(shop, listener, events_a_pass=1)
    for _ in range(4):
        relay.deliver()
    assert [sequence for _, sequence in listener.heard] == [1, 2, 3, 4]


def test_old_events_are_deleted_and_numbers_go_on(
    shop: RoomDatabase, clock: FixedClock, listener: Listener
) -> None:
    tell(shop, "tea")
    relay = relay_to(shop, listener)
    relay.deliver()
    tell(shop, "tea")
    clock.advance(30 * 86_400)
    assert shop.prune() == 1  # the one that waits stays
    tell(shop, "tea")
    relay.deliver()
    assert [sequence for _, sequence in listener.heard] == [1, 2, 3]


def test_of_two_relays_one_works_until_its_lease_ends(
    shop: RoomDatabase, clock: FixedClock
) -> None:
    a, b = (Lease(shop, name="relay", holder=name, seconds=10) for name in "ab")
    assert (a.hold(), b.hold(), a.hold()) == (True, False, True)
    clock.advance(11)
    assert (b.hold(), a.hold()) == (True, False)
    a.release()  # not its own any more: nothing happens
    assert a.hold() is False
    b.release()
    assert a.hold() is True


def test_the_running_relay_hears_of_news_without_waiting_for_its_next_look(
    room: Opened,
) -> None:
    heard, stop = threading.Event(), threading.Event()
    relay = relay_to(room.room, lambda event: heard.set(), idle_ms=60_000)
    thread = threading.Thread(target=relay.run, args=(stop,))
    thread.start()
    tell(room.room, "tea")
    assert heard.wait(20)
    stop.set()
    room.room.told.set()
    thread.join(20)
    assert not thread.is_alive()


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    items=st.lists(st.sampled_from("abc"), min_size=1, max_size=12),
    fates=st.lists(st.sampled_from(["hear", "fail", "die"]), max_size=20),
    page=st.integers(1, 5),
)
def test_whatever_fails_each_subject_is_heard_in_order_and_whole(
    tmp_path_factory: pytest.TempPathFactory, items: list[str], fates: list[str], page: int
) -> None:
    """A subject's first hearings are 1, 2, 3, …; repetitions never run ahead."""
    found = opened(f"sqlite:///{tmp_path_factory.mktemp('relay') / 'rooms.db'}")
    clock = FixedClock(NOW_NS)
    shop = RoomDatabase(found.database, room="shop", tenant="demo", source="/shop", clock=clock)
    tell(shop, *items)
    waiting = list(fates)
    heard: dict[str, list[int]] = {item: [] for item in items}

    def hear(event: Event) -> None:
        fate = waiting.pop() if waiting else "hear"
        if fate == "die":
            raise Crash
        if fate == "fail":
            raise ValueError
        heard[event.subject].append(event.sequence)

    for _ in range(80):
        try:
            relay_to(shop, hear, events_a_pass=page, tries=99).deliver()
        except Crash:
            continue
        finally:
            clock.advance(61)
    for item, sequences in heard.items():
        assert list(dict.fromkeys(sequences)) == list(range(1, items.count(item) + 1))
    found.database.close()


def test_two_deliveries_at_once_act_once(room: Opened) -> None:
    event_id, together = UUID(int=7), threading.Barrier(3)

    def act() -> None:
        together.wait(20)

        def body(work):
            if work.inbox.is_first(event_id, "counter"):
                sell(work, "tea")

        room.room.run(body)

    threads = [threading.Thread(target=act) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sold(room.room, "tea") == 1
    query = sa.select(sa.func.count()).select_from(room.room.tables.inbox)
    assert room.room.read(lambda c: c.execute(query).scalar_one()) == 1
