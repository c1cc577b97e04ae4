"""Banking's staff pages: agreements, products, business days, the general ledger."""

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
    _entry("general_ledger", "menu_book", "/gl", 33),
)

__all__ = ["MENU", "WORDS", "Doors", "Search", "menu", "register"]


def menu(doors: Doors) -> tuple[MenuEntry, ...]:
    """Return the menu's entries that these doors have pages for."""
    has_books = doors.general_ledger is not None
    return tuple(one for one in MENU if has_books or one.path != "/gl")


def register(doors: Doors, *, clock: Clock) -> None:
    """Put banking's pages on the console; `Room.pages` calls it when the console is mounted."""
    # Here, so that a room can be wired without the weight of the web.
    from yunjin.foundation.banking.pages import (
        agreement,
        agreements,
        day,
        days,
        general_ledger,
        gl_account,
        opening,
        products,
        registering,
        simulating,
    )
    from yunjin.foundation.banking.pages.desk import Desk

    desk = Desk(doors, clock)
    # A form at "/…/new" comes before the page whose address would take "new" for an id.
    for one in (agreements, opening, agreement, days, day, registering, simulating, products):
        one.register(desk)
    for book in (general_ledger, gl_account):
        book.register(desk)
