"""Volumes under two price books, side by side. Pure."""

from collections import defaultdict

import pyarrow as pa

from yunjin.platforms.capability.api.pricing import PriceStatus, SimulatedLine, Simulation

_PRICED = (PriceStatus.PRICED, PriceStatus.FREE)


def compared(
    fee: str,
    version: int,
    currency: str,
    volumes: pa.RecordBatch,
    before: pa.RecordBatch,
    after: pa.RecordBatch,
) -> Simulation:
    """Return the sums of two answers (BATCH_ANSWERS) over volumes; sums are exact, of any size."""
    rows = volumes.num_rows
    times = volumes["times"].to_pylist() if "times" in volumes.schema.names else [1] * rows
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    unpriced = 0
    columns = (
        times,
        before["status"].to_pylist(),
        after["status"].to_pylist(),
        after["price"].to_pylist(),
        before["total_minor"].to_pylist(),
        after["total_minor"].to_pylist(),
    )
    for count, was, now, price, old, new in zip(*columns, strict=True):
        if was not in _PRICED or now not in _PRICED:
            unpriced += 1
            continue
        of = sums[price]
        of[0] += count
        of[1] += count * old
        of[2] += count * new
    lines = [
        SimulatedLine(price=price, times=count, before_minor=old, after_minor=new)
        for price, (count, old, new) in sorted(sums.items())
    ]
    return Simulation(
        fee=fee,
        version=version,
        currency=currency,
        times=sum(one.times for one in lines),
        before_minor=sum(one.before_minor for one in lines),
        after_minor=sum(one.after_minor for one in lines),
        unpriced=unpriced,
        lines=tuple(lines),
    )
