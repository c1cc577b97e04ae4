"""From a stranger's bytes to plain text: no DTD, no entities, known encoding, bounded, identified.

Plain text is UTF-8 in which there is nothing but tags of the message's own namespace, without
prefixes and without attributes but `Ccy`, and texts. Most files come plain. expat reads every
byte of every file first, so that what follows may rely on well-formed XML; what is not plain
(prefixes, comments, CDATA, an envelope around the message) expat writes anew.
"""

import codecs
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final
from xml.parsers import expat

from yunjin.platforms.capability.domain.iso20022.reasons import ReasonCode, Refused
from yunjin.platforms.capability.domain.iso20022.tables import NAMESPACE, Family

BYTES_MAX: Final = 80 * 2**20
DEPTH_MAX: Final = 64  # the deepest message of the standard stays below 20
ELEMENTS_BEFORE_MAX: Final = 1_000  # of an envelope and its header
_STEP: Final = 2**20
_HEADER: Final = "head.001"  # the business application header is no message of its own
_NAME: Final = re.compile(re.escape(NAMESPACE) + r"([a-z]{4}\.\d{3})\.001\.(\d{2})")
_DECLARATION: Final = re.compile(rb"<\?xml[^>]{0,200}\?>")
_ENCODING: Final = re.compile(rb"""encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_ENCODINGS: Final = frozenset(["utf-8", "utf-16", "gb18030", "gbk", "gb2312", "iso8859-1", "ascii"])


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that is well-formed and says which message it is."""

    family: Family
    version: int
    text: bytes  # of the message
    start: int  # of the message element in it
    is_plain: bool


class _Refusal(Exception):
    """Carries a refusal out of expat's handlers."""

    def __init__(self, detail: str, code: ReasonCode = ReasonCode.FORMAT_INVALID) -> None:
        super().__init__(detail)
        self.refused = Refused(code=code, detail=detail)


def opened(
    content: bytes, families: Collection[Family], *, bytes_max: int = BYTES_MAX
) -> Opened | Refused:
    """Return the message in a file; whatever the bytes are, a refusal otherwise."""
    if len(content) > bytes_max:
        return Refused(
            code=ReasonCode.FORMAT_INVALID,
            detail=f"expected at most {bytes_max} bytes, was {len(content)}",
        )
    try:
        text = _utf8(content)
        first = _Inspection(families)
        _run(first.parser, text)
        return first.opened(text)
    except _Refusal as refusal:
        return refusal.refused


def rewritten(found: Opened) -> Opened | Refused:
    """Return the same message as plain text."""
    try:
        pen = _Rewriting(found.family.namespace(found.version))
        _run(pen.parser, found.text)
    except _Refusal as refusal:
        return refusal.refused
    text = "".join(pen.out).encode()
    return Opened(found.family, found.version, text, 0, True)


def _utf8(content: bytes) -> bytes:
    """Return the bytes in UTF-8 without declaration. Refuses a document type at once."""
    boms = ((bom, name) for bom, name in _BOMS if content.startswith(bom))
    bom, encoding = next(boms, (b"", ""))
    if not bom and content[:2] in (b"<\0", b"\0<"):
        encoding = "utf-16-le" if content[0] else "utf-16-be"
    body = content[len(bom) :] if bom else content
    if not encoding:
        encoding = _declared(body)
    if encoding != "utf-8":
        try:
            body = body.decode(encoding).encode()
        except UnicodeError as error:
            raise _Refusal(f"expected text in {encoding}, was broken: {error}") from None
    else:
        _check_utf8(body)
    if b"\r" in body:  # as XML says: every line ends in the same way
        body = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    body = body.lstrip(b" \t\n")
    declaration = _DECLARATION.match(body)
    body = body[declaration.end() :] if declaration else body
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise _Refusal("expected no document type declaration, was one")
    return body


def _declared(body: bytes) -> str:
    declaration = _DECLARATION.match(body.lstrip(b" \t\r\n"))
    named = _ENCODING.search(declaration[0]) if declaration else None
    if named is None:
        return "utf-8"
    try:
        encoding = codecs.lookup(named[1].decode()).name
    except LookupError:
        encoding = ""
    if encoding not in _ENCODINGS:
        known = ", ".join(sorted(_ENCODINGS))
        raise _Refusal(f"expected one of the encodings {known}, was {named[1].decode()}")
    return encoding


def _check_utf8(body: bytes) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(body)
    try:
        for at in range(0, len(body), _STEP):
            decoder.decode(view[at : at + _STEP])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise _Refusal(f"expected UTF-8, was broken: {error.reason}") from None


def _run(parser: Any, text: bytes) -> None:
    view = memoryview(text)
    try:
        for at in range(0, len(text), _STEP):
            parser.Parse(view[at : at + _STEP], False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise _Refusal(f"line {error.lineno}: expected well-formed XML, was: {error}") from None


def _parser() -> Any:
    parser = expat.ParserCreate("utf-8", "}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


def _refuse_doctype(*_told: Any) -> None:
    raise _Refusal("expected no document type declaration, was one")


class _Inspection:
    """Reads to the message element with care, then looks only for what is not plain."""

    def __init__(self, families: Collection[Family]) -> None:
        self._families = families
        self._count = 0
        self._first = ""
        self._found: tuple[Family, int] | None = None
        self._start = -1
        self._is_plain = True
        self.parser = parser = _parser()
        parser.StartElementHandler = self._element
        for handler in ("CommentHandler", "ProcessingInstructionHandler"):
            setattr(parser, handler, self._odd)
        parser.StartCdataSectionHandler = self._odd

    def opened(self, text: bytes) -> Opened:
        """Return what was found. Refuses where no message element was."""
        if self._found is None or self._start < 0:
            raise _Refusal(f"expected {self._known()}, was {self._first[:60] or 'nothing'}")
        family, version = self._found
        return Opened(family, version, text, self._start, self._is_plain)

    def _known(self) -> str:
        return "one of " + ", ".join(family.names for family in self._families)

    def _odd(self, *_told: Any) -> None:
        self._is_plain = False

    def _element(self, qualified: str, _attributes: dict[str, str]) -> None:
        namespace, _, name = qualified.rpartition("}")
        self._count += 1
        self._first = self._first or f"{name} in {namespace or 'no namespace'}"
        if self._count > ELEMENTS_BEFORE_MAX:
            raise _Refusal(f"expected {self._known()}, was {self._first[:60]}")
        match = _NAME.fullmatch(namespace)
        if match is None or match[1] == _HEADER:
            self._is_plain = False  # an envelope
            return
        kind, version = match[1], int(match[2])
        family = next((each for each in self._families if each.kind == kind), None)
        if family is None or version not in family.versions:
            raise _Refusal(f"expected {self._known()}, was {kind}.001.{version:02}")
        self._found = family, version
        if name == "Document":
            return
        if name != family.root.path:
            raise _Refusal(f"expected {family.root.path}, was {name[:60]}")
        self._start = self.parser.CurrentByteIndex
        self.parser.StartElementHandler = None
        self.parser.StartNamespaceDeclHandler = self._odd


class _Rewriting:
    """Writes the message element anew, as plain as it can be said."""

    def __init__(self, namespace: str) -> None:
        self._prefix = f"{namespace}}}"
        self._depth = 0
        self._skipped = 0  # depth inside an element of another namespace
        self.out: list[str] = []
        self.parser = parser = _parser()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text

    def _start(self, qualified: str, attributes: dict[str, str]) -> None:
        name = qualified.removeprefix(self._prefix)
        is_ours = name != qualified and not (name == "Document" and not self._depth)
        if self._skipped or not is_ours:
            self._skipped += bool(self._skipped or self._depth)
            return
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise _Refusal(f"expected at most {DEPTH_MAX} elements inside each other")
        currency = attributes.get("Ccy")
        self.out.append(f'<{name} Ccy="{_escaped(currency)}">' if currency else f"<{name}>")

    def _end(self, qualified: str) -> None:
        name = qualified.removeprefix(self._prefix)
        if self._skipped:
            self._skipped -= 1
        elif self._depth:
            self._depth -= 1
            self.out.append(f"</{name}>")

    def _text(self, data: str) -> None:
        if self._depth and not self._skipped:
            self.out.append(_escaped(data))


def _escaped(text: str) -> str:
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    )
