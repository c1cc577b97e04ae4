"""Goal: what is looked after is done until nothing is left. Method: acts that are counted."""

import threading

from yunjin.kernel.errors import Outage
from yunjin.platforms.capability.jobs.rounds import Round


def test_a_look_goes_on_until_nothing_is_left() -> None:
    left = [3, 2, 1, 0]
    Round("test", lambda: left.pop(0), pause_s=60).look()
    assert left == []


def test_a_round_goes_on_after_an_outage_and_rests_while_another_process_works() -> None:
    found, stands_by = threading.Event(), [True, True, False, False]
    acts: list[str] = []

    def act() -> int:
        acts.append("acted")
        if len(acts) == 1:
            raise Outage("The database is away.")
        found.set()
        return 0

    def stands() -> bool:
        return stands_by.pop(0) if stands_by else False

    one = Round("test", act, pause_s=0.001, stands_by=stands)
    one.start()
    assert found.wait(20)
    one.close()
    assert len(acts) >= 2
    assert stands_by == []
