"""Goal: a cell moves from one real set to another while lines between data centres are cut, and a
customer who pays all the while sees no request fail.

Method: two sets of three Galera nodes over three namespaces, two processes of the cell on each;
while rows are copied a data centre is cut off, or one direction of a line. A mover that gives up is
started again, as its operator would.
"""

import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.app.test_serving import free_ports
from tests.conftest import own_network
from tests.foundation.ledger.sets.cells import ONE, TWO, wait_until
from tests.foundation.ledger.sets.test_moving_processes import check
from tests.foundation.ledger.sets.town import PATIENCE_S, PROGRAM, Customer, Process, place_of
from tests.galera import OPTIONS, node_line
from tests.mariadb import spawned
from yunjin import client
from yunjin.app.chaos.cluster.net import CENTRES, Net, why_not
from yunjin.app.cluster.stage import NoPrograms, check_programs
from yunjin.foundation.database.domain.topology import read_topology
from yunjin.foundation.database.service.fleet import Fleet
from yunjin.foundation.ledger.store.mysql import SetEngine
from yunjin.foundation.ledger.store.passage import Passage

pytestmark = [pytest.mark.galera, pytest.mark.slow, pytest.mark.timeout(1_200)]
NUMBER, ROWS_FIRST, MOVES_MAX = 63, 300, 6
CUT_S = 8.0  # longer than a silent node is borne with


@dataclass
class Place(Process):
    """A process of the cell in a data centre."""

    net: Net | None = None
    centre: str = ""

    @property
    def address(self) -> str:
        assert self.net is not None
        return f"grpc://{self.net.address(self.centre)}:{self.ports[1]}"

    @property
    def environment(self) -> list[str]:
        assert self.net is not None
        listening = f"YUNJIN_HTTP__LISTEN={self.net.address(self.centre)}"
        return [*super().environment, listening]

    @property
    def inside(self) -> list[str]:
        """Return the words that run a program in the data centre."""
        assert self.net is not None
        return ["ip", "netns", "exec", self.net.namespace(self.centre), "env", *self.environment]

    def start(self) -> None:
        self.home.mkdir(exist_ok=True)
        self.running = spawned([*self.inside, *PROGRAM, "cell"])


class Town:
    """Two sets over three data centres, and a cell that goes from one to the other."""

    def __init__(self, home: Path, net: Net) -> None:
        self.net = net
        self.fleet = Fleet(read_topology(_text(home, net)), home=home / "fleet")
        for name in ("s1", "s2"):
            self.fleet.create(name)
        self.urls = [self.fleet.url(name) for name in ("s1", "s2")]
        ports = free_ports(8)
        self.places = [
            Place(
                home / f"p{n}",
                self._url_from(n // 2, centre),
                (ports[2 * n], ports[2 * n + 1]),
                net=net,
                centre=centre,
            )
            for n, centre in enumerate("abbc")
        ]

    def _url_from(self, side: int, centre: str) -> str:
        """Return a set's URL with the node of a data centre first."""
        login, _, rest = self.urls[side].partition("@")
        hosts, _, database = rest.rpartition("/")
        own = f"{self.net.address(centre)}:"
        ordered = sorted(hosts.split(","), key=lambda host: not host.startswith(own))
        return f"{login}@{','.join(ordered)}/{database}"

    def end(self, side: int) -> Passage:
        return Passage(SetEngine(self.urls[side], patience_s=60), 1, f"set {side}")

    def wait(self, is_so: Callable[[], bool]) -> None:
        wait_until(is_so, wait_s=PATIENCE_S)

    def open(self) -> None:
        """Start the processes of the first set, and open the accounts."""
        for place in self.places[:2]:
            place.start()
        self.wait(lambda: any(one.writes() for one in self.places) and self.places[1].serves())
        with client.CellClient([self.places[0].address], patience_s=PATIENCE_S) as cell:
            cell.open_accounts(client.Accounts(id=[ONE, TWO], ledger=1, code=7))

    def _mover(self) -> "subprocess.Popen[bytes]":
        words = ["fleet", "cell", "move", "1", "--to", self.urls[1], "--wait-s", "60"]
        return spawned([*self.places[0].inside, *PROGRAM, *words])

    def move(self, cut: Callable[[], None]) -> int:
        """Move the cell, with a cut in the middle; return how often the command was given."""
        there, healing = self.end(1), threading.Timer(CUT_S, self.net.heal)
        first = self._mover()
        self.wait(lambda: there.end().sequence > 0 or first.poll() is not None)
        assert first.poll() is None, "it ended before rows were seen"
        cut()
        healing.start()
        for times in range(1, MOVES_MAX):
            mover = first if times == 1 else self._mover()
            if mover.wait(PATIENCE_S) == 0:
                healing.join()
                return times
        raise AssertionError("the cell did not move")

    def close(self) -> None:
        for place in self.places:
            place.end(signal.SIGKILL)
        for name in ("s1", "s2"):
            for node in self.fleet.nodes(name):
                node.kill()


def _text(home: Path, net: Net) -> str:
    lines = []
    for centre in CENTRES:
        lines += [f'[data_centres.{centre}]\ncity = "here"\n[hosts.h{centre}]']
        lines += [f'data_centre = "{centre}"\naddress = "{net.address(centre)}"']
        lines += [f'folder = "{home}/{centre}"\nreach = "namespace"']
        lines += [f'namespace = "{net.namespace(centre)}"']
    for name, first in (("s1", 4_000), ("s2", 5_000)):
        ports = (first, first + 1, first + 2, first + 3)
        lines += [f'[sets.{name}]\n{OPTIONS}\nprofile = "lan"\nnodes = [']
        lines += [node_line(f"{name}{centre}", f"h{centre}", ports) for centre in CENTRES]
        lines += ["]"]
    return "\n".join(lines)


@pytest.fixture
def town() -> Iterator[Town]:
    """Two sets and the cell on the first; skipped, visibly, where there can be none."""
    if why := why_not():
        pytest.skip(f"needs Galera: {why}")
    try:
        check_programs()
    except NoPrograms as missing:
        pytest.skip(f"needs Galera: {missing.detail}")
    home = Path(tempfile.mkdtemp(prefix="yj-m-"))
    made: Town | None = None
    try:
        with own_network(NUMBER), Net("yjm", NUMBER).up() as net:
            made = Town(home, net)
            made.open()
            yield made
            made.close()
    finally:
        if made is not None:
            made.close()
        shutil.rmtree(home, ignore_errors=True)


CUTS: dict[str, Callable[[Net], None]] = {
    "the writer's and the mover's": lambda net: net.isolate("a"),
    "where the copy is followed": lambda net: net.isolate("b"),
    "one way": lambda net: net.cut("a", "c", both_ways=False),
}


@pytest.mark.parametrize("cut", CUTS)
def test_a_cell_moves_though_a_line_is_cut(town: Town, cut: str) -> None:
    customer = Customer([place.address for place in town.places[:2]])
    paying = threading.Thread(target=customer.run, daemon=True)
    paying.start()
    try:
        town.wait(lambda: customer.paid > ROWS_FIRST or bool(customer.trouble))
        town.end(1).expect(place_of(town.places[0].url))
        for place in town.places[2:]:
            place.start()
        times = town.move(lambda: CUTS[cut](town.net))
        before = customer.paid
        town.wait(lambda: customer.paid > before + 3 or bool(customer.trouble))
        town.wait(lambda: any(one.writes() for one in town.places[2:]))
    finally:
        customer.over.set()
        paying.join(PATIENCE_S)
    assert not customer.trouble, f"{customer.trouble}; the command was given {times} times"
    check(town, customer, 0)
