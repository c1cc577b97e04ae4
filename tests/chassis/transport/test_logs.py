"""Goal: a log line is one JSON object that says what, when, whose and in which trace.
Method: a child process writes lines of every kind; its stderr is read back.
"""

import json
import subprocess
import sys

PROGRAM = """
import logging
import structlog
from yunjin.chassis.transport import Trace, configure_logs
from yunjin.kernel import tenant
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.errors import Bug

configure_logs(FixedClock(1_000_000_000), level="info")
log = structlog.get_logger()
log.debug("too.low")
log.info("room.opened", row_count=2)
with tenant.entered("demo"):
    Trace.enter("00-0123456789abcdef0123456789abcdef-0123456789abcdef-01")
    try:
        raise Bug("expected 1, was 2", row=7)
    except Bug as error:
        log.error("request.failed", exc_info=error)
logging.getLogger("other").warning("a library %s", "speaks")
"""


def test_lines_are_json_with_tenant_and_trace() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    opened, failed, other = (json.loads(line) for line in done.stderr.splitlines())
    assert opened == {
        "event": "room.opened",
        "level": "info",
        "at": "1970-01-01T00:00:01Z",
        "row_count": 2,
    }
    assert (failed["tenant"], failed["trace_id"]) == ("demo", "0123456789abcdef0123456789abcdef")
    assert (failed["problem"], failed["facts"]) == ("kernel/bug", {"row": 7})
    assert "expected 1, was 2" in failed["exception"]
    assert (other["event"], other["level"]) == ("a library speaks", "warning")
