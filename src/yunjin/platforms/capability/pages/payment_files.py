"""Files of payments: the list, uploading one; one file with its lines and its answers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Figure,
    Filters,
    Markup,
    Row,
    Table,
    ask,
    box,
    empty,
    figures,
    file_route,
    formats,
    html,
    live,
    markup,
    page,
    panel,
    t,
    title_row,
)
from yunjin.kernel.clock import Clock, nanoseconds
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability.api.payment_files import FileState, PaymentFile, PaymentFilesApi
from yunjin.platforms.capability.errors import PaymentFileNotFound
from yunjin.platforms.capability.pages.uploads import upload_button

PAGE_ROWS: Final = 50
BYTES_MAX: Final = 80 << 20
_TONES: Final[dict[FileState, Any]] = {
    FileState.WORKED: "info",
    FileState.DONE: "good",
    FileState.REFUSED: "bad",
}
_LINE_TONES: Final[dict[str, Any]] = {"ACSC": "good", "RJCT": "bad", "PDNG": "info"}
_PART: Final = 8_000


class PaymentFileList:
    """One reader's list of files."""

    def __init__(self, files: PaymentFilesApi, clock: Clock) -> None:
        self._files, self._clock, self._address = files, clock, Address()

    async def draw(self) -> None:
        """Lay the list."""
        with title_row(t("payfile.files"), note=t("payfile.files_note")), box("yj-push"):
            upload_button(
                t("payfile.upload"),
                self._take,
                lambda words: self._said.set_content(words),
                accept=".xml,text/xml,application/xml",
                bytes_max=BYTES_MAX,
                too_large="payfile.too_large",
            )
        self._said = html("").props('role="status"')
        with panel(classes="yj-panel-table"):
            table = Table(
                _columns(),
                self._load,
                caption=t("payfile.files"),
                empty=lambda: empty(
                    t("payfile.none"), hint=t("payfile.none_hint"), icon="upload_file"
                ),
                address=self._address,
            )
        await table.show()

    async def _take(self, content: bytes) -> str:
        one = await ask(self._files.submit, uuid7(self._clock), content)
        return f"/payment-files/{one.file_id}"

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        found = await ask(self._files.files, limit=PAGE_ROWS, cursor=wanted.cursor)
        return [_row(one) for one in found.items], found.next_cursor


