"""Goal: what Galera left on disk is read right, and the right node leads. Method: its own texts."""

from uuid import UUID, uuid1

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunjin.foundation.database.api.fleet import Position
from yunjin.foundation.database.domain.positions import (
    NO_HISTORY,
    NOWHERE,
    common_view,
    leader,
    read_grastate,
    read_gvwstate,
    read_recovered,
    safe_to_bootstrap,
)
from yunjin.foundation.database.errors import SetRefused

HISTORY = "5ee99582-bb8d-11e2-b8e3-23de375c1d30"
OTHER = "94a2b77e-ecd1-11f1-b190-e67ed867b36b"
GRASTATE = f"""# GALERA saved state
version: 2.1
uuid:    {HISTORY}
seqno:   93113
safe_to_bootstrap: 0
"""
LOG = f"""2026-11-30 15:19:50 0 [Note] WSREP: Recovered position: {OTHER}:1
2026-11-30 15:19:51 0 [Note] WSREP: Recovered position: {HISTORY}:93110
2026-11-30 15:19:51 0 [Note] InnoDB: Shutdown completed
"""


def at(seqno: int, history: str = HISTORY) -> Position:
    return Position(history=history, seqno=seqno)


def test_a_node_that_stopped_in_order_says_where_it_is() -> None:
    saved = read_grastate(GRASTATE)
    assert saved.position == at(93113)
    assert not saved.is_safe_to_bootstrap
    assert read_grastate(safe_to_bootstrap(GRASTATE)).is_safe_to_bootstrap


@pytest.mark.parametrize("text", ["", "version: 2.1\n", GRASTATE[:60], GRASTATE.replace("9", "x")])
def test_a_torn_state_says_nothing(text: str) -> None:
    assert read_grastate(text).position == NOWHERE


def test_the_last_recovered_position_counts() -> None:
    assert read_recovered(LOG) == at(93110)
    assert str(read_recovered(LOG)) == f"{HISTORY}:93110"
    assert read_recovered("InnoDB: nothing of it") is None


def test_the_node_that_came_furthest_leads() -> None:
    assert leader({"n1": at(93111), "n2": at(93110), "n3": at(93113)}) == "n3"
    assert leader({"n1": at(7), "n2": at(7)}) == "n1"
    assert leader({"n1": NOWHERE, "n2": at(-1)}) == "n2"


def test_nodes_of_different_sets_have_no_leader() -> None:
    with pytest.raises(SetRefused, match=f"n2 has {OTHER}"):
        leader({"n1": at(5), "n2": at(9, OTHER)})


def test_a_set_without_data_has_no_leader() -> None:
    with pytest.raises(SetRefused, match="No node of the set has data"):
        leader({"n1": NOWHERE, "n2": at(0, NO_HISTORY)})


def test_a_common_view_is_one_that_galera_would_have_saved() -> None:
    identities = [uuid1() for _ in range(3)]
    views = common_view(["n1", "n2", "n3"], identities)
    read = [read_gvwstate(text) for text in views.values()]
    assert len(set(read)) == 1
    assert read[0] is not None
    assert read[0].members == {str(each) for each in identities}
    assert [text.splitlines()[0] for text in views.values()] == [
        f"my_uuid: {each}" for each in identities
    ]


def test_a_node_that_left_in_order_saved_no_view() -> None:
    assert read_gvwstate("") is None
    assert read_gvwstate(f"my_uuid: {HISTORY}\n#vwbeg\n") is None


@given(st.dictionaries(st.text("abc", min_size=1), st.integers(-1, 10**12), min_size=1))
def test_nobody_is_ahead_of_the_leader(seqnos: dict[str, int]) -> None:
    chosen = leader({name: at(seqno) for name, seqno in seqnos.items()})
    assert seqnos[chosen] == max(seqnos.values())


@given(st.uuids(), st.integers(-1, 2**62))
def test_every_position_is_read_back(history: UUID, seqno: int) -> None:
    text = f"uuid: {history}\nseqno: {seqno}\nsafe_to_bootstrap: 1\n"
    assert read_grastate(text).position == at(seqno, str(history))
