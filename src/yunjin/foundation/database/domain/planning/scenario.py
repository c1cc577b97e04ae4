"""What is planned: how much money moves, on what hosts, in which data centres, and what breaks."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from yunjin.foundation.database.domain.planning.costs import Model

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Milliseconds = Annotated[float, Field(ge=0, le=1_000)]
Years = Annotated[float, Field(gt=0, le=10_000)]
HOSTS_MAX, CELLS_MAX = 10_000, 1_000
ACCOUNTS_MAX = 30_000_000_000


class Centre(Model):
    """A data centre 机房. A witness 见证 votes and keeps a copy, but runs no cells."""

    name: Name
    city: Name
    is_witness: bool = False


class Host(Model):
    """A machine as bought; `speed` of a core against one of the measured machine."""

    cores: int = Field(32, ge=1, le=1_024)
    memory_gib: int = Field(256, ge=1, le=65_536)
    disk_gb: int = Field(4_000, ge=1, le=10_000_000)
    speed: float = Field(1.0, gt=0.05, le=20)


class Journeys(Model):
    """There and back on the network, ms."""

    centre_ms: Milliseconds = 0.2
    city_ms: Milliseconds = 1.0
    cities_ms: Milliseconds = 30.0


class Faults(Model):
    """How often things break (mean years of one) and how long that lasts. Yours to set.

    Source of the defaults: none but prudence; put your own records in. Upgrades are planned: a
    host at a time in each data centre, the writer handed over before.
    """

    host_years: Years = 2.0
    host_hours: float = Field(4.0, gt=0, le=10_000)  # until it, or a new one, is back
    centre_years: Years = 10.0
    centre_hours: float = Field(8.0, gt=0, le=10_000)
    cut_years: Years = 2.0  # a data centre cut off from the others, its hosts alive
    cut_minutes: float = Field(10.0, gt=0, le=100_000)
    upgrades_a_year: int = Field(4, ge=0, le=366)
    upgrade_minutes: float = Field(5.0, gt=0, le=1_000)  # of one host


class Scenario(Model):
    """One installation at its peak."""

    name: Name
    words: str = Field("", max_length=500)
    customers: int = Field(ge=1, le=2_000_000_000)
    accounts: int = Field(ge=1, le=ACCOUNTS_MAX)
    transfers_per_s: float = Field(gt=0, le=50_000_000)  # peak
    transfers_a_day: int = Field(ge=1, le=10**12)  # mean, for the disks
    queries_per_s: float = Field(0, ge=0, le=50_000_000)  # peak
    single_share: float = Field(0.0, ge=0, le=1)  # of transfers: one by one over HTTP
    product_share: float = Field(1.0, ge=0, le=1)  # of transfers: entries with product logic
    batch_rows: int = Field(1_000, ge=1, le=8_190)
    cells: int = Field(ge=1, le=CELLS_MAX)
    copies: int = Field(3, ge=1, le=7)  # nodes of a set, each on a host of its own
    commit: Literal["all", "majority"] = "all"  # Galera's is all
    p99_ms: float = Field(150, gt=0, le=60_000)  # the goal
    utilisation_max: float = Field(0.6, gt=0, le=0.95)  # of a host's cores at the peak
    years_kept: float = Field(1.0, gt=0, le=50)  # of journal on the hosts' disks
    centres: tuple[Centre, ...] = Field(min_length=1, max_length=20)
    host: Host = Host()
    journeys: Journeys = Journeys()
    faults: Faults = Faults()

    @model_validator(mode="after")
    def _is_possible(self) -> "Scenario":
        names = [one.name for one in self.centres]
        if len(set(names)) != len(names):
            raise ValueError("expected data centres of different names")
        if all(one.is_witness for one in self.centres):
            raise ValueError("expected a data centre that is no witness: only those run cells")
        if self.accounts < self.customers:
            raise ValueError("expected at least an account a customer")
        return self

    @property
    def running(self) -> tuple[Centre, ...]:
        """The data centres that run cells."""
        return tuple(one for one in self.centres if not one.is_witness)

    def placed(self, cell: int) -> list[int]:
        """Return the place in `centres` of each copy of a cell's set; the writer's is the first.

        Copies go round the data centres, so that no centre has two before each has one; a witness
        is last, so that a writer never moves there while another is left.
        """
        first = cell % len(self.running)
        home = self.centres.index(self.running[first])
        others = [at for at in range(len(self.centres)) if at != home]
        turned = others[cell % max(1, len(others)) :] + others[: cell % max(1, len(others))]
        order = [home, *sorted(turned, key=lambda at: self.centres[at].is_witness)]
        return [order[copy % len(order)] for copy in range(self.copies)]

    def journeys_s(self, cell: int = 0) -> tuple[float, ...]:
        """Return how far the other copies of a cell's set are, there and back."""
        places = [self.centres[at] for at in self.placed(cell)]
        return tuple(self._journey_ms(places[0], one) / 1e3 for one in places[1:])

    def _journey_ms(self, one: Centre, other: Centre) -> float:
        if one.name == other.name:
            return self.journeys.centre_ms
        return self.journeys.city_ms if one.city == other.city else self.journeys.cities_ms

    @property
    def quorum(self) -> int:
        """How many nodes of a set have to live."""
        return self.copies // 2 + 1

    @property
    def copies_needed(self) -> int:
        """How many others a commit waits for."""
        return self.copies - 1 if self.commit == "all" else self.quorum - 1


class Prices(Model):
    """What things cost you a year, in minor units of a currency. There is no default on purpose."""

    currency: str = Field(pattern="^[A-Z]{3}$")
    source: str = Field(min_length=3, max_length=500)  # whose prices, of when
    host_year_minor: int = Field(ge=0, le=10**12)  # bought, housed, powered, looked after
    disk_tb_year_minor: int = Field(0, ge=0, le=10**12)
    centre_year_minor: int = Field(0, ge=0, le=10**15)
