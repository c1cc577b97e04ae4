"""What monitoring is told of the doctor: what stands, what was done, what waits for a person."""

from collections.abc import Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from yunjin.chassis.persistence import RoomDatabase
from yunjin.foundation.database.api.doctor import ActionState
from yunjin.foundation.database.store import doctor as store

_OPEN: Final = {
    ActionState.PENDING: "pending",
    ActionState.APPROVED: "running",
    ActionState.RUNNING: "running",
}


def families(room: RoomDatabase) -> Iterator[Metric]:
    """Yield the metrics of the shared record: every process tells the same. Raises: Outage."""
    found, did = room.read(store.count_findings), room.read(store.count_actions)
    standing = GaugeMetricFamily(
        "database_doctor_findings", "Findings that stand.", labels=["set", "severity"]
    )
    for name, severity, count in found:
        standing.add_metric([name, severity.name.lower()], count)
    yield standing
    repairs = CounterMetricFamily(
        "database_doctor_repairs",
        "Remedies by what became of them.",
        labels=["set", "remedy", "state"],
    )
    seconds = CounterMetricFamily(
        "database_doctor_repair_seconds",
        "Time that remedies took which were done.",
        labels=["set", "remedy"],
    )
    waiting = GaugeMetricFamily(
        "database_doctor_remedies",
        "Remedies under way, and pending: waiting for a person.",
        labels=["set", "state"],
    )
    open_now: dict[tuple[str, str], int] = {}
    for name, remedy, state, count, took_ms in did:
        if state in _OPEN:
            key = (name, _OPEN[state])
            open_now[key] = open_now.get(key, 0) + count
            continue
        repairs.add_metric([name, remedy, state.value], count)
        if state is ActionState.DONE:
            seconds.add_metric([name, remedy], took_ms / 1_000)
    for key, count in open_now.items():
        waiting.add_metric(list(key), count)
    yield from (repairs, seconds, waiting)
