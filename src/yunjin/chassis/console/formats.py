"""How values are written for people: money, counts, times, sizes, ids."""

import datetime as dt

from yunjin.chassis.console.context import console
from yunjin.chassis.console.words import t
from yunjin.kernel.clock import instant
from yunjin.kernel.ids import cell_of, sequence_of
from yunjin.kernel.money import format_minor

SECOND_NS = 1_000_000_000


def number(value: int) -> str:
    """Write a count with thousands separators."""
    return f"{value:,}"


def money(minor: int, currency: str) -> str:
    """Write minor units with the currency's decimals and thousands separators."""
    return format_minor(minor, currency, grouped=True)


def local(at_ns: int) -> dt.datetime:
    """Return an instant in the console's zone."""
    return instant(at_ns).astimezone(console().zone)


def moment(at_ns: int, *, fraction: bool = False) -> str:
    """Write an instant in the console's zone: `2026-11-24 09:59:59`, with milliseconds if asked."""
    at = local(at_ns)
    text = at.strftime("%Y-%m-%d %H:%M:%S")
    return f"{text}.{at.microsecond // 1000:03d}" if fraction else text


def clock_time(at_ns: int) -> str:
    """Write the time of day of an instant: `09:59:59`."""
    return local(at_ns).strftime("%H:%M:%S")


def zone_name() -> str:
    """Name the zone times are written in: `Asia/Shanghai`."""
    return str(console().zone)


def day_start_ns(day: dt.date) -> int:
    """Return the instant a day begins in the console's zone, ns."""
    start = dt.datetime.combine(day, dt.time(), console().zone)
    since = start - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return (since.days * 86_400 + since.seconds) * SECOND_NS


def parse_day(text: str) -> dt.date | None:
    """Read `2026-11-24`; anything else is no day."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def duration(seconds: int) -> str:
    """Write a span in its two largest units: `2 h 5 min`."""
    units = ((86_400, "unit.day"), (3_600, "unit.hour"), (60, "unit.minute"), (1, "unit.second"))
    parts: list[str] = []
    for size, key in units:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {t(key)}")
    return " ".join(parts[:2]) or f"0 {t('unit.second')}"


def size(byte_count: int) -> str:
    """Write a size in bytes, KiB or MiB with one decimal."""
    for unit, factor in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if byte_count >= factor:
            tenths = byte_count * 10 // factor
            return f"{tenths // 10:,}.{tenths % 10} {unit}"
    return f"{byte_count} B"


def account(account_id: int) -> str:
    """Write an account's id in short: cell and sequence, `1-000042`."""
    return f"{cell_of(account_id)}-{sequence_of(account_id):06d}"


def shortened(text: str, *, head: int = 8, tail: int = 4) -> str:
    """Write a long id by its ends: `0193a5b2…9f3c`."""
    return text if len(text) <= head + tail + 1 else f"{text[:head]}…{text[-tail:]}"
