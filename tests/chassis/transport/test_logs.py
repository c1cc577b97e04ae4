"""Goal: a log line is one JSON object that says what, when, whose and in which trace, and is short.
Method: a child process writes lines of every kind; its stderr is read back. Tracebacks are made of
errors that are deep, long or chained, with locals that nobody may write out.
"""

import json
import subprocess
import sys
from typing import Any

from yunjin.chassis.transport.logs import FRAMES_MAX, TRACE_CHARS_MAX, trace_of

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


class Hidden:
    """A local that tells when it is written out."""

    def __repr__(self) -> str:
        raise AssertionError("expected no local to be written out, was one")


def deep(steps: int, hidden: Any) -> None:
    """Fail so many calls further in."""
    if steps:
        deeper(steps, hidden)
    raise ValueError("the innermost")


def deeper(steps: int, hidden: Any) -> None:
    """Go on; a frame of its own, for equal ones are told as one."""
    deep(steps - 1, hidden)


def caught(steps: int) -> str:
    """Return the traceback of a failure so many calls in."""
    try:
        deep(steps, Hidden())
    except ValueError as error:
        return trace_of((ValueError, error, error.__traceback__))
    return ""


def test_a_traceback_ends_where_it_broke_and_shows_no_locals() -> None:
    told = caught(3)
    assert told.startswith("Traceback")
    assert told.endswith("ValueError: the innermost")


def test_a_deep_traceback_has_its_innermost_frames() -> None:
    assert caught(200).count("test_logs.py") == FRAMES_MAX
    assert "in caught" not in caught(200)


def test_a_long_chain_and_a_long_message_are_cut_in_the_middle() -> None:
    error: Exception = ValueError("the first")
    for number in range(200):
        try:
            raise RuntimeError(f"number {number}") from error
        except RuntimeError as next_one:
            error = next_one
    for one in (error, ValueError("x" * 10**6)):
        told = trace_of((type(one), one, one.__traceback__))
        assert TRACE_CHARS_MAX < len(told) < TRACE_CHARS_MAX + 10
        assert "\n…\n" in told
    assert trace_of((type(error), error, error.__traceback__)).endswith("number 199")


PLAIN = """
import structlog
from yunjin.chassis.transport import configure_logs, configure_plain_logs
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.errors import Bug

configure_plain_logs()
try:
    million = list(range(1_000_000))
    raise Bug("expected 1, was 2", rows=million, text="y" * 1_000)
except Bug as error:
    structlog.get_logger().error("flow.failed", exc_info=error)
configure_logs(FixedClock(0))
configure_plain_logs()  # changes nothing any more
structlog.get_logger().error("flow.failed")
"""


def test_without_set_up_logs_go_to_stderr_in_short_lines() -> None:
    done = subprocess.run([sys.executable, "-c", PLAIN], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert "flow.failed" in done.stderr
    assert "expected 1, was 2" in done.stderr
    assert "18, 19]" in done.stderr
    assert len(done.stderr) < TRACE_CHARS_MAX + 2_000
    assert json.loads(done.stderr.splitlines()[-1])["event"] == "flow.failed"
