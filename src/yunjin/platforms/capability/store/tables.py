"""The room's tables: those every room has, the flows', and each centre's."""

from typing import Final

import sqlalchemy as sa

from yunjin.chassis.flow import flow_tables
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
    metadata,
    standard,
    table,
)

tables: Final = metadata("capability")
standard(tables)
flow_tables(tables)
limits: Final = table(
    tables,
    "limit",
    key("limit_id", Uuid()),
    column("root_id", Uuid()),
    column("parent_id", Uuid(), nullable=True),
    column("path", Json()),  # ids from the root to itself
    column("name", Words(100)),
    column("kind", Ascii(40)),
    column("currency", Ascii(3)),
    column("party_id", Ascii(64)),
    column("period", Ascii(8)),
    column("began", sa.Integer, nullable=True),  # of the running period, days since 1970
    column("since", sa.Integer, nullable=True),
    column("until", sa.Integer, nullable=True),
    column("state", Ascii(8)),
    column("ceiling_minor", Int64),
    column("held_minor", Int64),
    column("used_minor", Int64),
    sa.Index("capability_limit_root", "root_id", "limit_id"),
    sa.Index("capability_limit_parent", "parent_id", "limit_id"),
    sa.Index("capability_limit_party", "party_id", "limit_id"),
)
holds: Final = table(
    tables,
    "hold",
    key("hold_id", Uuid()),
    column("limit_id", Uuid()),
    column("since", Json()),  # the running period of each limit of the path, days since 1970
    column("amount_minor", Int64),
    column("used_minor", Int64),
    column("restored_minor", Int64),
    column("state", Ascii(16)),
    column("subject", Ascii(80)),
    column("at_us", Micros),
    sa.Index("capability_hold_limit", "limit_id", "hold_id"),
    sa.Index("capability_hold_subject", "subject", "hold_id"),
)
parties: Final = table(
    tables,
    "party",
    key("party_id", Ascii(64)),
    # whose record this is: its own id, or what it was merged into at last
    column("root_id", Ascii(64)),
    column("merged_into", Ascii(64), nullable=True),
    column("kind", Ascii(16)),
    column("name", Words(200)),
    column("folded", Words(200)),  # both names as they are looked for
    column("other_name", Words(200)),
    # birth or registration, days since 1970; may be negative
    column("born", sa.Integer, nullable=True),
    column("country", Ascii(2)),
    column("twin", Digest()),  # keyed hash of name and birth
    column("state", Ascii(8)),
    column("kyc", Ascii(8)),
    column("review", sa.Integer, nullable=True),
    column("opened_us", Micros),
    column("asked", Digest()),  # keyed hash of what it was opened with
    sa.Index("capability_party_root", "root_id", "party_id"),
    sa.Index("capability_party_folded", "folded", "party_id"),
    sa.Index("capability_party_twin", "twin", "party_id"),
)
personal: Final = table(
    tables,
    "party_personal",
    key("item_id", Uuid()),
    column("party_id", Ascii(64)),
    column("what", Ascii(8)),  # "document" or "contact"
    column("kind", Ascii(24)),
    column("sealed", Blob()),  # the value; read and written by store.personal alone
    column("digest", Digest()),  # keyed hash of the value, to look it up by
    column("shown", Words(80)),  # the value, masked
    column("issuer", Words(100)),
    column("issued", sa.Integer, nullable=True),
    column("expires", sa.Integer, nullable=True),
    column("ended", sa.Integer, nullable=True),
    sa.Index("capability_party_personal_of", "party_id", "item_id"),
    sa.Index("capability_party_personal_digest", "digest", "item_id"),
)
relations: Final = table(
    tables,
    "party_relation",
    key("relation_id", Uuid()),
    column("kind", Ascii(24)),
    column("from_id", Ascii(64)),
    column("to_id", Ascii(64)),
    column("share_ppm", sa.Integer),
    column("since", sa.Integer, nullable=True),
    column("until", sa.Integer, nullable=True),
    column("note", Words(200)),
    sa.Index("capability_party_relation_from", "from_id", "relation_id"),
    sa.Index("capability_party_relation_to", "to_id", "relation_id"),
)
roles: Final = table(
    tables,
    "party_role",
    key("role_id", Uuid()),
    column("party_id", Ascii(64)),
    column("role", Ascii(24)),
    column("since", sa.Integer),
    column("until", sa.Integer, nullable=True),
    sa.Index("capability_party_role_of", "party_id", "role_id"),
    sa.Index("capability_party_role_role", "role", "party_id"),
)
kyc_steps: Final = table(
    tables,
    "party_kyc",
    key("step_id", Uuid()),
    column("party_id", Ascii(64)),
    column("state", Ascii(8)),
    column("date", sa.Integer),
    column("at_us", Micros),
    column("review", sa.Integer, nullable=True),
    column("evidence_id", Ascii(64)),
    column("done_by", Words(100)),
    column("why", Words(200)),
    sa.Index("capability_party_kyc_of", "party_id", "step_id"),
)
consents: Final = table(
    tables,
    "party_consent",
    key("consent_id", Uuid()),
    column("party_id", Ascii(64)),
    column("purpose", Ascii(40)),
    column("version", Ascii(20)),
    column("channel", Ascii(20)),
    column("given", sa.Integer),
    column("until", sa.Integer, nullable=True),
    column("withdrawn", sa.Integer, nullable=True),
    sa.Index("capability_party_consent_of", "party_id", "purpose", "consent_id"),
)
happenings: Final = table(
    tables,
    "party_event",
    key("event_id", Uuid()),
    column("party_id", Ascii(64)),
    column("what", Ascii(24)),
    column("subject", Ascii(64)),  # id of what it was done to, or with
    column("date", sa.Integer),
    column("at_us", Micros),
    column("done_by", Words(100)),
    column("why", Words(200)),
    sa.Index("capability_party_event_of", "party_id", "event_id"),
)
turns: Final = table(
    tables,
    "turn",
    key("name", Ascii(24)),  # what is done by one at a time: whoever does it changes this row first
    column("number", Int64),
)
payments: Final = table(
    tables,
    "payment",
    key("payment_id", Uuid()),
    column("wave_id", Uuid()),
    column("is_incoming", Small),
    column("state", Ascii(16)),
    column("agreement_id", Int64),
    column("counter_agreement_id", Int64),
    column("amount_minor", Int64),
    column("currency", Ascii(3)),
    column("other_name", Words(140)),
    column("other_account", Ascii(64)),
    column("other_agent", Ascii(35)),
    column("end_to_end_id", Words(35)),
    column("purpose", Ascii(4)),
    column("remittance", Words(140)),
    column("limit_id", Uuid(), nullable=True),
    column("channel", Ascii(40)),
    column("day", sa.Integer),
    column("reason", Ascii(8)),
    column("detail", Words(200)),
    column("at_us", Micros),
    column("changed_us", Micros),
    sa.Index("capability_payment_state", "state", "payment_id"),
    sa.Index("capability_payment_agreement", "agreement_id", "payment_id"),
    sa.Index("capability_payment_wave", "wave_id", "state"),
    sa.Index(
        "capability_payment_channel", "channel", "day", "is_incoming", "currency", "payment_id"
    ),
)
messages: Final = table(
    tables,
    "message",
    key("channel", Ascii(40)),
    key("message_id", Ascii(40)),  # ours: the wave's id; the channel's: as it says
    column("is_incoming", Small),
    column("kind", Ascii(24)),
    column("content", Blob()),
    column("at_us", Micros),
)
queues: Final = table(
    tables,
    "task_queue",
    key("code", Ascii(40)),
    column("zh", Words(100)),
    column("en", Words(100)),
    column("sla_s", Int64),
    column("escalate_to", Ascii(40)),
)
tasks: Final = table(
    tables,
    "task",
    key("task_id", Uuid()),
    column("queue", Ascii(40)),
    column("title", Words(200)),
    column("note", Words(1_000)),
    column("form", Json()),
    column("links", Json()),
    column("priority", Small),
    column("state", Ascii(16)),
    column("is_open", Small),
    column("assignee", Words(64)),
    column("opened_us", Micros),
    column("due_us", Micros),  # far away where it is never due
    column("escalations", Small),
    column("ended_us", Micros, nullable=True),
    column("ended_by", Words(64)),
    column("given", Json()),  # what was filled in
    column("flow_room", Ascii(40)),
    column("flow_id", Uuid(), nullable=True),  # that waits for it
    column("watch_id", Uuid(), nullable=True),  # the flow that watches its time
    sa.Index("capability_task_by_weight", "is_open", "priority", "due_us", "task_id"),
    sa.Index("capability_task_by_queue", "queue", "is_open", "priority", "due_us", "task_id"),
    sa.Index("capability_task_by_person", "assignee", "is_open", "priority", "due_us", "task_id"),
    sa.Index("capability_task_by_due", "is_open", "due_us", "task_id"),
)
task_links: Final = table(
    tables,
    "task_link",
    key("kind", Ascii(16)),
    key("ref", Ascii(64)),
    key("task_id", Uuid()),
)
task_entries: Final = table(
    tables,
    "task_entry",
    key("task_id", Uuid()),
    key("number", sa.Integer),
    column("at_us", Micros),
    column("what", Ascii(16)),
    column("done_by", Words(64)),
    column("said", Words(1_000)),
)
files: Final = table(
    tables,
    "file",
    key("file_id", Uuid()),
    column("message_id", Words(35)),
    column("name", Ascii(24)),
    column("sender", Words(140)),
    column("state", Ascii(8)),
    column("digest", Digest()),
    column("head", Json()),  # header and groups
    column("lines", Int64),
    column("booked", Int64),
    column("refused", Int64),
    column("away", Int64),
    column("reason", Ascii(8)),
    column("detail", Words(200)),
    column("at_us", Micros),
    column("changed_us", Micros),
    sa.Index("capability_file_message", "message_id", "file_id"),
)
file_parts: Final = table(
    tables,
    "file_part",
    key("file_id", Uuid()),
    key("part", sa.Integer),
    column("body", Blob()),  # lines as Arrow, compressed
    column("outcome", Blob(), nullable=True),  # what became of each
)
