"""Goal: rooms share one Flight server, and none takes another's names.
Method: offers put together, with and without a name that two rooms use.
"""

import pytest

from yunjin.chassis.transport.streams import Action, Endpoints, joined
from yunjin.kernel.errors import Bug


def test_what_rooms_offer_is_put_together() -> None:
    state, rate = Action("Say how it is.", lambda _: b"1"), Action("Rate.", lambda _: b"2")
    both = joined([Endpoints(actions={"state": state}), Endpoints(actions={"rate": rate})])
    assert both.actions == {"state": state, "rate": rate}
    assert both.streams == {}


def test_one_name_of_two_rooms_is_a_bug() -> None:
    state = Endpoints(actions={"state": Action("Say how it is.", lambda _: b"1")})
    with pytest.raises(Bug, match="'state'"):
        joined([state, state])
