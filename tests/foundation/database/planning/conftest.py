"""Costs and scenarios with round numbers, so that a test can reckon in its head."""

from typing import Any

import pytest

from yunjin.foundation.database.domain.planning.costs import Batch, Costs
from yunjin.foundation.database.domain.planning.scenario import Centre, Scenario

MS = 1e-3


def costs_of(**changes: Any) -> Costs:
    """Return costs of a machine whose batches all take 1 ms of CPU and 1 ms of waiting."""
    told: dict[str, Any] = {
        "machine": "made up",
        "cores": 2,
        "batches": (batch(1), batch(1_000)),
        "commit_cpu_s": 0.4 * MS,
        "commit_wait_s": 1.0 * MS,
        "apply_share": 0.5,
        "eager_share": 0.0,
        "caller_cpu_s": 0.0,
        "beside_cpu_s_per_million": 0.0,
        "core_paces": (1.0, 1.0, 2 / 3, 0.5),
        "disk_paces": (1.0,) * 16,
        "start_cpu_s": 1.0,
        "start_wait_s": 0.5,
        "replay_cpu_s_per_million": 2.0,
        "replay_wait_s_per_million": 0.0,
        "load_s_per_million": 0.5,
        "take_over_s": 2.0,
        "detect_s": 1.0,
        "account_bytes": 100,
        "transfer_bytes": 50,
        "transfer_cpu_s_per_million": 1.0,
        "logic_cpu_s_per_million": 0.0,
        "single_cpu_s_per_million": 100.0,
        "query_cpu_s_per_million": 100.0,
        "replica_cpu_s_per_million": 1.0,
    }
    return Costs(**{**told, **changes})


def batch(rows: int, *, cpu_ms: float = 1.0, wait_ms: float = 1.0) -> Batch:
    """Return a size of batches that all cost the same."""
    return Batch(rows=rows, cpu_s=(cpu_ms * MS,) * 10, wait_s=(wait_ms * MS,) * 10)


def scenario_of(**changes: Any) -> Scenario:
    """Return three data centres of one city with twelve cells."""
    centres = tuple(Centre(name=name, city="one") for name in ("east", "west", "north"))
    told: dict[str, Any] = {
        "name": "tried",
        "customers": 1_000_000,
        "accounts": 4_000_000,
        "transfers_per_s": 12_000,
        "transfers_a_day": 10_000_000,
        "queries_per_s": 10_000,
        "batch_rows": 100,
        "cells": 12,
        "centres": centres,
    }
    return Scenario(**{**told, **changes})


@pytest.fixture
def costs() -> Costs:
    """The round costs."""
    return costs_of()


@pytest.fixture
def scenario() -> Scenario:
    """The three data centres."""
    return scenario_of()
