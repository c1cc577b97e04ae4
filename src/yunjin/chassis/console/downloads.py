"""What a reader takes away: CSV of all that a table's filters let through, papers; streamed."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from nicegui import app

from yunjin.chassis.console.context import console
from yunjin.kernel import tenant
from yunjin.kernel.errors import Problem

Rows = Iterator[Sequence[str | int]]
_MEDIA = {"csv": "text/csv; charset=utf-8", "pdf": "application/pdf"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_route(path: str, rows: Callable[[Mapping[str, str]], Rows]) -> None:
    """Serve a CSV at `path`; `rows` gets the address's parameters and yields the head row first.

    Text that a spreadsheet would run as a formula is quoted, numbers stay numbers.
    """

    name = path.rsplit("/", 1)[-1]

    def serve(request: Request) -> Response:
        facts = {**request.query_params, **request.path_params}
        try:
            with tenant.entered(console().tenant):
                source = rows(facts)
                head = next(source)  # a refusal is answered before the first byte
        except Problem as problem:
            return JSONResponse(
                problem.document(), problem.status, media_type="application/problem+json"
            )
        return StreamingResponse(
            _lines(head, source),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    app.get(path, include_in_schema=False)(serve)


def file_route(path: str, write: Callable[[Mapping[str, str]], Iterator[bytes]]) -> None:
    """Serve files at `path`, which ends in `{name}`: what `write` yields for an address's facts.

    The name's ending says what it is: csv or pdf. A refusal is answered before the first byte.
    """

    def serve(request: Request) -> Response:
        facts = {**request.query_params, **request.path_params}
        try:
            with tenant.entered(console().tenant):
                parts = write(facts)
                first = next(parts, b"")
        except Problem as problem:
            return JSONResponse(
                problem.document(), problem.status, media_type="application/problem+json"
            )
        name = str(facts["name"])
        return StreamingResponse(
            _parts(first, parts),
            media_type=_MEDIA.get(name.rpartition(".")[2], "application/octet-stream"),
            headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"},
        )

    app.get(path, include_in_schema=False)(serve)


def _parts(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    while True:
        with tenant.entered(console().tenant):
            part = next(rest, None)
        if part is None:
            return
        yield part


def _lines(head: Sequence[str | int], rows: Rows) -> Iterator[str]:
    yield "\ufeff" + csv_line(head)  # spreadsheets read UTF-8 only when told
    while True:
        # A worker thread takes each turn in a context of its own, so the tenant enters anew.
        with tenant.entered(console().tenant):
            lines = [csv_line(row) for row in islice(rows, 200)]
        if not lines:
            return
        yield "".join(lines)


def csv_line(row: Sequence[str | int]) -> str:
    """Return a line of CSV in which no text is a formula."""
    line = io.StringIO()
    csv.writer(line).writerow(
        f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell for cell in row
    )
    return line.getvalue()
