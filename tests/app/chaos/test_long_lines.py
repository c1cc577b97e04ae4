"""Goal: a cell over three data centres of one city bears a line that gets long for a while.

Method: the town of the histories with lines that have a length; what people saw is judged. Needs
root and Galera.
"""

from collections.abc import Iterator

import pytest

from tests.conftest import own_network
from yunjin.app.chaos.cluster.cable import Line
from yunjin.app.chaos.cluster.nemesis import Fault, Planned
from yunjin.app.chaos.cluster.net import CENTRES, Net, why_not
from yunjin.app.chaos.cluster.running import ClusterReport, opened, strike_and_judge
from yunjin.app.chaos.cluster.town import Town
from yunjin.app.cluster.stage import NoPrograms, check_programs

pytestmark = [pytest.mark.galera, pytest.mark.slow, pytest.mark.timeout(900)]
NUMBER = 64


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    """Three data centres, a millisecond apart; skipped, visibly, where there can be none."""
    if why := why_not():
        pytest.skip(f"needs Galera: {why}")
    try:
        check_programs()
    except NoPrograms as missing:
        pytest.skip(f"needs Galera: {missing.detail}")
    net = Net("yjl", NUMBER, line=Line(delay_ms=1))
    with own_network(NUMBER), opened(net) as made:
        yield made


@pytest.mark.parametrize("centre", CENTRES)
def test_what_people_see_while_a_line_is_long_can_have_been_so(town: Town, centre: str) -> None:
    planned = Planned(fault=Fault.DELAY, at_s=1.0, lasts_s=4.0, centre=centre, other="", jump_s=0)
    report = ClusterReport()
    strike_and_judge(town, ord(centre), [planned], report, print)
    assert report.transfers > 0, "nothing was done"
    assert not report.wrong, f"seed → what is wrong: {report.wrong}"
