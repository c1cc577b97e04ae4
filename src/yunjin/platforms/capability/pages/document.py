"""One document: where it stands, its files by version, who signs, what was done to it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.console import (
    Markup,
    ask,
    box,
    button,
    console,
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
from yunjin.kernel.clock import Clock
from yunjin.platforms.capability.api.documents import (
    Document,
    DocumentEntry,
    DocumentsApi,
    DocumentState,
)
from yunjin.platforms.capability.errors.documents import DocumentNotFound
from yunjin.platforms.capability.pages.acts import links_of, moment, said_deed, timeline
from yunjin.platforms.capability.pages.documents import state_chip

_ICONS: Final = {
    "made": "description",
    "asked": "draw",
    "signed": "verified",
    "refused": "thumb_down",
    "expired": "hourglass_disabled",
    "withdrawn": "undo",
    "doubted": "gpp_bad",
    "void": "block",
    "linked": "link",
    "unlinked": "link_off",
}
_TONES: Final[dict[str, Any]] = {"signed": "good", "doubted": "bad", "void": "warn"}


class OneDocument:
    """One reader's view of a document; it follows while people are to sign it."""

    def __init__(self, documents: DocumentsApi, clock: Clock, document_id: UUID) -> None:
        self._documents, self._clock, self._id = documents, clock, document_id

    async def draw(self) -> None:
        """Lay the page. Raises: DocumentNotFound."""
        await self._read()
        with title_row(self._one.title, note=markup.ident(str(self._id), str(self._id))):
            self._state = html("", tag="span")
            with box("yj-push yj-deeds") as self._deeds:
                pass
        with box("yj-halves"):
            with panel(t("document.about")):
                self._facts = html("")
            with panel(t("document.files"), note=t("document.files_note")):
                self._files = html("")
        with panel(t("paper.history")):
            self._past = html("")
        self._show()
        live(1.0, self._follow)

    async def _read(self) -> None:
        self._one: Document = await ask(self._documents.document, self._id)
        self._entries: list[DocumentEntry] = await ask(self._documents.history, self._id)

    async def _follow(self) -> None:
        if self._one.state is DocumentState.ASKED:
            await self._again()

    async def _again(self) -> None:
        before = self._one
        await self._read()
        if self._one != before:
            self._show()

    def _show(self) -> None:
        one = self._one
        self._state.set_content(str(state_chip(one)))
        self._facts.set_content(str(facts_of(one)))
        self._files.set_content(str(_files(one)))
        self._past.set_content(str(timeline(_steps(self._entries))))
        self._deeds.clear()
        with self._deeds:
            if one.state is DocumentState.MADE:
                button(t("paper.deed.sign_document"), self._sign, icon="draw")
            if one.state is DocumentState.ASKED:
                button(t("paper.deed.withdraw_document"), self._withdraw, icon="undo")
            if one.state is not DocumentState.VOID:
                button(t("paper.deed.void_document"), self._void, icon="block")

    def _sign(self) -> None:
        def act(command_id: UUID, said: str, by: str) -> None:
            self._documents.sign_by_hand(command_id, self._id, said, by=by)

        said_deed(self._clock, "sign_document", act, self._again, asks="evidence")

    def _withdraw(self) -> None:
        self._deed("withdraw_document", self._documents.withdraw_signatures)

    def _void(self) -> None:
        self._deed("void_document", self._documents.void)

    def _deed(self, name: str, command: Callable[..., Any]) -> None:
        def act(command_id: UUID, said: str, by: str) -> None:
            command(command_id, self._id, said, by=by)

        said_deed(self._clock, name, act, self._again)


def facts_of(one: Document) -> Markup:
    """Return what is known of a document."""
    template = f"/document-templates/{one.template}"
    pairs: list[tuple[str, Markup | str]] = [
        (
            t("document.template"),
            markup.link(f"{one.template} v{one.template_version}", template),
        ),
        (t("paper.about"), links_of(one.links)),
        (t("document.at"), moment(one.at)),
        (t("document.by"), one.by or "—"),
        (t("document.digest"), markup.ident(one.digest, formats.shortened(one.digest))),
        (t("document.size"), formats.size(one.size)),
    ]
    if one.signers:
        names = ", ".join(f"{each.name} ({each.party_id[:8]}…)" for each in one.signers)
        pairs.append((t("document.signers"), names))
        pairs.append((t("document.expires"), moment(one.expires_at)))
    if one.evidence_id:
        pairs.append((t("paper.evidence"), one.evidence_id))
    if one.why:
        pairs.append((t("paper.why"), one.why))
    return markup.facts(pairs)


def _files(one: Document) -> Markup:
    """Return links to every version's PDF, the signed one first."""
    links = [
        _link(one.document_id, f"v{version}.pdf", t("document.version_of", version=version))
        for version in range(one.version, 0, -1)
    ]
    if one.signed_digest:
        links.insert(0, _link(one.document_id, "signed.pdf", t("document.signed_file")))
    return Markup("<div>{}</div>").format(
        Markup("").join(Markup("<p>{}</p>").format(each) for each in links)
    )


def _link(document_id: UUID, name: str, words: str) -> Markup:
    path = console().url(f"/documents/{document_id}/files/{name}")
    return Markup('<a class="yj-link" href="{}" download>{} {}</a>').format(
        path, markup.icon("picture_as_pdf"), words
    )


def _steps(entries: list[DocumentEntry]) -> Iterator[Any]:
    for one in entries:
        words = t(f"document.did.{one.what}", version=one.version)
        tone = _TONES.get(one.what, "neutral")
        icon = _ICONS.get(one.what, "circle")
        note = t(f"document.doubt.{one.why}") if one.what == "doubted" else one.why
        yield icon, words, tone, one.by, one.at, note


def _id_of(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        what = "There is no such document."
        raise DocumentNotFound(what, document_id=text[:40]) from None


def register(documents: DocumentsApi, clock: Clock) -> None:
    """Put the page of a document, and its files, on the console."""

    @page("/documents/{document_id}", title="document.document", active="document.documents")
    async def shown(document_id: str) -> None:
        await OneDocument(documents, clock, _id_of(document_id)).draw()

    def write(facts: Mapping[str, str]) -> Iterator[bytes]:
        document_id, name = _id_of(facts["document_id"]), facts["name"]
        version = name.removeprefix("v").removesuffix(".pdf")
        is_signed = name == "signed.pdf"
        if not is_signed and not (version.isascii() and version.isdigit() and len(version) < 9):
            raise DocumentNotFound("There is no such file.", document_id=str(document_id))
        found = documents.file(document_id, 0 if is_signed else int(version), is_signed=is_signed)
        yield found.content

    file_route("/documents/{document_id}/files/{name}", write)
