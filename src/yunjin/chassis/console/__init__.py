"""The staff console's kit: one frame, its parts, and `mount` that joins the rooms' pages.

A room's pages import from here; its wiring hands `Room.pages`, a function that registers them.
"""

from markupsafe import Markup

from yunjin.chassis.console import formats, markup
from yunjin.chassis.console.address import Address
from yunjin.chassis.console.chart import Chart, Series
from yunjin.chassis.console.context import ask, console, keep_calendar
from yunjin.chassis.console.days import day_input
from yunjin.chassis.console.dialogs import confirm, confirm_by_typing
from yunjin.chassis.console.downloads import csv_route, file_route
from yunjin.chassis.console.filters import Filters, csv_link
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
from yunjin.chassis.console.table import Ask, Column, Row, Table, static_table, table_html
from yunjin.chassis.console.words import language, t

__all__ = [
    "Address",
    "Ask",
    "Chart",
    "Column",
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
    "ask",
    "box",
    "button",
    "confirm",
    "confirm_by_typing",
    "console",
    "contact_chip",
    "csv_link",
    "csv_route",
    "day_input",
    "empty",
    "figures",
    "file_route",
    "formats",
    "html",
    "icon_button",
    "keep_calendar",
    "laid",
    "language",
    "listing",
    "live",
    "markup",
    "mount",
    "page",
    "panel",
    "problem_panel",
    "problem_title",
    "quiet",
    "skeleton",
    "static_table",
    "switch",
    "t",
    "table_html",
    "tabs",
    "title_row",
    "turn_calendar",
]
