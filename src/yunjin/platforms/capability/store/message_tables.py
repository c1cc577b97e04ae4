"""Tables of messages to parties."""

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

message_templates: Final = table(
    tables,
    "message_template",
    key("code", Ascii(40)),
    column("kind", Ascii(16)),
    column("zh", Words(100)),
    column("en", Words(100)),
    column("fields", Json()),
    column("texts", Json()),
    column("at_us", Micros),
    column("done_by", Words(64)),
)
message_batches: Final = table(
    tables,
    "message_batch",
    key("batch_id", Uuid()),
    column("template", Ascii(40)),
    column("kind", Ascii(16)),
    column("channel", Ascii(16)),
    column("lang", Ascii(2)),
    column("title", Words(200)),  # the template's words as they were when it was taken
    column("body", Words(2_000)),
    column("subject", Ascii(80)),
    column("total", Int64),
    column("laid", Int64),  # so many of its messages have rows
    column("at_us", Micros),
)
message_parts: Final = table(  # what a batch's rows are laid out from; gone then
    tables,
    "message_part",
    key("batch_id", Uuid()),
    key("part", sa.Integer),
    column("body", Blob()),
)
party_messages: Final = table(
    tables,
    "party_message",
    key("message_id", Uuid()),
    column("batch_id", Uuid()),
    column("template", Ascii(40)),
    column("kind", Ascii(16)),
    column("channel", Ascii(16)),
    column("lang", Ascii(2)),
    column("party_id", Ascii(64)),
    column("subject", Ascii(80)),
    column("sealed_to", Blob()),
    column("sealed_values", Blob()),
    column("shown", Words(200)),
    column("state", Ascii(16)),
    column("why", Words(200)),
    column("claim", Uuid(), nullable=True),  # the call that hands it over
    column("tries", Small),
    column("at_us", Micros),
    column("changed_us", Micros),
    sa.Index("capability_party_message_state", "state", "message_id"),
    sa.Index("capability_party_message_party", "party_id", "message_id"),
    sa.Index("capability_party_message_batch", "batch_id", "state", "message_id"),
    sa.Index("capability_party_message_template", "template", "message_id"),
)
opt_outs: Final = table(
    tables,
    "message_opt_out",
    key("party_id", Ascii(64)),
    key("channel", Ascii(16)),  # "": all of them
    column("why", Words(200)),
    column("at_us", Micros),
)
