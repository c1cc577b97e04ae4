"""Columns as they are kept, and ids that follow from what they are of."""

import hashlib
from typing import Any, Final
from uuid import UUID

import numpy as np
import pyarrow as pa

_OPTIONS: Final = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", compression_level=1))
_SIGNS: Final = np.frombuffer(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", np.uint8)
_LETTERS: Final = 26


def packed(batch: pa.RecordBatch) -> bytes:
    """Return columns as bytes."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=_OPTIONS) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue())


def unpacked(body: bytes) -> pa.RecordBatch:
    """Return the columns that `packed` was given."""
    with pa.ipc.open_stream(body) as reader:
        return reader.read_next_batch()


def command_of(*words: object) -> UUID:
    """Return the id of a command that follows from what it does: sent again it is the same."""
    return _stamped(_digest("\x1f".join(map(str, words))))


def customer_command(source: str, key: str) -> UUID:
    """Return the command that opens the party of an old core's customer, in whatever run.

    Its time is 0: who was there before us sorts before all others.
    """
    return _stamped(bytes(6) + _digest(f"{source}\x1f{key}")[6:])


def party_ids(source: str, keys: pa.Array) -> pa.Array:
    """Return the ids of the parties of customers, as `party_id_of` makes them of the commands."""
    commands, indices = _commands(source, keys)
    return written_ids(commands).take(indices)


def party_ranks(source: str, keys: pa.Array) -> Any:
    """Return numbers (uint64[n]) that sort as the ids of customers' parties do."""
    commands, indices = _commands(source, keys)
    ranks = np.ascontiguousarray(commands[:, 6:14]).view(">u8")[:, 0].astype(np.uint64)
    return ranks[indices.to_numpy(zero_copy_only=False)]


def _commands(source: str, keys: pa.Array) -> tuple[Any, pa.Array]:
    """Return the ids (uint8[m, 16]) of the commands that open customers, and each key's place."""
    coded = keys.dictionary_encode()
    head = f"{source}\x1f".encode()
    made = [_hashed(head + key.encode()) for key in coded.dictionary.to_pylist()]
    raw = np.frombuffer(b"".join(made), np.uint8).reshape(len(made), 16).copy()
    raw[:, :6] = 0
    raw[:, 6] = raw[:, 6] & 0x0F | 0x80
    raw[:, 8] = raw[:, 8] & 0x3F | 0x80
    return raw, coded.indices


def written_ids(commands: Any) -> pa.Array:
    """Return party ids of commands' ids (uint8[n, 16]): "P" and 26 signs of five bits each."""
    count = len(commands)
    halves = commands.view(">u8").astype(np.uint64)
    high, low = halves[:, 0], halves[:, 1]
    body = np.empty((count, _LETTERS + 1), np.uint8)
    body[:, 0] = ord("P")
    for place in range(_LETTERS):
        shift = 5 * (_LETTERS - 1 - place)
        if shift >= 64:
            bits = high >> np.uint64(shift - 64)
        elif shift > 59:  # it lies across the halves
            bits = (low >> np.uint64(shift)) | (high << np.uint64(64 - shift))
        else:
            bits = low >> np.uint64(shift)
        body[:, place + 1] = _SIGNS[(bits & np.uint64(31)).astype(np.int64)]
    offsets = pa.array(np.arange(count + 1, dtype=np.int32) * (_LETTERS + 1))
    return pa.StringArray.from_buffers(count, offsets.buffers()[1], pa.py_buffer(body.tobytes()))


def ids_of(first: int, step: int, count: int) -> Any:
    """Return the agreements of a part that came over (int64[count])."""
    return first + step * np.arange(count, dtype=np.int64)


def column_of_ids(ids: Any) -> pa.RecordBatch:
    """Return agreements as the bank takes them."""
    return pa.RecordBatch.from_arrays([pa.array(ids, pa.int64())], names=["agreement_id"])


def _stamped(raw: bytes) -> UUID:
    """Return bits as a UUID of version 8: ours to make."""
    number = int.from_bytes(raw, "big")
    number = number & ~(0xF << 76 | 0x3 << 62) | 0x8 << 76 | 0x2 << 62
    return UUID(int=number)


def _digest(text: str) -> bytes:
    return _hashed(text.encode())


def _hashed(text: bytes) -> bytes:
    return hashlib.blake2b(text, digest_size=16).digest()
