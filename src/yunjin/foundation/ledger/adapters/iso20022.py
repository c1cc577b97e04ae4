"""Telling which ISO 20022 message a file is, and having it read."""

import re
from typing import Final

from yunjin.foundation.ledger.adapters import payments, statements
from yunjin.foundation.ledger.adapters.messages import Message
from yunjin.foundation.ledger.adapters.xml import Findings, Reader, Tick, check_schema, split, walk
from yunjin.foundation.ledger.errors import ImportRefused

_NAME: Final = re.compile(r"(?<![a-z])([a-z]{4}\.\d{3})\.\d{3}\.(\d{2})(?!\d)")
_ELEMENTS_BEFORE_MAX: Final = 1_000  # of an envelope and its header
VERSIONS: Final = {
    "pain.001": range(3, 10),
    "pacs.008": range(2, 11),
    "camt.052": range(1, 9),
    "camt.053": range(1, 9),
    "camt.054": range(1, 9),
}
_ROOTS: Final = {
    "pain.001": "CstmrCdtTrfInitn",
    "pacs.008": "FIToFICstmrCdtTrf",
    "camt.052": "BkToCstmrAcctRpt",
    "camt.053": "BkToCstmrStmt",
    "camt.054": "BkToCstmrDbtCdtNtfctn",
}


def read(content: bytes, *, schema_directory: str | None, tick: Tick | None = None) -> Message:
    """Read an ISO 20022 message.

    Raises: ImportRefused with every finding's line and path.
    """
    namespace, kind, version, root, line = _identify(content)
    if schema_directory is not None:
        check_schema(content, namespace, root, schema_directory)
    reader = Reader(namespace, Findings())
    build = statements.Builder if kind.startswith("camt") else payments.Builder
    builder: statements.Builder | payments.Builder = build(reader, kind, version, root)
    for element in walk(content, starts=False, tags=builder.tags, tick=tick):
        builder.take(element)
    return builder.finish(line)


def _identify(content: bytes) -> tuple[str, str, int, str, int]:
    """Return namespace, kind, version, local name and line of the message element."""
    first = ""
    for count, element in enumerate(walk(content, starts=True)):
        namespace, name = split(element.tag)
        first = first or f"{name} in namespace {namespace or 'none'}"
        match = _NAME.search(namespace)
        if match and match[1] != "head.001":
            kind, version = match[1], int(match[2])
            _check_supported(kind, version)
            if name != "Document":
                root = _checked(element.sourceline, name, kind, version)
                return namespace, kind, version, root, element.sourceline
        if count >= _ELEMENTS_BEFORE_MAX:
            break
    raise ImportRefused(
        f"expected an ISO 20022 message ({', '.join(VERSIONS)}), was {first[:200] or 'nothing'}"
    )


def _check_supported(kind: str, version: int) -> None:
    if kind not in VERSIONS:
        raise ImportRefused(f"expected one of {', '.join(VERSIONS)}, was {kind}")
    known = VERSIONS[kind]
    if version not in known:
        raise ImportRefused(
            f"expected {kind} in version {known.start} to {known.stop - 1}, was {version}"
        )


def _checked(line: int, name: str, kind: str, version: int) -> str:
    root = f"{_ROOTS[kind]}V01" if version == 1 else _ROOTS[kind]
    if name != root:
        what, path = f"expected {root}, was {name}", f"/{name}"
        raise ImportRefused(
            f"line {line}, {path}: {what}", findings=[{"line": line, "path": path, "what": what}]
        )
    return root
