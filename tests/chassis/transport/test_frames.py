"""Goal: columns from a stranger are read whole or refused, never read beyond their buffers.
Method: good frames there and back; then frames cut, and row counts that lie about the buffers.
"""

import resource

import pyarrow as pa
import pytest

from yunjin.chassis.transport import frames
from yunjin.kernel.errors import Malformed

ROWS = 1_237
BATCH = pa.RecordBatch.from_pydict(
    {"x": pa.array(range(ROWS), pa.int64()), "word": [str(n) for n in range(ROWS)]}
)


def test_columns_and_json_come_back() -> None:
    media_type, body = frames.pack(b'{"a": 0}', [BATCH, BATCH.slice(3, 5)])
    text, columns = frames.unpack(media_type, body)
    assert text == b'{"a": 0}'
    assert columns == [BATCH, BATCH.slice(3, 5)]


def test_a_body_without_columns_is_the_json_itself() -> None:
    assert frames.pack(b"{}", []) == ("application/json", b"{}")
    assert frames.unpack("application/json; charset=utf-8", b"{}") == (b"{}", [])


def test_a_frame_cut_anywhere_is_malformed() -> None:
    media_type, body = frames.pack(b"{}", [BATCH])
    for end in range(0, len(body), 997):
        if end != 10:  # the JSON whole and no column at all
            with pytest.raises(Malformed):
                frames.unpack(media_type, body[:end])


@pytest.mark.parametrize("rows", [ROWS + 1, 2**20, 2**40, 2**62, -1])
def test_a_row_count_beyond_the_buffers_is_malformed(rows: int) -> None:
    media_type, body = frames.pack(b"{}", [BATCH])
    lying = body.replace(ROWS.to_bytes(8, "little"), rows.to_bytes(8, "little", signed=True))
    assert lying != body
    with pytest.raises(Malformed):
        frames.unpack(media_type, lying)


def test_two_batches_in_one_stream_are_malformed() -> None:
    stream = pa.BufferOutputStream()
    with pa.ipc.new_stream(stream, BATCH.schema) as writer:
        writer.write_batch(BATCH)
        writer.write_batch(BATCH)
    raw = stream.getvalue().to_pybytes()
    body = b"".join(len(part).to_bytes(8, "little") + part for part in (b"{}", raw))
    with pytest.raises(Malformed, match="expected 1 record batch, was 2"):
        frames.unpack(frames.COLUMNS, body)


@pytest.mark.parametrize("size", [2**50, 2**36, 2**33, 1, -5])
def test_a_packed_buffer_that_lies_about_its_size_is_refused_and_takes_no_room(size: int) -> None:
    column = pa.RecordBatch.from_pydict({"x": pa.array([number % 7 for number in range(ROWS)])})
    stream = pa.BufferOutputStream()
    packed = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(stream, column.schema, options=packed) as writer:
        writer.write_batch(column)
    raw = stream.getvalue().to_pybytes()
    at = raw.rindex((8 * ROWS).to_bytes(8, "little"))  # stands before the packed bytes
    lying = raw[:at] + size.to_bytes(8, "little", signed=True) + raw[at + 8 :]
    body = b"".join(len(part).to_bytes(8, "little") + part for part in (b"{}", lying))
    before = resident_bytes_max()
    with pytest.raises(Malformed):
        frames.unpack(frames.COLUMNS, body)
    assert resident_bytes_max() - before < 2**28


def resident_bytes_max() -> int:
    """Return the most memory this process ever held."""
    return 1_024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
