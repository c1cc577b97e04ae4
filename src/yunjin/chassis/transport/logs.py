"""Logs: one JSON object a line, with tenant and trace; event names are constants.

Write `log.info("transfer.refused", result_code=62)`: fields, no sentences, no personal data.
"""

import contextlib
import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from yunjin.chassis.transport import trace
from yunjin.kernel import tenant as tenants
from yunjin.kernel.clock import Clock, instant
from yunjin.kernel.errors import Bug, Problem

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
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
            ],
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log every address


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
        event["facts"] = error.facts
    return event
