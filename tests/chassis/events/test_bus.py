"""Events cross between two machines over NATS: each once, in the order of its subject.

Method: a real server; a crash is the loss of everything in memory between two steps.
"""

import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.chassis.events.places import Place, hear_all, place, states, tell_all, waiting
from tests.chassis.persistence.rooms import Sold
from tests.nats import laid_out
from yunjin.chassis.events.problems import BusUnreachable, StreamBroken, ToldElsewhere
from yunjin.chassis.events.settings import EventSettings
from yunjin.chassis.events.stream import Message
from yunjin.chassis.events.tables import TABLES, streams
from yunjin.chassis.persistence import Told, complaints
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.errors import Malformed

NOW_NS = 1_700_000_000_000_000_000


class Crash(BaseException):
    """The process ends here."""


def crash(*args: object) -> None:
    raise Crash


def test_an_event_arrives_as_it_was_told(here: Place, there: Place) -> None:
    here.sell("tea", "silk", "tea")
    assert tell_all(here.relay()) == 3
    hear_all(there.hearing())
    assert (there.book.of("tea"), there.book.of("silk")) == ([1, 2], [1])
    event = there.book.heard[0]
    assert (event.tenant, event.source, event.type) == ("demo", "/shop", Sold.type)
    assert event.data == {"item": event.subject, "count": 1}
    assert waiting(here.shop) == 0


def test_a_place_hears_its_own_events_too(here: Place) -> None:
    here.sell("tea")
    tell_all(here.relay())
    hear_all(here.hearing())
    assert here.book.of("tea") == [1]


def test_a_crash_between_stream_and_mark_tells_nothing_twice(here: Place, there: Place) -> None:
    here.sell("tea", "tea", "silk")
    dying = here.relay()
    dying._note = crash
    with pytest.raises(Crash):
        tell_all(dying)
    assert waiting(here.shop) == 3
    here.sell("tea")
    tell_all(here.relay())
    assert here.bus._stream("shop").state().last == 4
    hear_all(there.hearing())
    assert there.book.of("tea") == [1, 2, 3]
    assert len(there.book.heard) == 4


def test_a_crash_between_arrival_and_handler_loses_nothing(here: Place, there: Place) -> None:
    here.sell("tea", "tea")
    tell_all(here.relay())
    there.hearing().hear(wait_ms=500)
    assert there.book.heard == []
    hear_all(there.hearing())
    assert there.book.of("tea") == [1, 2]


def test_a_stream_that_is_gone_is_told_again_and_acted_on_once(here: Place, there: Place) -> None:
    here.sell("tea", "silk", "tea")
    tell_all(here.relay())
    hearing = there.hearing()
    hear_all(hearing)
    here.bus._stream("shop").delete()
    here.sell("tea")
    tell_all(here.relay())
    assert here.bus._stream("shop").state().last == 4  # all of them, again
    hear_all(hearing)
    assert (there.book.of("tea"), there.book.of("silk")) == ([1, 2, 3], [1])
    assert len(there.book.heard) == 4


def test_what_a_stream_lost_unheard_is_heard_before_what_came_after(
    here: Place, there: Place
) -> None:
    """The stream forgets its last two events; the same life goes on without them."""
    here.sell("tea")
    tell_all(here.relay())
    hearing = there.hearing()
    hear_all(hearing)
    here.sell("tea", "tea")
    tell_all(here.relay())
    stream = here.bus._stream("shop")
    [first] = stream.ids(1, 1)
    stream.delete()
    stream.create(1)
    message = Message(event_id=first, subject="yunjin.demo.shop.item.sold.v1", body=b"{}")
    stream.publish([message], after=0, life=1)
    here.sell("tea")
    tell_all(here.relay())
    hear_all(hearing)
    assert there.book.of("tea") == [1, 2, 3, 4]


