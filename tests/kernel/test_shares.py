"""Goal: of the accounts of a home each has exactly one cell, however often cells are split.

Method: splits and accounts of chance; numbers and columns are asked alike.
"""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from yunjin.kernel.ids import CLEARING_FROM, account_id
from yunjin.kernel.shares import Share

HOME = 7


def split(shares: list[Share], choices: list[int]) -> list[Share]:
    """Split one share after the other."""
    found = list(shares)
    for choice in choices:
        found += found.pop(choice % len(found)).halves()
    return found


@given(
    st.lists(st.integers(0, 99), max_size=12),
    st.lists(st.integers(1, CLEARING_FROM - 1), min_size=1, max_size=20),
)
def test_each_account_is_in_one_share_and_lacked_by_all_others(
    choices: list[int], sequences: list[int]
) -> None:
    shares = split([Share(HOME)], choices)
    accounts = np.array([account_id(HOME, sequence) for sequence in sequences])
    holds = np.array([share.holds(accounts) for share in shares])
    lacks = np.array([share.lacks(accounts) for share in shares])
    assert (holds.sum(axis=0) == 1).all()
    assert (lacks == ~holds).all()
    for place, account in enumerate(accounts.tolist()):
        assert [bool(share.holds(account)) for share in shares] == holds[:, place].tolist()


def test_neighbours_of_a_block_stay_together() -> None:
    _, goes = Share(HOME).halves()
    block = np.array([account_id(HOME, 1_024 + n) for n in range(1_024)])
    assert goes.holds(block).all()
    assert not goes.holds(block - 1_024).any()
    assert not goes.holds(block + 1_024).any()


def test_clearing_accounts_strangers_and_no_account_are_lacked_by_nobody() -> None:
    _, goes = Share(HOME).halves()
    others = [account_id(HOME, CLEARING_FROM), account_id(HOME, 0), account_id(HOME + 1, 5)]
    assert not goes.lacks(np.array(others)).any()
    assert not Share(HOME).lacks(account_id(HOME, 5))


@given(st.lists(st.integers(0, 99), max_size=8), st.integers(1, 1 << 40), st.integers(1, 1_024))
def test_room_is_in_one_block_of_the_share(choices: list[int], first: int, count: int) -> None:
    for share in split([Share(HOME)], choices):
        found = share.room(first, count)
        assert found is not None
        ends = np.array([account_id(HOME, found), account_id(HOME, found + count - 1)])
        assert found >= first
        if share.depth:
            assert share.holds(ends).all()
            assert (ends >> 10 == ends[0] >> 10).all()
            assert share.room(first, 1_025) is None
        else:
            assert (found, share.room(first, 1_025)) == (first, first)
