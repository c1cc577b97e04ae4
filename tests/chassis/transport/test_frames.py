"""Goal: columns from a stranger are read whole or refused, never read beyond their buffers.
Method: good frames there and back; then frames cut, and row counts that lie about the buffers.
"""

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
