"""Goal: the engine keeps time and queues as queueing theory has it.

Method: fixed seeds, means of many customers held against exact results: Pollaczek-Khinchine for
M/D/1, Erlang C for M/M/c, the stationary number in system for M/D/c (Crommelin 1932), and the
insensitivity of processor sharing.
"""

from collections.abc import Callable
from math import factorial
from typing import Any

import numpy as np
import pytest

from yunjin.foundation.database.domain.planning.engine import Queue, Shared, Simulation
from yunjin.kernel.errors import Bug

CUSTOMERS = 60_000
Serve = Callable[..., None]


def times(serve_by: Callable[[Simulation], Serve], load: float, services: Any) -> Any:
    """Return each customer's time in the system; services take 1 on average, arrivals are Poisson.

    load: arrivals a unit of time.
    """
    simulation, took = Simulation(), np.zeros(CUSTOMERS)
    serve = serve_by(simulation)
    due = np.cumsum(np.random.default_rng(7).exponential(1 / load, CUSTOMERS)).tolist()

    def heard(place: int) -> None:
        took[place] = simulation.now - due[place]

    for place, (at, service) in enumerate(zip(due, services.tolist(), strict=True)):
        simulation.at(at, serve, service, heard, place)
    simulation.run()
    assert (took > 0).all()
    return took


def exponential() -> Any:
    return np.random.default_rng(9).exponential(1.0, CUSTOMERS)


def constant() -> Any:
    return np.ones(CUSTOMERS)


def erlang_c(servers: int, load: float) -> float:
    """The mean wait of M/M/c with a mean service of 1."""
    terms = [load**n / factorial(n) for n in range(servers)]
    last = load**servers / factorial(servers) * servers / (servers - load)
    return last / (sum(terms) + last) / (servers - load)


def crommelin(servers: int, load: float) -> float:
    """The mean wait of M/D/c: X(t + 1) = max(X(t) - c, 0) + Poisson(load), then Little's law."""
    size = 400
    arrivals = np.exp(-load) * np.cumprod([1.0, *(load / np.arange(1, size))])
    number = np.eye(1, size)[0]
    for _ in range(3_000):
        left = np.concatenate([[number[: servers + 1].sum()], number[servers + 1 :]])
        number = np.convolve(left, arrivals)[:size]
    return float(np.maximum(np.arange(size) - servers, 0) @ number / load)


@pytest.mark.parametrize("servers", [1, 3])
def test_exponential_services_wait_as_erlang_reckoned(servers: int) -> None:
    load = 0.7 * servers
    took = times(lambda now: Queue(now, servers=servers).serve, load, exponential())
    assert took.mean() - 1 == pytest.approx(erlang_c(servers, load), rel=0.08)


@pytest.mark.parametrize("servers", [1, 2, 5])
def test_constant_services_wait_as_crommelin_reckoned(servers: int) -> None:
    load = 0.8 * servers
    took = times(lambda now: Queue(now, servers=servers).serve, load, constant())
    assert took.mean() - 1 == pytest.approx(crommelin(servers, load), rel=0.08)


def test_the_oracle_of_one_server_is_that_of_pollaczek_and_khinchine() -> None:
    assert crommelin(1, 0.8) == pytest.approx(0.8 / (2 * 0.2), rel=1e-6)


def test_the_tail_of_one_server_falls_off_as_it_must() -> None:
    took = times(lambda now: Queue(now).serve, 0.5, exponential())
    assert np.percentile(took, 99) == pytest.approx(np.log(100) / 0.5, rel=0.08)


@pytest.mark.parametrize("services", [exponential, constant])
def test_shared_work_takes_the_same_whatever_its_spread(services: Callable[[], Any]) -> None:
    took = times(lambda now: Shared(now, [1.0]).work, 0.6, services())
    assert took.mean() == pytest.approx(1 / 0.4, rel=0.08)


def test_two_cores_give_two_all_and_four_half() -> None:
    ends: list[float] = []
    for count in (1, 2, 4):
        simulation = Simulation()
        cores = Shared(simulation, [1.0, 1.0])
        for _ in range(count):
            cores.work(3.0, lambda now=simulation: ends.append(now.now))
        simulation.run()
        assert cores.busy_s == pytest.approx(3.0 * count)
    assert ends == pytest.approx([3.0, 3.0, 3.0, 6.0, 6.0, 6.0, 6.0])


def test_what_comes_later_slows_what_is_there() -> None:
    """1 s of work alone for 0.5 s, then beside another: ends at 1.5 s; the other at 2 s."""
    simulation, ends = Simulation(), {}
    core = Shared(simulation, [1.0])

    def end(name: str) -> None:
        ends[name] = simulation.now

    core.work(1.0, end, "first")
    simulation.at(0.5, core.work, 1.0, end, "second")
    simulation.run()
    assert ends == pytest.approx({"first": 1.5, "second": 2.0})


def test_one_instant_keeps_the_order_in_which_it_was_asked_for() -> None:
    simulation, heard = Simulation(), []
    for number in range(5):
        simulation.at(1.0, heard.append, number)
    simulation.run()
    assert heard == [0, 1, 2, 3, 4]


def test_the_past_cannot_be_changed() -> None:
    simulation = Simulation()
    simulation.run(until_s=2.0)
    assert simulation.now == 2.0
    with pytest.raises(Bug, match="expected an instant from"):
        simulation.at(1.0, print)
