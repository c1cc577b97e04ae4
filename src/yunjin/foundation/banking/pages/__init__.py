"""Banking's staff pages: agreements, products, business days, the general ledger."""

from types import ModuleType
from typing import Final

from yunjin.foundation.banking.pages.doors import Doors
from yunjin.foundation.banking.pages.search import Search
from yunjin.foundation.banking.pages.words import WORDS
from yunjin.kernel.clock import Clock
from yunjin.kernel.room import MenuEntry


def _entry(name: str, icon: str, path: str, order: int) -> MenuEntry:
    key = f"banking.{name}"
    return MenuEntry(section="section.money", key=key, icon=icon, path=path, order=order)


MENU: Final = (
    _entry("agreements", "folder_shared", "/agreements", 30),
    _entry("products", "category", "/products", 31),
    _entry("days", "event_available", "/days", 32),
    _entry("general_ledger", "menu_book", "/gl", 34),
)

__all__ = ["MENU", "WORDS", "Doors", "Search", "load", "menu", "register"]


def menu(doors: Doors) -> tuple[MenuEntry, ...]:
    """Return the menu's entries that these doors have pages for."""
    has_books = doors.general_ledger is not None
    return tuple(one for one in MENU if has_books or one.path != "/gl")


def load() -> tuple[ModuleType, ...]:
    """Return the modules of the pages, loaded; in the order in which they are registered."""
    # Here, so that a room can be wired without the weight of the web.
    from yunjin.foundation.banking.pages import (
        agreement,
        agreements,
        day,
        days,
        general_ledger,
        gl_account,
        gl_chart,
        gl_entering,
        gl_entries,
        gl_mapping,
        gl_periods,
        gl_rules,
        gl_transfers,
        opening,
        papers,
        products,
        registering,
        setting,
        simulating,
        waiting,
    )

    # A form at "/…/new" comes before the page whose address would take "new" for an id.
    of_agreements = (agreements, opening, agreement, setting, papers, days, day, waiting)
    of_products = (registering, simulating, products)
    of_books = (general_ledger, gl_chart, gl_account, gl_entering, gl_entries, gl_transfers)
    return (*of_agreements, *of_products, *of_books, gl_mapping, gl_rules, gl_periods)


def register(doors: Doors, *, clock: Clock) -> None:
    """Put banking's pages on the console; `Room.pages` calls it when the console is mounted."""
    from yunjin.chassis.console import keep_calendar
    from yunjin.foundation.banking.pages.desk import Desk

    keep_calendar(doors.days.business_date)
    desk = Desk(doors, clock)
    for one in load():
        one.register(desk)
