"""What things cost on a measured machine: the only numbers that the simulation believes."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from yunjin.kernel.errors import Malformed

Seconds = Annotated[float, Field(ge=0, le=86_400)]
Pace = Annotated[float, Field(gt=0, le=4)]
VERSION: Final = 1


class Model(BaseModel):
    """Frozen, and nothing unknown in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Batch(Model):
    """Batches of one size, each committed alone: pairs of samples, sorted by their sum."""

    rows: int = Field(ge=1, le=65_535)
    cpu_s: tuple[Seconds, ...] = Field(min_length=10)  # of the threads that apply and commit
    wait_s: tuple[Seconds, ...] = Field(min_length=10)  # for the disk, and for whoever wakes it

    @model_validator(mode="after")
    def _are_pairs(self) -> "Batch":
        if len(self.cpu_s) != len(self.wait_s):
            raise ValueError("expected as many waits as CPU times")
        return self


class Costs(Model):
    """One machine's costs, as `yunjin fleet plan calibrate` measures and writes them.

    Data: one cell in one process on a machine, beside busy loops for the paces; the results of
    the benchmarks `http`, `ledger` and `posting` for what stands in front of a cell.
    Fair use: machines of the same kind. Known failures: docs/explanation/planning.md.
    """

    version: int = Field(VERSION, ge=VERSION, le=VERSION)
    machine: str = Field(max_length=200)  # processor, versions, commit: what they depend on
    cores: int = Field(ge=1, le=1_024)
    batches: tuple[Batch, ...] = Field(min_length=2)
    commit_cpu_s: Seconds  # of a commit, whatever it holds
    commit_wait_s: Seconds
    apply_share: float = Field(ge=0, le=1)  # of a batch's own CPU: before the commit, not in it
    eager_share: float = Field(ge=0, le=1)  # of commits that do not wait for all who are ready
    caller_cpu_s: Seconds  # of handing a batch in and hearing its answer, in the cell's process
    beside_cpu_s_per_million: Seconds  # transfers: checkpoints, which nobody waits for
    core_paces: tuple[Pace, ...] = Field(min_length=1)  # of each of k that want a core, k = 1, 2, …
    disk_paces: tuple[Pace, ...] = Field(min_length=1)  # of each of k that sync at once
    start_cpu_s: Seconds  # from nothing to the first durable answer, with an empty journal
    start_wait_s: Seconds
    start_crowding: float = Field(1.0, ge=1, le=10)  # times the CPU of a start, beside 4 a core
    replay_cpu_s_per_million: Seconds  # transfers read back and applied
    replay_wait_s_per_million: Seconds
    load_s_per_million: Seconds  # accounts of a checkpoint read into memory
    take_over_s: Seconds  # a standby that has read along: from a death to the first answer
    detect_s: Seconds  # until a death is believed
    account_bytes: int = Field(ge=1)  # of memory in a cell
    transfer_bytes: float = Field(ge=1)  # of disk in a journal
    transfer_cpu_s_per_million: Seconds  # in full batches, all threads of the cell
    logic_cpu_s_per_million: Seconds  # entries in batches, with limits, hooks, general ledger
    single_cpu_s_per_million: Seconds  # single transfers over HTTP: gateway and cell
    query_cpu_s_per_million: Seconds  # balances and histories over HTTP
    replica_cpu_s_per_million: Seconds  # transfers written again on another node of the set

    def samples(self, rows: int) -> "tuple[Any, Any]":
        """Return CPU and wait of a batch of so many rows beyond those of its commit, float64[n].

        Pairs of equal rank are drawn together. Between two measured sizes: on the line between
        their quantiles; beyond the last: on the line through the last two.
        """
        sizes = [one.rows for one in self.batches]
        upper = min(max(1, int(np.searchsorted(sizes, rows))), len(sizes) - 1)
        low, high = self.batches[upper - 1], self.batches[upper]
        part = (rows - low.rows) / (high.rows - low.rows)
        count = max(len(low.cpu_s), len(high.cpu_s))
        cpu, wait = (
            _resampled(first, count) * (1 - part) + _resampled(second, count) * part
            for first, second in ((low.cpu_s, high.cpu_s), (low.wait_s, high.wait_s))
        )
        return np.maximum(cpu, 0) - self.commit_cpu_s, np.maximum(wait, 0) - self.commit_wait_s

    def faster(self, speed: float) -> "Costs":
        """Return the costs of cores that are `speed` times as fast; waits stay as they are."""
        batches = [
            one.model_copy(update={"cpu_s": tuple(each / speed for each in one.cpu_s)})
            for one in self.batches
        ]
        changed = {
            name: getattr(self, name) / speed for name in type(self).model_fields if "cpu_s" in name
        }
        return self.model_copy(update={**changed, "batches": tuple(batches)})

    @model_validator(mode="after")
    def _grow(self) -> "Costs":
        sizes = [one.rows for one in self.batches]
        if sizes != sorted(set(sizes)):
            raise ValueError("expected batches by growing rows")
        return self


def _resampled(values: Sequence[float], count: int) -> Any:
    places = np.linspace(0, len(values) - 1, count)
    return np.interp(places, np.arange(len(values)), np.array(values))


def read(kind: type[Any], document: Any, name: str) -> Any:
    """Return a model of what a file holds.

    Raises: Malformed, with each field that is wrong and why.
    """
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        found = [
            f"{'.'.join(map(str, one['loc'])) or 'the whole'}: {one['msg']}"
            for one in error.errors()
        ]
        raise Malformed(f"{name}: {'; '.join(found[:5])}", wrong=len(found)) from None
