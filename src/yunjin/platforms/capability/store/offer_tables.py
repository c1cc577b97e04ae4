"""Tables of offers and of contracts."""

from typing import Final

import sqlalchemy as sa

from yunjin.chassis.persistence import (
    Ascii,
    Int64,
    Json,
    Micros,
    Uuid,
    Words,
    column,
    key,
    table,
)
from yunjin.platforms.capability.store.tables import tables

offers: Final = table(
    tables,
    "offer",
    key("code", Ascii(40)),
    key("version", sa.Integer),
    column("zh", Words(100)),
    column("en", Words(100)),
    column("product", Ascii(64)),
    column("product_version", sa.Integer),
    column("terms", Json()),
    column("audience", Json()),
    column("since", sa.Integer, nullable=True),  # days since 1970
    column("until", sa.Integer, nullable=True),
    column("note", Words(200)),
    column("state", Ascii(16)),
    column("at_us", Micros),
    column("done_by", Words(64)),
    column("why", Words(200)),
    sa.Index("capability_offer_state", "state", "code", "version"),
    sa.Index("capability_offer_product", "product", "code", "version"),
)
contracts: Final = table(
    tables,
    "contract",
    key("contract_id", Uuid()),
    column("offer", Ascii(40)),
    column("offer_version", sa.Integer),
    column("product", Ascii(64)),
    column("product_version", sa.Integer),
    column("terms", Json()),
    column("parties", Json()),
    column("occasion", Json()),  # the circumstances it was drafted in
    column("reference", Ascii(80)),
    column("note", Words(200)),
    column("state", Ascii(16)),
    column("papers", Json()),  # ids of its documents
    column("round", sa.Integer),  # how often it was offered
    column("agreements", Json()),
    column("flow_id", Uuid(), nullable=True),  # that waits for the signing
    column("signing_id", Uuid(), nullable=True),  # the flow that has it signed
    column("since", sa.Integer, nullable=True),
    column("until", sa.Integer, nullable=True),
    column("at_us", Micros),
    column("changed_us", Micros),
    column("done_by", Words(64)),
    column("why", Words(200)),
    sa.Index("capability_contract_state", "state", "contract_id"),
    sa.Index("capability_contract_offer", "offer", "contract_id"),
    sa.Index("capability_contract_reference", "reference", "contract_id"),
)
contract_parties: Final = table(
    tables,
    "contract_party",
    key("party_id", Ascii(64)),
    key("contract_id", Uuid()),
)
contract_agreements: Final = table(
    tables,
    "contract_agreement",
    key("agreement_id", Int64),
    column("contract_id", Uuid()),
)
contract_entries: Final = table(
    tables,
    "contract_entry",
    key("contract_id", Uuid()),
    key("number", sa.Integer),
    column("at_us", Micros),
    column("what", Ascii(16)),
    column("done_by", Words(64)),
    column("why", Words(200)),
    column("subject", Ascii(200)),
)
