"""The trace a call belongs to: W3C trace context, carried in the context of the call."""

import random
import re
from contextvars import ContextVar
from typing import Final, NamedTuple, Self

HEADER: Final = "traceparent"
_FORM: Final = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_chance = random.SystemRandom().getrandbits(128)  # one seed of the machine's chance a process
_source: Final = random.Random(_chance)  # ids of traces are no secrets: fast beats unguessable
_current: ContextVar["Trace | None"] = ContextVar("trace", default=None)


class Trace(NamedTuple):
    """Where a call stands: the whole journey and this leg of it, as lower-case hex."""

    trace_id: str  # 32 digits
    span_id: str  # 16 digits

    @classmethod
    def enter(cls, traceparent: str = "") -> Self:
        """Go on with the caller's trace, or begin one; it is current until the context ends."""
        match = _FORM.fullmatch(traceparent) if traceparent else None
        trace_id = match[1] if match else f"{_source.getrandbits(128):032x}"
        trace = cls(trace_id, f"{_source.getrandbits(64):016x}")
        _current.set(trace)
        return trace

    @property
    def parent(self) -> str:
        """The header that makes the next call a leg of this trace."""
        return f"00-{self.trace_id}-{self.span_id}-01"


def traceparent() -> str:
    """Return the header of the running call's trace, empty outside of one."""
    here = current()
    return here.parent if here is not None else ""


def current() -> Trace | None:
    """Return the trace of the running call, None outside of one."""
    return _current.get()
