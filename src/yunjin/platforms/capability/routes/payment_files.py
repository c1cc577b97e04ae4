"""Files of payments over HTTP: a pain.001 in as it is, pain.002 and camt.054 out."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query, Response

from yunjin.chassis.transport.values import Answer, CommandId, Exact
from yunjin.platforms.capability.api.payment_files import (
    FileState,
    PaymentFile,
    PaymentFilesApi,
)
from yunjin.platforms.capability.routes.values import Cursor, Limit

Xml = Annotated[bytes, Body(media_type="application/xml", max_length=80 << 20)]


class FileOut(Answer):
    """A file as it stands now. reason: an ISO 20022 code where it was refused whole."""

    file_id: UUID
    message_id: str
    name: str
    sender: str
    state: FileState
    lines: int
    booked: int
    refused: int
    away: int
    reason: str
    detail: str
    at: dt.datetime
    changed: dt.datetime


class FilesOut(Answer):
    """A page of files."""

    items: list[FileOut]
    next_cursor: str | None


class LineOut(Answer):
    """A line and what became of it: ACSC booked, RJCT refused, PDNG on its way to another bank."""

    end_to_end_id: str | None
    creditor_name: str | None
    creditor_other: str | None
    creditor_iban: str | None
    amount_minor: Exact | None
    currency: str | None
    status: str | None
    status_reason: str | None
    status_detail: str | None


class FileRoutes:
    """The addresses of files."""

    def __init__(self, files: PaymentFilesApi) -> None:
        self._files = files

    def submit(self, content: Xml, command_id: CommandId) -> FileOut:
        """Take a pain.001. Its body may be as long as `http.body_bytes_max`."""
        return _out(self._files.submit(command_id, content))

    def payment_files(self, limit: Limit = 50, cursor: Cursor = None) -> FilesOut:
        """Return files, newest first."""
        return FilesOut.model_validate(self._files.files(limit=limit, cursor=cursor))

    def payment_file(self, file_id: UUID) -> FileOut:
        """Return a file."""
        return _out(self._files.file(file_id))

    def file_lines(
        self, file_id: UUID, part: Annotated[int, Query(ge=0, le=100_000)] = 0
    ) -> list[LineOut]:
        """Return a part's lines, 8,000 a part."""
        found = self._files.lines(file_id, part)
        names = [name for name in LineOut.model_fields if name in found.schema.names]
        return [
            LineOut(**{name: row.get(name) for name in LineOut.model_fields})
            for row in found.select(names).to_pylist()
        ]

    def file_answer(self, file_id: UUID) -> Response:
        """Return the pain.002, as of now."""
        return Response(self._files.answer(file_id), media_type="application/xml")

    def file_notification(self, file_id: UUID) -> Response:
        """Return the camt.054 of what was booked."""
        return Response(self._files.notification(file_id), media_type="application/xml")


def router(files: PaymentFilesApi) -> APIRouter:
    """Return the router of payment files."""
    made, to = APIRouter(prefix="/payment_files", tags=["payments"]), FileRoutes(files)
    made.post("", status_code=202)(to.submit)
    made.get("")(to.payment_files)
    made.get("/{file_id}")(to.payment_file)
    made.get("/{file_id}/lines")(to.file_lines)
    made.get("/{file_id}/answer", response_class=Response)(to.file_answer)
    made.get("/{file_id}/notification", response_class=Response)(to.file_notification)
    return made


def _out(one: PaymentFile) -> FileOut:
    return FileOut.model_validate(one)
