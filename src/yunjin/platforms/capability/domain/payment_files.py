"""Lines of a payment file as columns: whose they are, their bytes, what became of them. Pure."""

from typing import Any, Final

import numpy as np
import pyarrow as pa

PART_LINES: Final = 8_000  # below what the core takes in one call
BOOKED, REJECTED, AWAY = "ACSC", "RJCT", "PDNG"
OUTCOME: Final = pa.schema(
    [
        ("status", pa.string()),  # BOOKED, REJECTED or AWAY
        ("status_reason", pa.string()),
        ("status_detail", pa.string()),
    ]
)
_OPTIONS: Final = pa.ipc.IpcWriteOptions(compression="zstd")


def packed(batch: pa.RecordBatch) -> bytes:
    """Return columns as bytes: an Arrow stream, compressed."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=_OPTIONS) as writer:
        writer.write_batch(batch)
    found: bytes = sink.getvalue().to_pybytes()
    return found


def unpacked(body: bytes) -> pa.RecordBatch:
    """Return the columns of bytes."""
    with pa.ipc.open_stream(body) as reader:
        return reader.read_next_batch()


def cut(lines: pa.RecordBatch) -> list[pa.RecordBatch]:
    """Return the lines in parts."""
    return [lines.slice(at, PART_LINES) for at in range(0, lines.num_rows, PART_LINES)]


def is_own(lines: pa.RecordBatch, agent: str) -> Any:
    """Return which lines stay in this bank (bool[n]): no other bank is named, or we are.

    agent: our BIC; one of 8 characters names all our branches.
    """
    bics = lines["creditor_agent_bic"].to_pylist()
    members = lines["creditor_agent_member"].to_pylist()
    return np.array(
        [
            bic[:8] == agent[:8] if bic else not member
            for bic, member in zip(bics, members, strict=True)
        ],
        bool,
    )


def payees(lines: pa.RecordBatch) -> Any:
    """Return the agreement that each line goes to (int64[n]), 0 where its account is none.

    An account of this bank is the number of its agreement.
    """
    found = np.zeros(lines.num_rows, np.int64)
    for at, text in enumerate(lines["creditor_other"].to_pylist()):
        if text and text.isascii() and text.isdigit() and len(text) < 19:
            found[at] = int(text)
    return found


def stands(lines: pa.RecordBatch) -> Any:
    """Return which lines were not refused when the file was read (bool[n])."""
    return lines["reason"].is_null().to_numpy(zero_copy_only=False)
