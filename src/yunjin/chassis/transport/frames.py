"""How a call and its columns share one HTTP body.

Without columns it is plain JSON. With them it is, all lengths 8 bytes little-endian:
length of the JSON, the JSON, and for each record batch its length and its Arrow IPC stream.
"""

from typing import Final

import pyarrow as pa

from yunjin.kernel.errors import Malformed

JSON: Final = "application/json"
COLUMNS: Final = "application/vnd.yunjin.columns"
COLUMNS_MAX: Final = 64
_LENGTH: Final = 8


def pack(text: bytes, columns: list[pa.RecordBatch]) -> tuple[str, bytes]:
    """Return the media type and the body."""
    if not columns:
        return JSON, text
    parts = [len(text).to_bytes(_LENGTH, "little"), text]
    for batch in columns:
        stream = pa.BufferOutputStream()
        with pa.ipc.new_stream(stream, batch.schema) as writer:
            writer.write_batch(batch)
        buffer = stream.getvalue()
        parts += [buffer.size.to_bytes(_LENGTH, "little"), buffer]
    return COLUMNS, b"".join(parts)


def unpack(media_type: str, body: bytes) -> tuple[bytes, list[pa.RecordBatch]]:
    """Return the JSON and the columns. Raises: Malformed."""
    if media_type.partition(";")[0].strip() != COLUMNS:
        return body, []
    parts: list[memoryview] = []
    at = 0
    while at < len(body):
        end = at + _LENGTH + int.from_bytes(body[at : at + _LENGTH], "little")
        if end > len(body) or len(parts) > COLUMNS_MAX:
            raise Malformed("expected columns framed by their lengths, was something else")
        parts.append(memoryview(body)[at + _LENGTH : end])
        at = end
    if not parts:
        raise Malformed("expected columns framed by their lengths, was nothing")
    return bytes(parts[0]), [_batch(part) for part in parts[1:]]


def _batch(stream: memoryview) -> pa.RecordBatch:
    """Read one batch and check that its buffers are as long as its rows ask."""
    try:
        with pa.ipc.open_stream(pa.py_buffer(stream)) as reader:
            batches = list(reader)
            if len(batches) != 1:
                raise Malformed(f"expected 1 record batch, was {len(batches)}")
            batches[0].validate(full=True)
            return batches[0]
    except (pa.ArrowException, OSError) as error:
        raise Malformed(f"expected an Arrow IPC stream, was {str(error)[:200]}") from None
