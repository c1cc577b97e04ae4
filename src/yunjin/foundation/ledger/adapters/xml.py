"""Reading XML that a stranger wrote: no DTD, no entities, no network, bounded, in one pass.

Elements come one by one at their end and are emptied afterwards, so that memory follows the
largest entry, not the file. Every complaint carries the line and the element's path.
"""

import io
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, Final

from lxml import etree

from yunjin.foundation.ledger.errors import ImportRefused

FINDINGS_MAX: Final = 20  # then it is another kind of file
_SAFE: Final[dict[str, Any]] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "huge_tree": False,  # libxml2's own bounds: depth 256, 10 MB a text
    "recover": False,
}
_ELEMENTS_A_TICK: Final = 4_096
Element = Any  # lxml has no types
Tick = Callable[[int], None]


class Findings:
    """What is wrong with a file's structure, gathered so that one reading tells all."""

    def __init__(self) -> None:
        self._found: list[dict[str, Any]] = []

    def add(self, line: int, path: str, what: str) -> None:
        """Note one complaint. Raises: ImportRefused when there are too many already."""
        self._found.append({"line": line, "path": path, "what": what})
        if len(self._found) >= FINDINGS_MAX:
            self.settle()

    def settle(self) -> None:
        """Refuse the file where anything was found. Raises: ImportRefused."""
        if self._found:
            first, more = self._found[0], len(self._found) - 1
            rest = f" (and {more} more)" if more else ""
            raise ImportRefused(
                f"line {first['line']}, {first['path']}: {first['what']}{rest}",
                findings=self._found,
            )


class Reader:
    """Finds elements and texts by paths of local names in one namespace."""

    def __init__(self, namespace: str, findings: Findings) -> None:
        self.namespace = namespace
        self.findings = findings
        self._paths: dict[str, str] = {}

    def tag(self, name: str) -> str:
        """Return the qualified name of an element."""
        return f"{{{self.namespace}}}{name}"

    def _qualified(self, path: str) -> str:
        known = self._paths.get(path)
        if known is None:
            known = self._paths[path] = "/".join(self.tag(name) for name in path.split("/"))
        return known

    def find(self, element: Element, path: str) -> Element | None:
        """Return the first element at a path below, None if there is none."""
        return element.find(self._qualified(path))

    def find_all(self, element: Element, path: str) -> list[Element]:
        """Return all elements at a path below."""
        found: list[Element] = element.findall(self._qualified(path))
        return found

    def text(self, element: Element, *paths: str) -> str:
        """Return the text at the first of the paths that has one, stripped; else empty."""
        for path in paths:
            found: str | None = element.findtext(self._qualified(path))
            if found and (stripped := found.strip()):
                return stripped
        return ""

    def need(self, element: Element, where: str, *paths: str) -> str:
        """Return a text that must be there; note a finding otherwise. `where`: path to element."""
        found = self.text(element, *paths)
        if not found:
            wanted = " or ".join(paths)
            self.findings.add(element.sourceline, where, f"expected {wanted}, was missing")
        return found


def split(tag: str) -> tuple[str, str]:
    """Return namespace and local name of a qualified name."""
    namespace, brace, name = tag.rpartition("}")
    return (namespace[1:], name) if brace else ("", tag)


def _refused_syntax(error: etree.XMLSyntaxError, log: Any) -> ImportRefused:
    """Return the refusal of a file that is not well-formed; the parser's log knows the place."""
    last = log[-1] if len(log) else None
    line = (last.line if last is not None else error.lineno) or 1
    what = f"expected well-formed XML, was: {last.message if last is not None else error.msg}"
    return ImportRefused(
        f"line {line}: {what}", findings=[{"line": line, "path": "/", "what": what}]
    )


def walk(
    content: bytes, *, starts: bool, tags: Collection[str] = (), tick: Tick | None = None
) -> Iterator[Element]:
    """Yield elements in document order.

    Parameters
    ----------
    starts : yield every element at its start (its inside is not there yet); else those of `tags`
        at their end, which are emptied when the next one is asked for.
    tick : told the bytes read so far, every few thousand elements.

    Raises: ImportRefused for a document type declaration and for XML that is not well-formed.
    """
    source = io.BytesIO(content)
    seen = 0
    parser = etree.iterparse(source, events=("start", "end"), **_SAFE)
    try:
        for event, element in parser:
            seen += 1
            if seen == 1 and element.getroottree().docinfo.internalDTD is not None:
                what = "expected no document type declaration, was one"
                raise ImportRefused(
                    f"line 1: {what}", findings=[{"line": 1, "path": "/", "what": what}]
                )
            if tick is not None and seen % _ELEMENTS_A_TICK == 0:
                tick(source.tell())
            if starts and event == "start":
                yield element
            elif not starts and event == "end" and element.tag in tags:
                yield element
                element.clear()
    except etree.XMLSyntaxError as error:
        raise _refused_syntax(error, parser.error_log) from None
    except (LookupError, ValueError) as error:  # an encoding nobody knows
        raise ImportRefused(f"expected readable XML, was: {error}") from None


def check_schema(content: bytes, namespace: str, root: str, directory: str) -> None:
    """Hold a message against the XSD of its namespace.

    Parameters
    ----------
    root : local name of the message element; an envelope around the message is left out.
    directory : where the XSDs are; the one whose target namespace fits is taken.

    Raises: ImportRefused.
    """
    schema = _schema_of(namespace, directory)
    tree = etree.parse(io.BytesIO(content), etree.XMLParser(**_SAFE))
    message = tree.getroot()
    if split(message.tag)[0] != namespace:
        message = etree.Element(f"{{{namespace}}}Document", nsmap={None: namespace})
        message.append(next(tree.iter(f"{{{namespace}}}{root}")))
    if schema.validate(message):
        return
    findings = Findings()
    for error in list(schema.error_log)[: FINDINGS_MAX - 1]:
        what = error.message.replace(f"{{{namespace}}}", "")
        findings.add(error.line, _path_of(message, error.path), what)
    findings.settle()


def _schema_of(namespace: str, directory: str) -> Any:
    found = Path(directory)
    if not found.is_dir():
        raise ImportRefused(f"expected a directory of XSD files, was {directory!r}")
    for path in sorted(found.glob("*.xsd")):
        try:
            tree = etree.parse(str(path), etree.XMLParser(**_SAFE))
            if tree.getroot().get("targetNamespace") == namespace:
                return etree.XMLSchema(tree)
        except (etree.XMLSyntaxError, etree.XMLSchemaParseError, OSError) as error:
            raise ImportRefused(f"expected an XSD in {path.name}, was: {error}") from None
    raise ImportRefused(f"expected an XSD for {namespace} in {directory}, was none")


def _path_of(root: Element, generic: str | None) -> str:
    """Return an element's path in local names; libxml2 writes a star for each of them."""
    try:
        [element] = root.xpath(generic) if generic else [root]
    except (etree.XPathError, ValueError):
        return generic or "/"
    steps = []
    while element is not None:
        before = sum(1 for _ in element.itersiblings(element.tag, preceding=True))
        after = any(True for _ in element.itersiblings(element.tag))
        name = split(element.tag)[1]
        steps.append(f"{name}[{before + 1}]" if before or after else name)
        element = element.getparent()
    return "/" + "/".join(reversed(steps))