class OnePaymentFile:
    """One reader's view of a file; it follows until the file is worked."""

    def __init__(self, files: PaymentFilesApi, file_id: UUID) -> None:
        self._files, self._id, self._address = files, file_id, Address()

    async def draw(self) -> None:
        """Lay the page. Raises: PaymentFileNotFound."""
        self._one = await ask(self._files.file, self._id)
        text = str(self._id)
        with title_row(t("payfile.file"), note=markup.ident(text, text)):
            self._state = html("", tag="span")
            with box("yj-push yj-deeds"):
                self._links = html("")
        with figures():
            names = ("lines", "booked", "refused", "away")
            self._figures = {name: Figure(t(f"payfile.{name}"), "—") for name in names}
        with panel():
            self._facts = html("")
        with Filters(self._address, self._restart) as row:
            row.choice(
                "state",
                t("payfile.state"),
                t("payfile.all_lines"),
                {code: t(f"payfile.line_state.{code}") for code in _LINE_TONES},
            )
        with panel(classes="yj-panel-table"):
            self._table = Table(
                _line_columns(),
                self._load,
                caption=t("payfile.lines"),
                empty=lambda: empty(t("payfile.no_lines"), icon="search_off"),
                address=self._address,
            )
        self._show()
        await self._table.show()
        live(1.0, self._follow)

    async def _restart(self) -> None:
        await self._table.restart()

    async def _follow(self) -> None:
        if self._one.state is not FileState.WORKED:
            return
        found = await ask(self._files.file, self._id)
        if found != self._one:
            self._one = found
            self._show()
            await self._table.restart()

    def _show(self) -> None:
        one = self._one
        self._state.set_content(str(_chip(one)))
        for name, figure in self._figures.items():
            figure.show(formats.number(getattr(one, name)))
        links = [_download(one, "answer")]
        if one.booked:
            links.append(_download(one, "notification"))
        self._links.set_content(str(Markup(" ").join(links)))
        pairs: list[tuple[str, Markup | str]] = [
            (t("payfile.message"), one.message_id or "—"),
            (t("payfile.sender"), one.sender or "—"),
            (t("payfile.at"), formats.moment(nanoseconds(one.at))),
        ]
        if one.reason:
            pairs.append((t("payfile.state.refused"), f"{one.reason} {one.detail}"))
        self._facts.set_content(str(markup.facts(pairs)))

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        """Return a page of lines. The cursor is the number of the first line that is looked at."""
        state = self._address.all().get("state", "")
        at = int(wanted.cursor or 0)
        rows: list[Row] = []
        while at < self._one.lines and len(rows) < PAGE_ROWS:
            try:
                some = await ask(self._files.lines, self._id, at // _PART)
            except PaymentFileNotFound:
                break
            for line in some.slice(at % _PART).to_pylist():
                at += 1
                if not state or line["status"] == state:
                    rows.append(_line(at, line))
                if len(rows) == PAGE_ROWS:
                    break
        return rows, str(at) if at < self._one.lines and len(rows) == PAGE_ROWS else None


def _columns() -> list[Column]:
    return [
        Column(key="id", label=t("payfile.file"), card="lead"),
        Column(key="message", label=t("payfile.message"), card="line"),
        Column(key="sender", label=t("payfile.sender"), card="line"),
        Column(key="at", label=t("payfile.at"), is_whole=True, card="left"),
        Column(key="lines", label=t("payfile.lines"), is_number=True, card="right"),
        Column(key="booked", label=t("payfile.booked"), is_number=True),
        Column(key="refused", label=t("payfile.refused"), is_number=True),
        Column(key="state", label=t("payfile.state"), card="side"),
    ]


def _row(one: PaymentFile) -> Row:
    text = str(one.file_id)
    return {
        "id": markup.ident(text, formats.shortened(text), f"/payment-files/{text}"),
        "message": one.message_id or "—",
        "sender": one.sender or "—",
        "at": formats.moment(nanoseconds(one.at)),
        "lines": formats.number(one.lines),
        "booked": formats.number(one.booked),
        "refused": formats.number(one.refused),
        "state": _chip(one),
    }


def _chip(one: PaymentFile) -> Markup:
    words = t(f"payfile.state.{one.state.value}")
    return markup.chip(f"{words} {one.reason}".strip(), _TONES[one.state], hint=one.detail)


def _line_columns() -> list[Column]:
    return [
        Column(key="number", label=t("payfile.line"), is_number=True, card="lead"),
        Column(key="payee", label=t("payfile.payee"), card="line"),
        Column(key="amount", label=t("payfile.amount"), is_number=True, card="right"),
        Column(key="end", label=t("capability.payment_end_to_end"), card="left"),
        Column(key="state", label=t("payfile.state"), card="side"),
    ]


def _line(number: int, line: Mapping[str, Any]) -> Row:
    code, minor = line["status"], line["amount_minor"]
    words = t(f"payfile.line_state.{code or 'none'}")
    account = line["creditor_iban"] or line["creditor_other"] or "—"
    currency = line["currency"] or ""
    shown = "—" if minor is None or not currency else formats.money(minor, currency)
    return {
        "number": formats.number(number),
        "payee": markup.stacked(line["creditor_name"] or "—", account),
        "amount": Markup('<span>{} <small class="yj-side">{}</small></span>').format(
            shown, currency
        ),
        "end": line["end_to_end_id"] or "—",
        "state": markup.chip(
            f"{words} {line['status_reason'] or ''}".strip(),
            _LINE_TONES.get(code or "", "neutral"),
            hint=line["status_detail"] or "",
        ),
    }


def _download(one: PaymentFile, what: str) -> Markup:
    name = "pain.002.xml" if what == "answer" else "camt.054.xml"
    path = f"/payment-files/{one.file_id}/{what}/{name}"
    return markup.button_link(t(f"payfile.{what}"), path, sign="download")


def register(files: PaymentFilesApi, clock: Clock) -> None:
    """Put the pages of payment files on the console."""

    @page("/payment-files", title="payfile.files", active="payfile.files")
    async def listed() -> None:
        await PaymentFileList(files, clock).draw()

    @page("/payment-files/{file_id}", title="payfile.file", active="payfile.files")
    async def shown(file_id: str) -> None:
        await OnePaymentFile(files, _id(file_id)).draw()

    def answer(facts: Mapping[str, str]) -> Iterator[bytes]:
        yield files.answer(_id(facts["file_id"]))

    def notification(facts: Mapping[str, str]) -> Iterator[bytes]:
        yield files.notification(_id(facts["file_id"]))

    file_route("/payment-files/{file_id}/answer/{name}", answer)
    file_route("/payment-files/{file_id}/notification/{name}", notification)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise PaymentFileNotFound("There is no such file.", file_id=text[:40]) from None
