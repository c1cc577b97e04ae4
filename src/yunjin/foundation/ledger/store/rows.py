"""The tables of the journal, and what one row of it is made of."""

from typing import Final, NamedTuple

from yunjin.foundation.ledger.api import JournalRow

TABLES: Final = {
    "ledger_cell": """create table if not exists ledger_cell (
      cell INTEGER NOT NULL, epoch BIGINT NOT NULL, holder VARCHAR(200) NOT NULL,
      expires_at BIGINT NOT NULL, head_sequence BIGINT NOT NULL, head_hash BINARY(32) NOT NULL,
      head_timestamp BIGINT NOT NULL, allotted_to BIGINT NOT NULL, PRIMARY KEY (cell))""",
    "ledger_journal": """create table if not exists ledger_journal (
      cell INTEGER NOT NULL, sequence BIGINT NOT NULL, epoch BIGINT NOT NULL,
      kind VARCHAR(16) NOT NULL, version INTEGER NOT NULL, codec VARCHAR(8) NOT NULL,
      columns_present BIGINT NOT NULL, row_count INTEGER NOT NULL,
      timestamp_first BIGINT NOT NULL, timestamp_last BIGINT NOT NULL,
      previous_hash BINARY(32) NOT NULL, hash BINARY(32) NOT NULL,
      body_bytes INTEGER NOT NULL, body {blob} NOT NULL, PRIMARY KEY (cell, sequence))""",
    "ledger_share": """create table if not exists ledger_share (
      cell INTEGER NOT NULL, home INTEGER NOT NULL, depth INTEGER NOT NULL,
      residue INTEGER NOT NULL, PRIMARY KEY (cell))""",
    "ledger_bound": """create table if not exists ledger_bound (
      cell INTEGER NOT NULL, why VARCHAR(500) NOT NULL, PRIMARY KEY (cell))""",
}


class Row(NamedTuple):
    """A row of ledger_journal but for its cell and its body, in the order of the table."""

    sequence: int
    epoch: int
    kind: str
    version: int
    codec: str
    columns_present: int
    row_count: int
    timestamp_first: int
    timestamp_last: int
    previous_hash: bytes
    hash: bytes
    body_bytes: int


FIELDS: Final = ", ".join(Row._fields)
OF_ENTRY: Final = [  # what a row has from its entry, under the same name
    name for name in Row._fields if name not in ("codec", "columns_present", "body_bytes")
]
INSERT: Final = f"insert into ledger_journal values ({', '.join('?' * (len(Row._fields) + 2))})"


def shown(row: Row) -> JournalRow:
    """Return a row as people see it."""
    shown = row._asdict() | {"previous_hash": row.previous_hash.hex(), "hash": row.hash.hex()}
    del shown["columns_present"]
    return JournalRow(**shown)
