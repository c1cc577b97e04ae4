"""Units of work: effect, events and first answer are saved together or not at all.

Method: the room `shop` on a real SQLite file and a real MariaDB.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from tests.chassis.persistence.rooms import SOLD, Opened, command_id, opened, sell, sold
from yunjin.chassis.persistence import Conflict, Misused
from yunjin.kernel.errors import Bug, IdempotencyConflict, Refusal


class NotForSale(Refusal):
    code = "shop/not-for-sale"


def outbox(room: Opened) -> list[tuple[str, int]]:
    table = room.room.tables.outbox.c
    query = sa.select(table.subject, table.sequence).order_by(table.subject, table.sequence)
    return room.room.read(lambda c: [tuple(row) for row in c.execute(query)])


def test_effect_event_and_answer_are_saved_together(room: Opened) -> None:
    answer = room.room.command(command_id(), {"item": "tea"}, lambda work: {"n": sell(work, "tea")})
    assert (answer, sold(room.room, "tea"), outbox(room)) == ({"n": 1}, 1, [("tea", 1)])


def test_a_refusal_leaves_nothing_behind(room: Opened) -> None:
    def body(work):
        sell(work, "tea")
        raise NotForSale("No tea today.")

    key = command_id()
    with pytest.raises(NotForSale):
        room.room.command(key, {}, body)
    assert (sold(room.room, "tea"), outbox(room)) == (0, [])
    assert room.room.command(key, {}, lambda work: "judged anew") == "judged anew"


def test_retry_returns_the_first_answer(room: Opened) -> None:
    key = command_id()
    answers = [
        room.room.command(key, {"item": "tea"}, lambda work: {"n": sell(work, "tea")})
        for _ in range(3)
    ]
    assert answers == [{"n": 1}] * 3
    assert sold(room.room, "tea") == 1


def test_first_answer_and_replayed_answer_are_the_same_value(room: Opened) -> None:
    key = command_id()
    first, again = (
        room.room.command(key, {}, lambda work: {"id": key, "of": (1, 2)}) for _ in "ab"
    )
    assert first == again == {"id": str(key), "of": [1, 2]}


def test_an_id_used_for_another_request_is_refused(room: Opened) -> None:
    key = command_id()
    room.room.command(key, {"item": "tea"}, lambda work: sell(work, "tea"))
    with pytest.raises(IdempotencyConflict):
        room.room.command(key, {"item": "silk"}, lambda work: sell(work, "silk"))
    assert sold(room.room, "silk") == 0


def test_one_command_sent_by_many_at_once_acts_once(room: Opened) -> None:
    key, together = command_id(), threading.Barrier(5)

    def send(_: int) -> object:
        together.wait()
        return room.room.command(key, {}, lambda work: sell(work, "tea"))

    with ThreadPoolExecutor(5) as pool:
        assert list(pool.map(send, range(5))) == [1] * 5
    assert sold(room.room, "tea") == 1


def test_events_of_one_subject_are_numbered_without_gaps_by_many_writers(room: Opened) -> None:
    def send(number: int) -> None:
        def body(work):
            # Locks are taken in one order, so writers wait but never in a ring.
            for item in ("silk", "tea"):
                sell(work, item)

        room.room.run(body)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, range(20)))
    assert outbox(room) == [(item, n) for item in ("silk", "tea") for n in range(1, 21)]


def test_a_taken_key_is_a_conflict_after_a_few_looks(room: Opened) -> None:
    tries = []

    def body(work):
        tries.append(1)
        work.connection.execute(sa.insert(SOLD).values(item="tea", count=1))

    room.room.run(body)
    with pytest.raises(Conflict):
        room.room.run(body)
    assert len(tries) == 1 + 3


def test_a_wrong_statement_is_a_bug_and_is_not_tried_again(room: Opened) -> None:
    tries = []

    def body(work):
        tries.append(1)
        work.connection.execute(sa.text("SELECT nothing FROM nowhere"))

    with pytest.raises(Misused):
        room.room.run(body)
    assert len(tries) == 1


@pytest.mark.parametrize("item", ["é", "x" * 41, "tea "])
def test_what_one_engine_could_not_keep_is_refused_on_all(room: Opened, item: str) -> None:
    with pytest.raises(Bug, match="expected"):
        room.room.run(lambda work: sell(work, item))


@pytest.mark.parametrize("item", ["tea", "Tea", "TEA"])
def test_keys_are_told_apart_by_case(room: Opened, item: str) -> None:
    for each in ("tea", "Tea", "TEA"):
        room.room.run(lambda work, each=each: sell(work, each))
    assert sold(room.room, item) == 1


def test_64_bits_are_kept_whole(room: Opened) -> None:
    for item, count in {"high": 2**63 - 1, "low": -(2**63)}.items():
        room.room.run(lambda work, i=item, n=count: sell(work, i, n))
        assert sold(room.room, item) == count


def test_null_is_refused_as_a_bug(room: Opened) -> None:
    with pytest.raises(Misused):
        room.room.run(lambda work: work.connection.execute(sa.insert(SOLD).values(item="tea")))


def test_old_answers_are_deleted_and_young_ones_kept(room: Opened) -> None:
    key = command_id()
    room.room.command(key, {}, lambda work: sell(work, "tea"))
    assert room.room.prune(answer_days=7, inbox_days=7, told_days=0) == 0
    answers = room.room.tables.answers
    room.room.run(lambda work: work.connection.execute(sa.update(answers).values(at_us=1)))
    assert room.room.prune(answer_days=7, inbox_days=7) == 1
    assert room.room.command(key, {}, lambda work: sell(work, "tea")) == 2


def test_another_process_sees_what_was_committed(room: Opened, database_url: str) -> None:
    room.room.run(lambda work: sell(work, "tea"))
    other = opened(database_url)
    assert sold(other.room, "tea") == 1
    other.database.close()


def test_a_unit_of_work_rolls_back_what_an_error_cuts_short(room: Opened) -> None:
    def cut_short() -> None:
        with room.room.work() as work:
            sell(work, "tea")
            raise NotForSale("No tea today.")

    with pytest.raises(NotForSale):
        cut_short()
    with room.room.work() as work:
        sell(work, "tea")
    assert (sold(room.room, "tea"), outbox(room)) == (1, [("tea", 1)])
