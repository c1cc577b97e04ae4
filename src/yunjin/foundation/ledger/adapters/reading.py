"""The way in: which format a file is in, and its size."""

from typing import Final

from yunjin.foundation.ledger.adapters import iso20022, tables
from yunjin.foundation.ledger.adapters.mapping import read_mapping
from yunjin.foundation.ledger.adapters.messages import Message
from yunjin.foundation.ledger.adapters.xml import Tick
from yunjin.foundation.ledger.api.imports import ImportFile
from yunjin.foundation.ledger.errors import ImportRefused

FILE_BYTES_MAX: Final = 256 * 2**20
_XML_STARTS: Final = (
    b"<",
    b"\xef\xbb\xbf<",
    b"\xff\xfe<\x00",
    b"\xfe\xff\x00<",
    b"<\x00",
    b"\x00<",
)


def read_message(command: ImportFile, *, tick: Tick | None = None) -> Message:
    """Read the command's file.

    Parameters
    ----------
    tick : told the bytes read so far.

    Raises: ImportRefused; nothing else, whatever the bytes are.
    """
    size = len(command.content)
    if size > FILE_BYTES_MAX:
        raise ImportRefused(f"expected at most {FILE_BYTES_MAX} bytes, was {size}")
    if command.mapping is not None:
        return tables.read(command.content, read_mapping(command.mapping), tick=tick)
    if not command.content.lstrip(b" \t\r\n").startswith(_XML_STARTS):
        raise ImportRefused("expected ISO 20022 XML, or CSV with a mapping; was neither")
    return iso20022.read(command.content, schema_directory=command.schema_directory, tick=tick)
