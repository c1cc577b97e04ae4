"""How many hosts a scenario needs, and what that comes to for an account and a year."""

from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from typing import Final

from yunjin.foundation.database.domain.planning.costs import Costs
from yunjin.foundation.database.domain.planning.scenario import HOSTS_MAX, Prices, Scenario
from yunjin.foundation.database.errors import PlanTooLarge
from yunjin.kernel.money import format_minor

_GIB: Final = 1 << 30
_OWN_GIB: Final = 4  # of a host's memory for its system
_CELL_GIB: Final = 1  # of a cell's process before its accounts: ids of the recent window, code
_DAYS: Final = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizing:
    """Hosts, what they are for, and what bounds each kind."""

    cell_hosts: int  # they run writers, standbys and nodes of sets
    gateway_hosts: int  # HTTP: single transfers and queries
    bound: str  # what the number of cell hosts follows from: cores, memory, disk or copies
    cell_transfers_per_s: float
    cell_accounts: int
    cells_a_host: int  # writers on the fullest host
    cores_busy: float  # of all cell hosts at the peak
    gateway_cores_busy: float
    memory_gib: float
    disk_gb: float

    @property
    def hosts(self) -> int:
        """All of them."""
        return self.cell_hosts + self.gateway_hosts


def batch_cpu_s(costs: Costs, scenario: Scenario) -> float:
    """Return CPU of all threads of a cell for a transfer, with the batch in a commit of its own."""
    cpu_s, _ = costs.samples(scenario.batch_rows)
    own_s: float = cpu_s.mean().item()
    whole = costs.commit_cpu_s + own_s + costs.caller_cpu_s
    beside = costs.beside_cpu_s_per_million / 1e6
    logic = scenario.product_share * costs.logic_cpu_s_per_million / 1e6
    return whole / scenario.batch_rows + beside + logic


def size(costs: Costs, scenario: Scenario) -> Sizing:
    """Return how many hosts are needed at the peak.

    A standby reads along on another host of its set and holds the same accounts in memory; every
    copy has the journal on its disk.

    Raises: PlanTooLarge.
    """
    host, speed = scenario.host, scenario.host.speed
    rate = scenario.transfers_per_s
    standbys = min(1, scenario.copies - 1)
    cpu_s = batch_cpu_s(costs, scenario) + standbys * costs.replay_cpu_s_per_million / 1e6
    cpu_s += (scenario.copies - 1) * costs.replica_cpu_s_per_million / 1e6
    cores_busy = rate * cpu_s / speed
    memory = (1 + standbys) * (
        scenario.accounts * costs.account_bytes / _GIB + scenario.cells * _CELL_GIB
    )
    disk = scenario.transfers_a_day * _DAYS * scenario.years_kept * costs.transfer_bytes / 1e9
    disk *= scenario.copies
    needs = {
        "cores": cores_busy / (host.cores * scenario.utilisation_max),
        "memory": memory / max(1, host.memory_gib - _OWN_GIB),
        "disk": disk / (host.disk_gb * 0.8),
        "copies": max(scenario.copies, len(scenario.centres)),
    }
    bound = max(needs, key=lambda name: needs[name])
    cell_hosts = ceil(needs[bound])
    singles = rate * scenario.single_share * costs.single_cpu_s_per_million / 1e6
    queries = scenario.queries_per_s * costs.query_cpu_s_per_million / 1e6
    gateway_cores = (singles + queries) / speed
    gateways = ceil(gateway_cores / (host.cores * scenario.utilisation_max))
    if cell_hosts + gateways > HOSTS_MAX:
        raise PlanTooLarge(
            f"{scenario.name} needs {cell_hosts + gateways:,} hosts ({bound} bound the cells'); "
            f"at most {HOSTS_MAX:,} can be planned. Take larger hosts.",
            hosts=cell_hosts + gateways,
        )
    writers_on = max(1, cell_hosts * len(scenario.running) // len(scenario.centres))
    return Sizing(
        cell_hosts=cell_hosts,
        gateway_hosts=gateways,
        bound=bound,
        cell_transfers_per_s=rate / scenario.cells,
        cell_accounts=ceil(scenario.accounts / scenario.cells),
        cells_a_host=ceil(scenario.cells / writers_on),
        cores_busy=cores_busy,
        gateway_cores_busy=gateway_cores,
        memory_gib=memory,
        disk_gb=disk,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Yearly:
    """What an installation comes to in a year."""

    currency: str
    source: str
    total_minor: int
    per_account: str  # decimal, in major units
    per_customer: str


def yearly(sizing: Sizing, scenario: Scenario, prices: Prices) -> Yearly:
    """Return the cost of a year by somebody's prices."""
    total = sizing.hosts * prices.host_year_minor
    total += ceil(sizing.disk_gb / 1_000) * prices.disk_tb_year_minor
    total += len(scenario.centres) * prices.centre_year_minor
    major = Decimal(format_minor(total, prices.currency))
    return Yearly(
        currency=prices.currency,
        source=prices.source,
        total_minor=total,
        per_account=f"{major / scenario.accounts:.9f}",
        per_customer=f"{major / scenario.customers:.6f}",
    )
