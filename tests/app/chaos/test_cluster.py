"""Goal: a cell over a real set loses and doubles nothing, whatever fails, and nobody reads wrong.

Method: three namespaces as data centres, a Galera node and a process of the cell in each; customers
who write down what they saw; 200 schedules of kills, pauses, cuts and clock steps, each judged by
itself. `yunjin chaos cluster --seed N --schedules 1` replays one. Needs root and Galera.
"""

import pytest

from tests.conftest import own_network
from yunjin.app.chaos.cluster import running
from yunjin.app.chaos.cluster.net import why_not
from yunjin.app.cluster.stage import NoPrograms, check_programs

GROUPS, A_GROUP = 10, 20


@pytest.fixture(scope="module")
def _possible() -> None:
    """Skip, visibly, where no set or no network can be made."""
    if why := why_not():
        pytest.skip(why)
    try:
        check_programs()
    except NoPrograms as missing:
        pytest.skip(missing.detail)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("group", range(GROUPS))
@pytest.mark.usefixtures("_possible")
def test_histories_of_a_struck_town_can_have_been_so(group: int) -> None:
    first = group * A_GROUP
    with own_network(100 + group):
        report = running.run(range(first, first + A_GROUP), tell=print, number=100 + group)
    assert report.schedules == A_GROUP
    assert report.faults_fired >= A_GROUP, "no fault was injected"
    assert report.transfers > 30 * A_GROUP, "too little was done to prove anything"
    assert not report.wrong, f"seed → what is wrong: {report.wrong}"
