"""The tables of overlays and of businesses' cases."""

from typing import Final

import sqlalchemy as sa

from yunjin.chassis.persistence import Ascii, Int64, Json, Micros, Small, Uuid, Words, column, key
from yunjin.chassis.persistence import table as made
from yunjin.platforms.capability.store.tables import tables

# Whoever puts an overlay changes this one row first: so two that clash cannot both come in.
register: Final = made(tables, "overlay_register", key("one", Small), column("version", Int64))
overlays: Final = made(
    tables,
    "overlay",
    key("name", Ascii(80)),
    column("point", Ascii(120)),
    column("content", Json()),
    column("at_us", Micros),
    sa.Index("capability_overlay_point", "point", "name"),
)
cases: Final = made(
    tables,
    "business_case",
    key("case_id", Uuid()),
    column("business", Ascii(40)),
    column("deed", Ascii(40)),
    column("scenario", Ascii(40)),
    column("party_id", Ascii(64)),
    column("given", Json()),  # what was filled in
    column("laid", Json()),  # what stood at the points when it began
    column("state", Ascii(16)),
    column("reason", Ascii(80)),
    column("detail", Words(500)),
    column("outcome", Json()),
    column("at_us", Micros),
    column("changed_us", Micros),
    sa.Index("capability_business_case_business", "business", "case_id"),
    sa.Index("capability_business_case_party", "party_id", "case_id"),
    sa.Index("capability_business_case_state", "state", "case_id"),
)
