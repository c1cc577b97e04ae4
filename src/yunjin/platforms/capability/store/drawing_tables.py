"""The tables of drawings."""

from typing import Final

import sqlalchemy as sa

from yunjin.chassis.persistence import Ascii, Blob, Digest, Json, Micros, Small, Words, column, key
from yunjin.chassis.persistence import table as made
from yunjin.platforms.capability.store.tables import tables

# Whoever brings or retires a drawing locks its row here.
drawings: Final = made(
    tables,
    "drawing",
    key("code", Ascii(40)),
    column("newest", sa.Integer),
    column("is_retired", Small),
)
versions: Final = made(
    tables,
    "drawing_version",
    key("code", Ascii(40)),
    key("version", sa.Integer),
    column("name", Words(100)),
    column("operations", Json()),  # names, each once
    column("inputs", Json()),  # names
    column("digest", Digest()),  # of the text
    column("body", Blob()),  # the text, zlib
    column("done_by", Words(64)),
    column("at_us", Micros),
)
