"""How the index packs arrays: plane by plane of their bytes, then LZ4.

The upper bytes of neighbouring rows are alike (a time, a place in the journal, a modest sum), the
lower ones are noise. Laid plane beside plane (Parquet's BYTE_STREAM_SPLIT) they pack smaller than
zstd packs whole rows, for a third of the work; the writer of the cell needs that processor.
"""

from typing import Any

import numpy as np
import pyarrow as pa


def packed(rows: Any) -> bytes:
    """Return the rows of an array as few bytes."""
    planes = np.ascontiguousarray(_bytes_of(rows).T)
    body: bytes = pa.compress(pa.py_buffer(planes), codec="lz4", asbytes=True)
    return body


def unpacked(body: bytes, count: int, dtype: Any) -> Any:
    """Return the `count` rows that `packed` was given; they are not to be written to."""
    size = count * dtype.itemsize
    planes = pa.decompress(body, decompressed_size=size, codec="lz4", asbytes=True)
    rows = np.frombuffer(planes, np.uint8).reshape(dtype.itemsize, count).T
    return np.frombuffer(rows.tobytes(), dtype)


def _bytes_of(rows: Any) -> Any:
    """View an array as bytes: uint8[rows, bytes of a row]."""
    return np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), rows.dtype.itemsize)
