"""The staff console's kit: one frame, its parts, and `mount` that joins the rooms' pages.

A room's pages import from here; its wiring hands `Room.pages`, a function that registers them.
"""

from markupsafe import Markup

from yunjin.chassis.console import formats, markup
from yunjin.chassis.console.address import Address
from yunjin.chassis.console.chart import Chart, Series
from yunjin.chassis.console.context import ask, console, keep_calendar
from yunjin.chassis.console.days import day_input
from yunjin.chassis.console.deeds import Deed, Done, Fields, value_deed
from yunjin.chassis.console.dialogs import confirm, confirm_by_typing
from yunjin.chassis.console.downloads import csv_route, file_route
from yunjin.chassis.console.filters import Filters, csv_link
from yunjin.chassis.console.forms import (
    Check,
    amount_complaint,
    amount_field,
    amount_of,
    choice_field,
    day_field,
    grid,
    menu_button,
    notice,
    notice_of,
    text_field,
)
from yunjin.chassis.console.listing import listing
from yunjin.chassis.console.live import Job, Sampler, contact_chip, live, turn_calendar
from yunjin.chassis.console.markup import Tone
from yunjin.chassis.console.mounting import mount
from yunjin.chassis.console.pages import laid, page
from yunjin.chassis.console.parts import (
    Figure,
    Progress,
    box,
    button,
    empty,
    figures,
    html,
    icon_button,
    panel,
    problem_panel,
    problem_title,
    quiet,
    skeleton,
    switch,
    tabs,
    title_row,
)
from yunjin.chassis.console.people import keep_person, person, person_field
from yunjin.chassis.console.table import Ask, Column, Row, Table, static_table, table_html
from yunjin.chassis.console.words import language, one_of, t

__all__ = [
    "Address",
    "Ask",
    "Chart",
    "Check",
    "Column",
    "Deed",
    "Done",
    "Fields",
    "Figure",
    "Filters",
    "Job",
    "Markup",
    "Progress",
    "Row",
    "Sampler",
    "Series",
    "Table",
    "Tone",
    "amount_complaint",
    "amount_field",
    "amount_of",
    "ask",
    "box",
    "button",
    "choice_field",
    "confirm",
    "confirm_by_typing",
    "console",
    "contact_chip",
    "csv_link",
    "csv_route",
    "day_field",
    "day_input",
    "empty",
    "figures",
    "file_route",
    "formats",
    "grid",
    "html",
    "icon_button",
    "keep_calendar",
    "keep_person",
    "laid",
    "language",
    "listing",
    "live",
    "markup",
    "menu_button",
    "mount",
    "notice",
    "notice_of",
    "one_of",
    "page",
    "panel",
    "person",
    "person_field",
    "problem_panel",
    "problem_title",
    "quiet",
    "skeleton",
    "static_table",
    "switch",
    "t",
    "table_html",
    "tabs",
    "text_field",
    "title_row",
    "turn_calendar",
    "value_deed",
]
