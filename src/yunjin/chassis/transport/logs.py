"""Logs: one JSON object a line, with tenant and trace; event names are constants.

Write `log.info("transfer.refused", result_code=62)`: fields, no sentences, no personal data.

A traceback has lines of code and never the values of variables: those may be a customer's, and to
write out a book of a million agreements would hold the server for minutes.
"""

import contextlib
import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, Final, TextIO

import structlog
from structlog.typing import ExcInfo

from yunjin.chassis.transport import trace
from yunjin.kernel import tenant as tenants
from yunjin.kernel.clock import Clock, instant
from yunjin.kernel.errors import Bug, Problem

FRAMES_MAX: Final = 20  # the innermost, of each exception of a chain
TRACE_CHARS_MAX: Final = 16_000
FACT_CHARS_MAX: Final = 500
ITEMS_MAX: Final = 20  # of a fact
Event = MutableMapping[str, Any]


def configure_logs(clock: Clock, *, level: str = "info") -> None:
    """Send the process's logs, other libraries' too, to stderr as JSON lines.

    Parameters
    ----------
    level : the lowest that is written: debug, info, warning or error.
    """

    def stamped(_: Any, __: str, event: Event) -> Event:
        event["at"] = instant(clock.now_ns()).isoformat().replace("+00:00", "Z")
        return event

    common = [structlog.stdlib.add_log_level, stamped, _placed, _problem_facts]
    structlog.configure(
        processors=[*common, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=common,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.ExceptionRenderer(trace_of),
                structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
            ],
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log every address


def configure_plain_logs() -> None:
    """Send logs to stderr in lines for people, unless logs are set up already."""
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            _placed,
            _problem_facts,
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=_write_trace),
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def trace_of(exc_info: ExcInfo) -> str:
    """Return a traceback of bounded length: both ends of it, should it be too long."""
    kind, error, frames = exc_info
    told = traceback.TracebackException(kind, error, frames, limit=-FRAMES_MAX, compact=True)
    text = "".join(told.format()).rstrip()
    half = TRACE_CHARS_MAX // 2
    return text if len(text) <= 2 * half else f"{text[:half]}\n…\n{text[-half:]}"


def _write_trace(out: TextIO, exc_info: ExcInfo) -> None:
    out.write(f"\n{trace_of(exc_info)}")


def _placed(_: Any, __: str, event: Event) -> Event:
    """Add whose call it is and where it stands."""
    with contextlib.suppress(Bug):  # lines outside of any call have no tenant
        event["tenant"] = tenants.current()
    here = trace.current()
    if here is not None:
        event["trace_id"] = here.trace_id
    return event


def _problem_facts(_: Any, __: str, event: Event) -> Event:
    """Add what a problem knows; only the log may see the facts of a Bug."""
    error = event.get("exc_info")
    if isinstance(error, Problem):
        event["problem"] = error.code
        event["facts"] = {name: _brief(fact) for name, fact in error.facts.items()}
    return event


def _brief(fact: Any) -> Any:
    """Return a fact as a line can hold it."""
    if fact is None or isinstance(fact, int):
        return fact
    if isinstance(fact, list | tuple):
        return [_brief(one) for one in fact[:ITEMS_MAX]]
    return str(fact)[:FACT_CHARS_MAX]
