"""What moves by itself: pages that push, samples kept for late comers, work that goes on alone."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, Literal, TypeVar

import structlog
from markupsafe import Markup
from nicegui import app, background_tasks, ui

from yunjin.chassis.console.context import ask, console
from yunjin.chassis.console.words import t
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Problem

T = TypeVar("T")
log = structlog.get_logger()


def live(interval_s: float, push: Callable[[], Awaitable[None] | None]) -> None:
    """Push news to this page every so often; pause while the reader does not see it."""
    timer = ui.timer(interval_s, push, immediate=False)

    def on_visibility(event: object) -> None:
        timer.active = bool(getattr(event, "args", True))

    ui.on("yj-visible", on_visibility)


def turn_calendar() -> None:
    """Show the business date of now in the top bar, after something on this page moved it on."""
    day = console().business_date().isoformat()
    ui.run_javascript(f"document.querySelector('.yj-date time').textContent = '{day}'")


def contact_chip() -> None:
    """Show whether the page is live, paused or has lost contact (the browser knows best)."""
    parts = Markup("").join(
        Markup('<span class="yj-contact-{0}"><b aria-hidden="true"></b>{1}</span>').format(
            state, t(f"contact.{state}")
        )
        for state in ("live", "paused", "lost")
    )
    ui.html(parts, sanitize=False, tag="span").classes("yj-contact").props('role="status"')


class Sampler(Generic[T]):
    """Asks a door once per interval for everybody, and keeps the last answers.

    A page opened now shows the minutes before; a hundred open pages cost one question.
    """

    def __init__(self, read: Callable[[], T], *, interval_s: float = 1.0, keep: int = 301) -> None:
        self._read = read
        self._interval_s = interval_s
        self.samples: deque[tuple[int, T]] = deque(maxlen=keep)  # (monotonic ns, answer)
        self.problem: Exception | None = None
        app.on_startup(self._run)

    async def _run(self) -> None:
        while not app.is_stopped:
            await self.take()
            await asyncio.sleep(self._interval_s)

    async def take(self) -> None:
        """Ask once now. A failure is kept for the page to tell, never raised."""
        try:
            answer = await ask(self._read)
        except Exception as problem:
            if self.problem is None:
                log.warning("console.sample_failed", reason=str(problem))
            self.problem = problem
            return
        self.problem = None
        self.samples.append((console().clock.monotonic_ns(), answer))


class Job(Generic[T]):
    """Long work that one reader starts and all see; closing the page does not stop it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.state: Literal["idle", "running", "done", "failed"] = "idle"
        self.started_ns = 0
        self.ended_ns = 0
        self.last_s = 0  # how long the last one that came to an end took
        self.result: T | None = None
        self.problem: Exception | None = None

    def start(self, work: Callable[[], T]) -> bool:
        """Start unless it runs already. Returns whether this call started it."""
        if self.state == "running":
            return False
        self.state, self.started_ns, self.problem = "running", self._clock.now_ns(), None
        background_tasks.create(self._run(work), name="console job")
        return True

    @property
    def elapsed_s(self) -> int:
        """Whole seconds since it was started."""
        return max(0, self._clock.now_ns() - self.started_ns) // 1_000_000_000

    async def _run(self, work: Callable[[], T]) -> None:
        try:
            self.result = await ask(work)
            self.state, self.last_s = "done", self.elapsed_s
        except Exception as problem:
            if not isinstance(problem, Problem):
                log.exception("console.job_failed")
            self.problem, self.state = problem, "failed"
        finally:
            self.ended_ns = self._clock.now_ns()