def test_a_hole_in_the_stream_is_not_stepped_over(here: Place, there: Place) -> None:
    here.sell("tea", "tea", "tea")
    tell_all(here.relay())
    here.bus.connection.call(lambda client: client.jsm().delete_msg("yunjin-demo-shop", 2))
    hearing = there.hearing()
    assert hearing.hear(wait_ms=500) == 1
    for _ in range(3):
        with pytest.raises(StreamBroken, match="expected position 2"):
            hearing.hear(wait_ms=500)
    hearing.relay.deliver()
    assert there.book.of("tea") == [1]
    tell_all(here.relay())  # finds the hole
    hear_all(hearing)
    assert there.book.of("tea") == [1, 2, 3]


def test_a_message_of_a_stranger_is_never_told(here: Place, there: Place) -> None:
    here.sell("tea")
    tell_all(here.relay())
    here.bus.connection.call(
        lambda client: client.jetstream().publish("yunjin.demo.shop.item.sold.v1", b"not ours")
    )
    here.sell("tea")
    tell_all(here.relay())
    assert here.bus._stream("shop").state().life == 2
    hear_all(there.hearing())
    assert there.book.of("tea") == [1, 2]


def test_a_stalled_process_that_wakes_up_tells_nothing(here: Place) -> None:
    """Both have read the same rows; the second one was overtaken by the first."""
    here.sell("tea")
    tell_all(here.relay())
    slow, quick = here.relay(), here.relay()
    slow.deliver()
    here.sell("tea", "tea")
    read = slow._teller._room.read
    stalled: list[object] = []

    def read_and_stall(body: object) -> object:
        found = read(body)
        if not stalled:
            stalled.append(found)
            tell_all(quick)
        return found

    slow._room = type("Stalling", (), {"read": staticmethod(read_and_stall)})()
    slow._room.__dict__.update(vars(here.shop) | {"run": here.shop.run})
    with pytest.raises((BusUnreachable, ToldElsewhere)):
        slow.deliver()
    assert here.bus._stream("shop").state().last == 3


def test_events_wait_while_no_server_answers(tmp_path: Path) -> None:
    server = laid_out(tmp_path / "nats")
    here = place(f"sqlite:///{tmp_path / 'here.db'}", server.url)
    relay = here.relay()
    here.sell("tea", "silk")
    with pytest.raises(BusUnreachable):
        relay.deliver()
    assert waiting(here.shop) == 2
    assert here.bus.connection.is_up is False
    server.start()
    assert tell_all(relay) == 2
    assert here.bus.connection.is_up
    here.close()
    server.kill()


def test_a_stream_on_more_servers_than_there_are_is_refused_with_the_cure(
    nats: object, tmp_path: Path
) -> None:
    here = place(f"sqlite:///{tmp_path / 'here.db'}", nats.url, replicas=3)
    here.bus._stream("shop").delete()
    here.sell("tea")
    with pytest.raises(BusUnreachable, match=r"lower events\.replicas"):
        here.relay().deliver()
    here.close()


def test_an_event_that_no_message_holds_is_parked_and_holds_back_its_subject_only(
    here: Place,
) -> None:
    here.sell("tea", "silk", "tea")
    outbox = here.shop.tables.outbox
    large = {"item": "x" * 2_000_000}
    first = sa.and_(outbox.c.subject == "tea", outbox.c.sequence == 1)
    here.shop.run(lambda w: w.connection.execute(sa.update(outbox).where(first).values(data=large)))
    relay = here.relay(tries=1)
    assert tell_all(relay) == 1
    [parked] = relay.parked()
    assert (parked.subject, parked.sequence) == ("tea", 1)
    assert "raise max_payload of the NATS servers" in parked.reason


