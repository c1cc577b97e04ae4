"""Prepared statements in MySQL's binary protocol, over a connection of PyMySQL.

PyMySQL speaks the text protocol alone: it escapes each byte of a body and the server parses it
again, which costs more than the disk. Here bytes go as they are.

Source: MySQL client/server protocol, COM_STMT_PREPARE and COM_STMT_EXECUTE.
"""

import struct
from collections.abc import Sequence
from typing import Any, Final

_PREPARE: Final = 0x16
_EXECUTE: Final = 0x17
_LONGLONG, _BLOB, _VAR_STRING = 0x08, 0xFC, 0xFD
_PREPARED: Final = struct.Struct("<xIHH")  # after its 0: statement, columns, parameters


class Statement:
    """A statement without rows in its answer (INSERT, UPDATE), prepared on one connection."""

    def __init__(self, connection: Any, sql: str) -> None:
        self._connection = connection
        connection._execute_command(_PREPARE, sql)
        head = connection._read_packet()
        self._number, columns, self._count = _PREPARED.unpack(head.get_all_data()[:9])
        for definitions in (self._count, columns):
            for _ in range(definitions + 1 if definitions else 0):  # and the mark of their end
                connection._read_packet()

    def execute(self, arguments: Sequence[int | str | bytes]) -> int:
        """Run the statement; return how many rows it matched or made."""
        if len(arguments) != self._count:
            raise ValueError(f"expected {self._count} arguments, was {len(arguments)}")
        types, values = bytearray(), bytearray()
        for argument in arguments:
            kind, value = _written(argument)
            types += bytes((kind, 0))
            values += value
        head = struct.pack("<IBI", self._number, 0, 1)  # no cursor, once
        nothing_is_null = bytes((self._count + 7) // 8)
        message = b"".join((head, nothing_is_null, b"\x01", types, values))
        self._connection._execute_command(_EXECUTE, message)
        return int(self._connection._read_query_result())


def _written(argument: int | str | bytes) -> tuple[int, bytes]:
    if isinstance(argument, int):
        return _LONGLONG, struct.pack("<q", argument)
    if isinstance(argument, str):
        text = argument.encode()
        return _VAR_STRING, _length(len(text)) + text
    return _BLOB, _length(len(argument)) + argument


def _length(count: int) -> bytes:
    """Return a length as the protocol writes it: one byte if that is enough."""
    if count < 251:
        return bytes((count,))
    if count < 1 << 16:
        return b"\xfc" + struct.pack("<H", count)
    if count < 1 << 24:
        return b"\xfd" + struct.pack("<I", count)[:3]
    return b"\xfe" + struct.pack("<Q", count)
