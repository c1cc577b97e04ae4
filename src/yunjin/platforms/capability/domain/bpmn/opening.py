"""From a stranger's text to a tree: bounded, without DTD, entities, comments or network."""

import re
from typing import Any, Final

from lxml import etree

from yunjin.platforms.capability.api.drawings import BYTES_MAX

BPMN: Final = "http://www.omg.org/spec/BPMN/20100524/MODEL"
_ELEMENTS_MAX: Final = 40_000  # with those of the layout
_DECLARATION: Final = re.compile(r"\A\ufeff?\s*<\?xml[^>]{0,200}\?>")
Element = Any  # lxml has no types


class Unopened(ValueError):
    """A text that is no BPMN 2.0 file, or none that is safe to read."""


def opened(text: str) -> Element:
    """Return the root of a BPMN file. Raises: Unopened."""
    try:
        body = _DECLARATION.sub("", text, count=1).encode()
    except UnicodeError:
        raise Unopened("expected text, was a half of a character") from None
    if not 0 < len(body) <= BYTES_MAX:
        raise Unopened(f"expected 1 to {BYTES_MAX} bytes, was {len(body)}")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Unopened("expected no document type declaration, was one")
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        remove_blank_text=True,
    )
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise Unopened(f"expected well-formed XML, was: {error.msg}"[:300]) from None
    if root.tag != f"{{{BPMN}}}definitions":
        raise Unopened(f"expected the definitions of BPMN 2.0, was {str(root.tag)[:100]}")
    count = sum(1 for _ in root.iter())
    if count > _ELEMENTS_MAX:
        raise Unopened(f"expected at most {_ELEMENTS_MAX} elements, was {count}")
    return root


def local(element: Element) -> str:
    """Return an element's name without its namespace."""
    return str(etree.QName(element).localname)


def is_bpmn(element: Element) -> bool:
    """Return whether an element is of BPMN itself, and no extension."""
    return bool(etree.QName(element).namespace == BPMN)


def extensions(element: Element) -> list[Element]:
    """Return what tools have put into an element, whatever their namespace, to any depth."""
    return [
        one
        for holder in element
        if is_bpmn(holder) and local(holder) == "extensionElements"
        for one in holder.iter()
        if one is not holder
    ]


def attribute(element: Element, name: str) -> str:
    """Return an attribute of a tool's own namespace, or of none; "" where it is missing."""
    for key, found in element.attrib.items():
        if etree.QName(key).localname == name:
            return str(found)
    return ""


def text_of(element: Element, name: str) -> str:
    """Return the text of an element's child of BPMN."""
    for one in element:
        if is_bpmn(one) and local(one) == name:
            return "".join(one.itertext()).strip()
    return ""
