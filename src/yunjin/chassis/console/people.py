"""Who is at the console: the name a reader gave last, kept with this browser."""

from nicegui import app, ui

from yunjin.chassis.console.forms import text_field
from yunjin.chassis.console.words import t

NAME_MAX = 64


def person() -> str:
    """Return the reader's name as last given; empty where none was."""
    return str(app.storage.user.get("person", ""))


def keep_person(name: str) -> None:
    """Remember the reader's name."""
    app.storage.user["person"] = name.strip()[:NAME_MAX]


def person_field() -> ui.input:
    """Show the field for the reader's name, filled in as last time."""
    return text_field(t("form.person"), value=person()).props(f"maxlength={NAME_MAX}")
