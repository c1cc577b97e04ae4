"""Lines of a payment file as columns: whose they are, their bytes, what became of them. Pure."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

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
    bics = pc.fill_null(lines["creditor_agent_bic"], "")
    members = pc.fill_null(lines["creditor_agent_member"], "")
    ours = pc.equal(pc.utf8_slice_codeunits(bics, 0, 8), agent[:8])
    own = pc.if_else(pc.equal(bics, ""), pc.equal(members, ""), ours)
    return own.to_numpy(zero_copy_only=False)


def payees(lines: pa.RecordBatch) -> Any:
    """Return the agreement that each line goes to (int64[n]), 0 where its account is none.

    An account of this bank is the number of its agreement.
    """
    texts = pc.fill_null(lines["creditor_other"], "")
    is_number = pc.match_substring_regex(texts, "^[0-9]{1,18}$")
    return pc.if_else(is_number, texts, "0").cast(pa.int64()).to_numpy()


def stands(lines: pa.RecordBatch) -> Any:
    """Return which lines were not refused when the file was read (bool[n])."""
    return lines["reason"].is_null().to_numpy(zero_copy_only=False)


class Outcomes:
    """What becomes of a part's lines, in columns; those refused on reading are refused."""

    def __init__(self, lines: pa.RecordBatch) -> None:
        self._columns = [
            np.full(lines.num_rows, None, object),
            *(lines[name].to_numpy(zero_copy_only=False).copy() for name in ("reason", "detail")),
        ]
        self._columns[0][~stands(lines)] = REJECTED

    @property
    def is_open(self) -> Any:
        """Return which lines have no outcome yet (bool[n])."""
        return self._columns[0] == None  # noqa: E711 element by element

    def put(self, rows: Any, status: str) -> None:
        """Say what became of lines (int64[k])."""
        self._columns[0][rows] = status

    def refuse(self, rows: Any, code: str, detail: str) -> None:
        """Refuse lines with an ISO 20022 code."""
        for column, value in zip(self._columns, (REJECTED, code, detail[:105]), strict=True):
            column[rows] = value

    def batch(self) -> pa.RecordBatch:
        """Return OUTCOME."""
        arrays = [pa.array(column, pa.string()) for column in self._columns]
        return pa.record_batch(arrays, schema=OUTCOME)
