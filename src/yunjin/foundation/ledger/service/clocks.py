"""Whether this machine's clock may give transfers their times."""

from yunjin.foundation.ledger.errors import ClockOff
from yunjin.foundation.ledger.store.mysql import SetEngine
from yunjin.kernel.clock import Clock


def check(url: str, clock: Clock, *, off_s_max: float) -> None:
    """See that a clock is that of the set at `url`. Raises: ClockOff, Outage."""
    engine = SetEngine(url)
    try:
        off_s = (clock.now_ns() - engine.clock_ns()) / 1e9
    finally:
        engine.close()
    if abs(off_s) > off_s_max:
        way = "ahead of" if off_s > 0 else "behind"
        raise ClockOff(
            f"This machine's clock is {abs(off_s):.1f} s {way} the set's. Let a time service set "
            "both (chronyc makestep), or raise ledger.clock_off_s_max.",
            off_ms=round(off_s * 1_000),
        )
