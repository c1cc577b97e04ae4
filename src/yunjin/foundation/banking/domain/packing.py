"""Columns to bytes and back: what pages and waves are kept as."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

VERSION: Final = 1
_CODEC: Final = pa.Codec("zstd", compression_level=1)
_KINDS: Final = {
    np.dtype(kind).str: np.dtype(kind)
    for kind in ("i8", "u8", "i4", "u4", "u2", "u1", "?", "M8[D]", "i2", "i1")
}


def pack(columns: Mapping[str, Any]) -> bytes:
    """Return named columns (int, bool or datetime64[D], any lengths, one or two axes) as bytes."""
    parts = {
        name: (column.dtype.str, column.shape, np.ascontiguousarray(column).tobytes())
        for name, column in columns.items()
    }
    raw = msgspec.msgpack.encode(parts)
    return VERSION.to_bytes(1, "big") + len(raw).to_bytes(7, "big") + bytes(_CODEC.compress(raw))


def unpack(body: bytes) -> dict[str, Any]:
    """Return what `pack` was given, read-only. Raises: ValueError for anything else."""
    if not body or body[0] != VERSION:
        raise ValueError(f"expected columns packed in form {VERSION}, was {body[:1]!r}")
    raw = _CODEC.decompress(body[8:], int.from_bytes(body[1:8], "big"))
    parts = msgspec.msgpack.decode(memoryview(raw))
    return {
        name: np.frombuffer(content, _KINDS[kind]).reshape(shape)
        for name, (kind, shape, content) in parts.items()
    }
