"""Goal: a cell lives in two cities with a witness in a third; whichever line fails, nothing that
was acknowledged is lost, nobody reads what is old, and a city that is cut off refuses.

Method: real processes: a node and a process of the cell in each city, an arbitrator in the third,
networks with lines as long as between cities. Needs root and Galera with its arbitrator.
"""

import shutil
import socket
import time
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest

from tests.conftest import own_network
from yunjin import client
from yunjin.app.chaos.cluster.nemesis import Fault, Planned
from yunjin.app.chaos.cluster.net import Net, why_not
from yunjin.app.chaos.cluster.running import LINE, ClusterReport, opened, strike_and_judge
from yunjin.app.chaos.cluster.town import TWO_CITIES, Town
from yunjin.app.cluster.stage import NoPrograms, check_programs
from yunjin.kernel.errors import Problem

pytestmark = [pytest.mark.galera, pytest.mark.slow, pytest.mark.timeout(900)]
NUMBER, PATIENCE_S = 62, 90


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    """Two cities and their witness, at work; skipped, visibly, where there can be none."""
    if why := why_not():
        pytest.skip(f"needs Galera: {why}")
    if shutil.which("garbd") is None:
        pytest.skip("needs Galera: apt-get install galera-arbitrator-4")
    try:
        check_programs()
    except NoPrograms as missing:
        pytest.skip(f"needs Galera: {missing.detail}")
    net = Net("yjc", NUMBER, centres=TWO_CITIES.centres, line=LINE)
    with own_network(NUMBER), opened(net, TWO_CITIES) as made:
        yield made


def other(town: Town, city: str) -> str:
    """Return the other one of the two cities."""
    return next(one for one in TWO_CITIES.nodes if one != city)


def address(town: Town, city: str) -> str:
    """Return where the process of a city takes batches."""
    return town.addresses()[TWO_CITIES.nodes.index(city)]


class Payer:
    """Two accounts of its own, and how often it has paid from one to the other."""

    def __init__(self, town: Town) -> None:
        self.paid = 0
        with client.CellClient(town.addresses(), patience_s=PATIENCE_S) as cell:
            cell.ask(lambda one: one.declare_ledgers({1: "CNY"}))
            self.ids = cell.ask(lambda one: one.allot_account_ids(2))
            cell.open_accounts(client.Accounts(id=self.ids, ledger=1, code=7))

    def batch(self) -> pa.RecordBatch:
        """Return the next payment, the same until it is noted as paid."""
        first = int(self.ids[0])
        return client.Transfers(
            id_hi=np.array([first], np.uint64),
            id_lo=np.array([self.paid + 1], np.uint64),
            debit_account_id=self.ids[:1],
            credit_account_id=self.ids[1:],
            amount_minor=10,
            ledger=1,
            code=7,
        )

    def pay(self, *addresses: str) -> None:
        """Pay once, with whoever writes."""
        with client.CellClient(addresses, patience_s=PATIENCE_S) as cell:
            assert set(cell.post(self.batch()).names()) <= {"created", "exists"}
            self.paid += 1
            [one, two] = cell.accounts(self.ids).to_pylist()
        assert (one["debits_posted"], two["credits_posted"]) == (10 * self.paid, 10 * self.paid)

    def is_refused(self, at: str) -> None:
        """See that a process neither takes a payment nor tells a balance."""
        for act in (lambda one: one.post(self.batch()), lambda one: one.accounts(self.ids)):
            with pytest.raises(Problem), client.connect(at, deadline_s=5) as process:
                act(process)


def test_lines_are_as_long_as_between_cities(town: Town) -> None:
    begun = time.monotonic()
    host = town.net.address("a")
    with socket.create_connection((host, 8420), timeout=10):
        assert time.monotonic() - begun > 2 * LINE.delay_ms / 1_000


def test_the_city_that_writes_is_cut_off_and_the_other_goes_on(town: Town) -> None:
    payer = Payer(town)
    payer.pay(*town.addresses())
    lost = town.writer()
    assert lost is not None
    left = other(town, lost)
    town.net.isolate(lost)
    payer.pay(address(town, left))
    assert town.fleet.status("s1").arbitrator == "running"
    payer.is_refused(address(town, lost))
    payer.pay(address(town, left))
    town.heal()
    payer.pay(address(town, lost))  # which tells who writes


def test_the_witness_is_cut_off_and_both_cities_go_on(town: Town) -> None:
    payer = Payer(town)
    town.net.isolate("w")
    payer.pay(*town.addresses())
    town.heal()
    payer.pay(*town.addresses())
    assert payer.paid == 2


def test_without_city_and_witness_a_city_refuses_until_one_is_back(town: Town) -> None:
    payer = Payer(town)
    payer.pay(*town.addresses())
    for one in TWO_CITIES.centres:
        town.net.isolate(one)
    for city in TWO_CITIES.nodes:
        node = town.fleet.node("s1", f"n{city}")
        node.wait(lambda seen: seen.cluster_status == "non-Primary")
        payer.is_refused(address(town, city))
    town.heal()
    payer.pay(*town.addresses())
    assert payer.paid == 2


@pytest.mark.parametrize("fault", [Fault.CENTRE_ALONE, Fault.ONE_WAY, Fault.LOSS, Fault.DELAY])
@pytest.mark.parametrize("city", TWO_CITIES.nodes)
def test_what_people_see_while_a_line_fails_can_have_been_so(
    town: Town, fault: Fault, city: str
) -> None:
    """Each fault lasts longer than a node that is silent is borne with."""
    planned = Planned(
        fault=fault, at_s=1.0, lasts_s=12.0, centre=city, other=other(town, city), jump_s=0
    )
    report, seed = ClusterReport(), len(fault) + ord(city)
    strike_and_judge(town, seed, [planned], report, print)
    assert report.transfers > 0, "nothing was done"
    assert not report.wrong, f"seed → what is wrong: {report.wrong}"