def test_a_poison_event_is_parked_where_it_is_heard(here: Place, tmp_path: Path) -> None:
    clock = FixedClock(NOW_NS)
    url = f"sqlite:///{tmp_path / 'there.db'}"
    there = place(url, here.bus.settings.url, clock=clock)
    there.book.trouble["tea"] = ValueError("expected leaves, was dust")
    here.sell("tea", "silk", "tea", "silk")
    tell_all(here.relay())
    hearing = there.hearing(tries=3)
    for _ in range(5):
        hear_all(hearing)
        clock.advance(60)
    assert (there.book.of("tea"), there.book.of("silk")) == ([], [1, 2])
    [parked] = hearing.relay.parked()
    assert parked.reason == "warehouse: ValueError: expected leaves, was dust"
    there.book.trouble.clear()
    hearing.relay.unpark(parked.event_id)
    hear_all(hearing)
    assert there.book.of("tea") == [1, 2]
    there.close()


def test_what_is_measured_says_how_far_behind_a_place_is(here: Place, there: Place) -> None:
    here.sell("tea", "silk")
    tell_all(here.relay())
    there.book.trouble["tea"] = ValueError()
    hearing = there.hearing(tries=1, events_a_pass=1)
    hearing.hear(wait_ms=500)
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in there.bus.metrics()
        for sample in family.samples
    }
    assert samples[("events_bus_up",)] == 1
    assert samples["events_stream_behind", "shop"] == 1
    assert samples["events_arrivals", "shop", "waiting"] == 1
    assert samples["events_arrivals", "shop", "parked"] == 0
    lost = [sample.value for family in here.bus.metrics() for sample in family.samples][-1]
    assert lost == 0


def test_told_arrivals_are_deleted_when_their_time_is_over(here: Place, tmp_path: Path) -> None:
    clock = FixedClock(NOW_NS + 400 * 86_400 * 10**9)
    there = place(f"sqlite:///{tmp_path / 'there.db'}", here.bus.settings.url, clock=clock)
    here.sell("tea")
    tell_all(here.relay())
    hear_all(there.hearing())
    assert there.bus.prune() == 0
    clock.advance(4_000 * 86_400)
    assert there.bus.prune() == 1
    there.close()


def test_a_database_restored_from_before_tells_everything_anew(here: Place, there: Place) -> None:
    """The row that says where the stream ends goes back in time; so did the outbox."""
    here.sell("tea", "tea")
    tell_all(here.relay())
    here.shop.run(lambda work: work.connection.execute(sa.update(streams).values(sequence=1)))
    outbox = here.shop.tables.outbox
    last = outbox.c.sequence == 2
    here.shop.run(lambda work: work.connection.execute(sa.delete(outbox).where(last)))
    tell_all(here.relay())
    assert here.bus._stream("shop").state().life == 2
    assert states(here.shop) == [Told.DELIVERED]


def test_the_tables_mean_the_same_on_every_engine() -> None:
    assert complaints(TABLES) == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"url": "amqp://127.0.0.1"}, "should match pattern"),
        ({"url": "nats://a, nats://b"}, "should match pattern"),
        ({"url": "nats://a", "replicas": 9}, "less than or equal to 5"),
    ],
)
def test_settings_that_could_not_work_are_refused(values: dict[str, object], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        EventSettings(**values)


def test_without_the_library_the_cure_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nats", None)
    with pytest.raises(Malformed, match="pip install"):
        place(f"sqlite:///{tmp_path / 'here.db'}", "nats://127.0.0.1:4222")


def test_a_file_of_keys_that_is_not_there_is_named(tmp_path: Path) -> None:
    from yunjin.chassis.events.connection import Connection

    settings = EventSettings(url="tls://127.0.0.1:4222", tls_ca=str(tmp_path / "ca.pem"))
    with pytest.raises(Malformed, match=r"events\.tls_"):
        Connection(settings, name="tests")


def test_closing_ends_the_thread_though_somebody_waits(here: Place, there: Place) -> None:
    here.sell("tea")
    tell_all(here.relay())
    hearing, stop = there.hearing(), threading.Event()
    thread = threading.Thread(target=hearing.run, args=(stop,))
    thread.start()
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
    there.bus.close()
    assert not there.bus.connection._thread.is_alive()
