"""The tables of clearing: channels, routes, sessions; files that were reconciled, differences."""

from typing import Final

import sqlalchemy as sa

from yunjin.chassis.persistence import (
    Ascii,
    Blob,
    Digest,
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

channels: Final = table(
    tables,
    "channel",
    key("channel", Ascii(40)),
    column("terms", Json(), nullable=True),
    column("mapping", Json(), nullable=True),  # how its CSV is read
    column("is_up", Small),
    column("why", Words(200)),
    column("changed_us", Micros),
)
routes: Final = table(
    tables,
    "payment_route",  # of payments that wait for an hour, or may take another channel
    key("payment_id", Uuid()),
    column("after_us", Micros),
    column("is_free", Small),  # no channel was named: it may take another
)
sessions: Final = table(
    tables,
    "session",
    key("session_id", Uuid()),
    column("channel", Ascii(40)),
    column("day", sa.Integer),
    column("since_us", Micros, nullable=True),
    column("cutoff_us", Micros),
    column("payments", Int64),
    column("amount_minor", Int64),
    column("files", Json()),  # its waves
    sa.Index("capability_session_channel", "channel", "cutoff_us"),
)
runs: Final = table(
    tables,
    "reconciliation",
    key("run_id", Uuid()),
    column("channel", Ascii(40)),
    column("day", sa.Integer),
    column("file_id", Words(80)),
    column("digest", Digest()),
    column("name", Ascii(24)),
    column("lines", Int64),
    column("files", sa.Integer),
    column("matched", Int64),
    column("totals", Json()),
    column("took_us", Int64),
    column("at_us", Micros),
    sa.Index("capability_reconciliation_day", "channel", "day", "run_id"),
    sa.Index("capability_reconciliation_file", "channel", "file_id"),
)
run_parts: Final = table(
    tables,
    "reconciliation_part",
    key("run_id", Uuid()),
    key("part", sa.Integer),
    column("body", Blob()),  # LINES as Arrow, compressed
)
days: Final = table(
    tables,
    "reconciled_day",
    key("channel", Ascii(40)),
    key("day", sa.Integer),
    column("number", Int64),  # of its runs: whoever ends one changes this row first
)
differences: Final = table(
    tables,
    "difference",
    key("difference_id", Uuid()),
    column("run_id", Uuid()),
    column("channel", Ascii(40)),
    column("day", sa.Integer),
    column("kind", Ascii(16)),
    column("currency", Ascii(3)),
    column("theirs_minor", Int64),
    column("ours_minor", Int64),
    column("reference", Words(80)),
    column("payment_id", Uuid(), nullable=True),
    column("is_return", Small),
    column("detail", Words(200)),
    column("cure", Ascii(8)),
    column("state", Ascii(8)),
    column("reason", Words(200)),
    column("done_by", Words(64)),
    column("task_id", Uuid(), nullable=True),
    column("at_us", Micros),
    column("settled_us", Micros, nullable=True),
    sa.Index("capability_difference_day", "channel", "day", "kind", "difference_id"),
    sa.Index("capability_difference_state", "state", "difference_id"),
    sa.Index("capability_difference_payment", "payment_id", "day"),
)
