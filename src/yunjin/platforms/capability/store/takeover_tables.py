"""The tables of replacing an old core."""

from typing import Final

import sqlalchemy as sa

from yunjin.chassis.persistence import (
    Ascii,
    Blob,
    Int64,
    Json,
    Micros,
    Small,
    Uuid,
    Words,
    column,
    key,
    table,
)
from yunjin.platforms.capability.store.tables import tables

CELL: Final = 40
runs: Final = table(
    tables,
    "takeover_run",
    key("run_id", Uuid()),
    column("source", Words(100)),
    column("name", Words(100)),
    column("state", Ascii(16)),
    column("as_of", sa.Integer),
    column("mapping", Blob()),
    column("facts", Json()),  # counts of lines, and of findings by kind
    column("at_us", Micros),
    column("by", Words(100)),
)
found: Final = table(
    tables,
    "takeover_found",
    key("run_id", Uuid()),
    key("part", sa.Integer),
    column("body", Blob()),
)
cells: Final = table(
    tables,
    "takeover_cell",
    key("run_id", Uuid()),
    key("cell", Words(CELL)),
    column("state", Ascii(16)),
    column("agreements", Int64),
    column("loads", Small),
    column("loaded_on", sa.Integer, nullable=True),
    column("proof", Blob(), nullable=True),
    column("changed_us", Micros),
    column("by", Words(100)),
)
# What a cell is made of. kind: "people", "agreements", "movements", "back" (as it was given back).
parts: Final = table(
    tables,
    "takeover_part",
    key("run_id", Uuid()),
    key("cell", Words(CELL)),
    key("kind", Ascii(16)),
    key("part", sa.Integer),
    key("piece", sa.Integer),
    column("row_count", sa.Integer),
    column("facts", Json()),
    column("body", Blob()),
)
# A part of agreements that came over. first_id, first_id + step, …: their ids, in its order.
loads: Final = table(
    tables,
    "takeover_load",
    key("first_id", Int64),
    column("run_id", Uuid()),
    column("cell", Words(CELL)),
    column("part", sa.Integer),
    column("load", Small),
    column("step", sa.Integer),
    column("row_count", sa.Integer),
    column("wave", Int64),
    column("back", Json(), nullable=True),  # how it was given back: wave, who had ended before
    sa.Index("capability_takeover_load_part", "run_id", "cell", "part", "load", unique=True),
)
days: Final = table(
    tables,
    "takeover_day",
    key("run_id", Uuid()),
    key("date", sa.Integer),
    column("facts", Json()),
    column("body", Blob()),
    column("at_us", Micros),
)
