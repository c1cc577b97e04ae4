"""How long, or until when, a timer waits: ISO 8601, in seconds and instants that are certain."""

import datetime as dt
import re
from typing import Final

from yunjin.platforms.capability.domain.bpmn.expressions import Unanswerable

YEARS_MAX: Final = 10
_SPAN: Final = re.compile(
    r"P(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,8})M)?(?:(?P<seconds>\d{1,9})S)?)?"
)


def end_ns(said: object, began_ns: int) -> int:
    """Return when a timer that began then ends, in nanoseconds since 1970.

    Parameters
    ----------
    said : a duration such as P2DT12H, or an instant with its zone.

    Raises: Unanswerable. Months and years are refused: how long they are depends.
    """
    text = str(said).strip()
    span = _SPAN.fullmatch(text)
    if span is not None and text not in ("P", "PT") and not text.endswith("T"):
        parts = {name: int(found) for name, found in span.groupdict().items() if found}
        seconds = int(dt.timedelta(**parts).total_seconds())
        if seconds > YEARS_MAX * 366 * 86_400:
            raise Unanswerable(f"expected at most {YEARS_MAX} years, was {text[:40]}")
        return began_ns + seconds * 1_000_000_000
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not 1970 < at.year < 2260:
        why = "expected a duration such as P2DT12H, or an instant with its zone"
        raise Unanswerable(f"{why}, was {text[:40]!r}")
    since = at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000_000
