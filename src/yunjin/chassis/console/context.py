"""What every page of this process shares: the tenant, its clock, and what the rooms brought."""

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from yunjin.kernel import clock as clocks
from yunjin.kernel import tenant
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Bug
from yunjin.kernel.room import Hit, MenuEntry

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """One mounted console. NiceGUI is one app a process, and so is this."""

    root: str  # where it is mounted: "/console"
    assets_version: str  # changes with their content
    tenant: str
    clock: Clock
    zone: ZoneInfo
    cutoff: dt.time
    menu: tuple[MenuEntry, ...]
    search: tuple[Callable[[str], list[Hit]], ...]
    calendar: Callable[[], dt.date] | None = None  # the bank's own, where a room keeps one

    def business_date(self) -> dt.date:
        """Return the bank's business date; without a calendar, today's by zone and cut-off."""
        if self.calendar is not None:
            return self.calendar()
        return clocks.business_date(clocks.instant(self.clock.now_ns()), self.zone, self.cutoff)

    def url(self, path: str) -> str:
        """Return the address of a page below the console's root."""
        return f"{self.root}{path}"


_mounted: list[Console] = []


def install(console: Console) -> None:
    """Make this the console of the process."""
    _mounted[:] = [console]


def keep_calendar(calendar: Callable[[], dt.date]) -> None:
    """Show what `calendar` says as the business date; a room hands it over with its pages."""
    install(replace(console(), calendar=calendar))


def console() -> Console:
    """Return the mounted console. Raises: Bug before `mount`."""
    if not _mounted:
        raise Bug("expected a mounted console, was none")
    return _mounted[0]


def entry_of(key: str) -> MenuEntry | None:
    """Return the menu's entry with this key; None where the menu has none."""
    return next((entry for entry in console().menu if entry.key == key), None)


def sections(menu: Sequence[MenuEntry]) -> dict[str, list[MenuEntry]]:
    """Group the menu by section; the first entry of a section places it."""
    grouped: dict[str, list[MenuEntry]] = {}
    for entry in sorted(menu, key=lambda entry: entry.order):
        grouped.setdefault(entry.section, []).append(entry)
    return grouped


async def ask(call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a room's synchronous door in a worker thread, on behalf of the tenant."""

    def entered() -> R:
        with tenant.entered(console().tenant):
            return call(*args, **kwargs)

    return await asyncio.to_thread(entered)
