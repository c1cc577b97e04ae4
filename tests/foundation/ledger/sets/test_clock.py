"""Goal: a machine whose clock is far from the set's opens no cell; how to mend it is said.

Method: clocks beside a real MariaDB's own.
"""

import pytest

from tests.mariadb import MariaDb, mariadb
from yunjin.foundation.ledger.errors import ClockOff
from yunjin.foundation.ledger.wiring import Settings, check_clock
from yunjin.kernel.clock import FixedClock, SystemClock

__all__ = ["mariadb"]
pytestmark = pytest.mark.mariadb


@pytest.mark.parametrize(
    ("off_s", "way"), [(60, "ahead of"), (-60, "behind"), (86_400, "ahead of")]
)
def test_a_clock_far_from_the_sets_is_refused(mariadb: MariaDb, off_s: int, way: str) -> None:
    off = FixedClock(SystemClock().now_ns() + off_s * 10**9)
    with pytest.raises(ClockOff, match=f"{way} the set's.*chronyc makestep"):
        check_clock(Settings(journal_url=mariadb.fresh_url()), off)


def test_a_clock_that_is_right_is_taken_and_a_file_has_no_clock(mariadb: MariaDb) -> None:
    check_clock(Settings(journal_url=mariadb.fresh_url()), SystemClock())
    with pytest.raises(ClockOff):
        check_clock(Settings(journal_url=mariadb.fresh_url(), clock_off_s_max=0.5), FixedClock(1))
    check_clock(Settings(), FixedClock(1))
