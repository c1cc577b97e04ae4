"""Goal: the judge of cluster histories lets every possible history pass and finds each wrong.

Method: made-up histories of a ledger that does everything at one moment between sending and
answering, so that they are linearisable by construction; then one thing at a time is spoilt.
"""

import random
from dataclasses import replace
from uuid import UUID

import pytest

from yunjin.app.chaos.cluster.history import History, Kept, Post, Reading, Sent, judge
from yunjin.app.chaos.cluster.nemesis import LOAD_S, Fault, schedule

ACCOUNTS = 5


class Made:
    """A history and what is there at the end."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        self.history, self.kept, self.end = History(), [], (0,) * ACCOUNTS
        at = 0.0
        for number in range(40):
            at += chance.uniform(0.1, 1.0)
            sent_at, answered_at = at - chance.uniform(0, 3), at + chance.uniform(0, 3)
            if chance.random() < 0.4:
                self.history.readings.append(Reading(self.end, sent_at, answered_at))
                continue
            self._post(chance, number, sent_at, answered_at)

    def _post(self, chance: random.Random, number: int, sent_at: float, answered_at: float) -> None:
        debit, credit = chance.sample(range(ACCOUNTS), 2)
        row = Sent(UUID(int=number), debit, credit, chance.randint(1, 9))
        fate = chance.choice(("told", "told", "told", "unheard", "refused", "lost"))
        post = Post([row], sent_at)
        self.history.posts.append(post)
        if fate in ("told", "unheard"):
            self.kept.append(Kept(row.id, debit, credit, row.amount_minor, len(self.kept) + 1))
            balances = list(self.end)
            balances[debit] -= row.amount_minor
            balances[credit] += row.amount_minor
            self.end = tuple(balances)
        if fate in ("told", "refused"):
            post.created, post.answered_at = [fate == "told"], answered_at

    def judged(self) -> list[str]:
        return judge(self.history, self.kept, self.end, ACCOUNTS)

    def told(self) -> list[Post]:
        return [post for post in self.history.posts if post.created == [True]]


@pytest.mark.parametrize("seed", range(40))
def test_what_can_have_been_so_passes(seed: int) -> None:
    assert Made(seed).judged() == []


def test_an_acknowledged_transfer_that_is_not_there_is_found() -> None:
    made = Made(1)
    made.kept = [one for one in made.kept if one.id != made.told()[0].rows[0].id]
    assert any("acknowledged and is not there" in said for said in made.judged())


def test_a_refused_transfer_that_is_there_is_found() -> None:
    made = Made(2)
    made.told()[0].created = [False]
    assert any("refused and is there" in said for said in made.judged())


def test_a_transfer_that_is_there_otherwise_is_found() -> None:
    made = Made(3)
    made.kept[0] = replace(made.kept[0], amount_minor=made.kept[0].amount_minor + 1)
    assert any("was sent as" in said for said in made.judged())


def test_a_transfer_that_acted_twice_is_found() -> None:
    made = Made(4)
    one = made.kept[0]
    balances = list(made.end)
    balances[one.debit] -= one.amount_minor
    balances[one.credit] += one.amount_minor
    made.end = tuple(balances)
    assert any("the balances are" in said for said in made.judged())


def test_money_that_appeared_is_found() -> None:
    made = Made(5)
    made.end = (made.end[0] + 1, *made.end[1:])
    assert any("the balances are" in said for said in made.judged())


def test_an_order_against_what_people_saw_is_found() -> None:
    made = Made(6)
    first, last = made.told()[0], made.told()[-1]
    assert first.answered_at < last.sent_at
    by_id = {one.id: place for place, one in enumerate(made.kept)}
    a, b = by_id[first.rows[0].id], by_id[last.rows[0].id]
    swapped = made.kept[a].timestamp, made.kept[b].timestamp
    made.kept[a] = replace(made.kept[a], timestamp=swapped[1])
    made.kept[b] = replace(made.kept[b], timestamp=swapped[0])
    assert any("came before what was answered" in said for said in made.judged())


def test_a_stale_reading_is_found() -> None:
    """It shows the beginning, long after transfers were acknowledged."""
    made = Made(7)
    late = max(post.answered_at for post in made.told()) + 10
    made.history.readings.append(Reading((0,) * ACCOUNTS, late, late + 1))
    assert any("is no state between" in said for said in made.judged())


def test_a_reading_of_what_was_not_sent_yet_is_found() -> None:
    made = Made(8)
    made.history.readings.append(Reading(made.end, -20.0, -19.0))
    assert any("is no state between" in said for said in made.judged())


def test_readings_that_go_back_are_found() -> None:
    """Nobody heard of the transfer, so each reading may or may not have seen it; not both ways."""
    made = Made(0)
    made.history, made.kept = History(), []
    row = Sent(UUID(int=1), 0, 1, 5)
    made.history.posts.append(Post([row], 0.0))
    made.kept.append(Kept(row.id, 0, 1, 5, 1))
    made.end = (-5, 5, 0, 0, 0)
    before, after = (0,) * ACCOUNTS, made.end
    made.history.readings = [Reading(before, 1, 2), Reading(after, 3, 4)]
    assert made.judged() == []
    made.history.readings = [Reading(after, 1, 2), Reading(before, 3, 4)]
    assert any("is no state between" in said for said in made.judged())


def test_a_schedule_follows_from_its_seed_alone_and_all_faults_come_up() -> None:
    assert schedule(7) == schedule(7)
    planned = [one for seed in range(200) for one in schedule(seed)]
    lines_have_no_length = {Fault.DELAY}
    assert {one.fault for one in planned} == set(Fault) - lines_have_no_length
    assert all(0 < one.at_s < LOAD_S and one.lasts_s > 0 for one in planned)
