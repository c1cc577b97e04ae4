"""Goal: whatever the bytes are, the answer is a message or a refusal with a code, soon; no file or
network is touched. Method: the attacks XML is known for, broken encodings, sizes, and any bytes.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data import ROOT
from tests.platforms.capability.domain.iso20022 import made
from yunjin.platforms.capability.domain.iso20022.accounts import read_account_report
from yunjin.platforms.capability.domain.iso20022.answers import answer_order
from yunjin.platforms.capability.domain.iso20022.orders import Order, read_order
from yunjin.platforms.capability.domain.iso20022.reasons import Refused
from yunjin.platforms.capability.domain.iso20022.returns import read_returns
from yunjin.platforms.capability.domain.iso20022.statuses import (
    Statuses,
    read_statuses,
    write_statuses,
)
from yunjin.platforms.capability.domain.iso20022.transfers import read_transfers

GOOD = made.order_file()
HEAD = b'<?xml version="1.0" encoding="UTF-8"?>'
OPEN = b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn>'
CLOSE = b"</CstmrCdtTrfInitn></Document>"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
GOLDEN = sorted((ROOT / "tests" / "golden" / "iso20022" / "written").glob("*.xml"))


def refused(content: bytes) -> str:
    """Return the words of a refusal; its code is one a pain.002 may carry."""
    found = read_order(content)
    assert isinstance(found, Refused)
    is_answered(found)
    assert re.fullmatch("[A-Z]{2}[0-9]{2}", found.code)
    return found.detail


def lines_of(content: bytes) -> Order:
    """Return an order, which must be read."""
    found = read_order(content)
    assert isinstance(found, Order), found
    return found


@pytest.mark.parametrize(
    ("declaration", "inside"),
    [
        ("<!DOCTYPE Document>", ""),
        ('<!DOCTYPE Document SYSTEM "http://127.0.0.1:1/a.dtd">', ""),
        ('<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/passwd">]>', "&x;"),
        ('<!DOCTYPE Document [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>', ""),
        (f'<!DOCTYPE Document [<!ENTITY l0 "ha">{LAUGHS}]>', "&l9;"),
        (f'<!DOCTYPE Document [<!ENTITY q "{"q" * 50_000}">]>', "&q;" * 1_000),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_document_type_is_refused_unread(declaration: str, inside: str, encoding: str) -> None:
    text = GOOD.replace(HEAD, declaration.encode()).replace(b"E-1", inside.encode() or b"E-1")
    assert refused(text.decode().encode(encoding)) == (
        "expected no document type declaration, was one"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "expected well-formed XML"),
        (b"\x00" * 100, "expected well-formed XML"),
        (b"PK\x03\x04", "expected well-formed XML"),
        (b"<", "expected well-formed XML"),
        (GOOD[:-40], "expected well-formed XML"),
        (GOOD.replace(b"E-1", b"&nothing;"), "undefined entity"),
        (GOOD.replace(b"E-1", b"&#0;"), "reference to invalid character number"),
        (GOOD.replace(b"E-1", b"E\x01"), "not well-formed"),
        (GOOD.replace(b"E-1", b"E\xff"), "expected UTF-8, was broken"),
        (GOOD.replace(b"E-1", b"E\xed\xa0\x80"), "expected UTF-8, was broken"),
        (GOOD.replace(b"UTF-8", b"UTF-7"), "expected one of the encodings ascii, gb18030"),
        (GOOD.replace(b"UTF-8", b"nonsense"), "was nonsense"),
        (GOOD.replace(b"UTF-8", b"US-ASCII"), "expected text in ascii, was broken"),
        (GOOD.decode().encode("utf-16")[:-1], "expected text in utf-16-le, was broken"),
        (b"<a/>", "expected one of pain.001.001.03-09, was a in no namespace"),
        (b"<a>" + b"<b/>" * 2_000 + b"</a>", "expected one of pain.001"),
        (OPEN + CLOSE, "expected GrpHdr/MsgId, was missing"),
        (GOOD.replace(b"</Document>", GOOD[GOOD.index(b"<Cst") :]), "more than one"),
        (GOOD.replace(b"<PmtInf>", b"<PmtInf><PmtInf>", 1).replace(
            b"</PmtInf>", b"</PmtInf></PmtInf>"), "expected at least one CdtTrfTxInf, was none"),
    ],
    ids=range(19),
)  # fmt: skip
def test_what_is_no_message_is_refused(content: bytes, words: str) -> None:
    assert words in refused(content)


def test_a_file_beyond_the_bound_is_refused_unread() -> None:
    assert "expected at most 83886080 bytes, was 100000000" in refused(b"<" * 100_000_000)


def test_a_million_elements_inside_each_other_are_refused() -> None:
    deep = OPEN + b"<a>" * 1_000_000 + b"</a>" * 1_000_000 + CLOSE
    assert "expected at most 64 elements inside each other" in refused(deep)


@pytest.mark.parametrize("where", [b"E-1", "织工 1".encode()], ids=["id", "name"])
def test_a_huge_text_refuses_its_line_alone(where: bytes) -> None:
    order = lines_of(GOOD.replace(where, b"x" * 5_000_000))
    assert order.lines.column("reason").to_pylist() == [None, "CH16", None]
    assert len(order.lines.column("detail")[1].as_py()) <= 105


def test_many_attributes_and_namespaces_do_no_harm() -> None:
    odd = b"".join(b' a%d="x"' % n for n in range(1_000)) + b"".join(
        b' xmlns:n%d="urn:x:%d"' % (n, n) for n in range(200)
    )
    assert lines_of(GOOD.replace(b"<CdtTrfTxInf>", b"<CdtTrfTxInf" + odd + b">", 1))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_other_encodings_of_unicode_are_read_the_same(encoding: str) -> None:
    text = GOOD.decode().replace('encoding="UTF-8"', "")
    assert lines_of(text.encode(encoding)).lines.equals(lines_of(GOOD).lines)


@pytest.mark.parametrize("encoding", ["GB18030", "gbk", "GB2312"])
def test_chinese_encodings_are_read_the_same(encoding: str) -> None:
    text = GOOD.decode().replace("UTF-8", encoding)
    assert lines_of(text.encode(encoding)).lines.equals(lines_of(GOOD).lines)


def prefixed(content: bytes) -> bytes:
    """Return a message whose elements all carry a prefix."""
    text = re.sub(rb"<(/?)(\w)", rb"<\1p:\2", content).replace(b"xmlns=", b"xmlns:p=")
    return text.replace(b"<?p:xml", b"<?xml")


@pytest.mark.parametrize(
    "changed",
    [
        prefixed(GOOD),
        GOOD.replace(b"E-1", b"<![CDATA[E-1]]>"),
        GOOD.replace(b"E-1", b"E<!-- <CdtTrfTxInf> -->-1"),
        GOOD.replace(b"E-1", b"E<?say hello?>-1"),
        GOOD.replace(b"E-1", b"&#69;-&#x31;"),
        GOOD.replace(b"<EndToEndId>", b"<EndToEndId xmlns='urn:iso:std:iso:20022:tech:xsd:pain."
                     b"001.001.09'>"),
        GOOD.replace(b"><", b">\r\n\t<"),
        GOOD.replace(b"<Amt>", b"<x:Amt xmlns:x='urn:x'>7</x:Amt><Amt>"),
        GOOD.replace(b"<CdtTrfTxInf>", b"<CdtTrfTxInf >").replace(b"</Amt>", b"</Amt\n>"),
        GOOD.replace(b'Ccy="CNY"', b"Ccy='CNY'"),
        GOOD.replace(b"<Document", b"<Envelope xmlns='urn:e'><H><Amt/></H><Document").replace(
            b"</Document>", b"</Document></Envelope>"),
        GOOD.replace(b"</Cdtr>", b"</Cdtr><SplmtryData><CdtTrfTxInf/></SplmtryData>"),
    ],
    ids=range(12),
)  # fmt: skip
def test_other_ways_to_write_the_same_are_read_the_same(changed: bytes) -> None:
    assert changed != GOOD
    assert lines_of(changed).lines.equals(lines_of(GOOD).lines)


def test_an_element_of_another_namespace_is_none_of_ours() -> None:
    foreign = GOOD.replace(b"<InstdAmt ", b"<InstdAmt xmlns='urn:x' ")
    order = lines_of(foreign.replace(b"CtrlSum>", b"Ignored>"))
    assert set(order.lines.column("reason").to_pylist()) == {"CH21"}


def broken(content: bytes) -> st.SearchStrategy[bytes]:
    """Return a good file with some bytes changed."""
    patch = st.tuples(st.integers(0, len(content)), st.integers(0, 40), st.binary(max_size=12))

    def patched(patches: list[tuple[int, int, bytes]]) -> bytes:
        text = content
        for start, length, new in patches:
            text = text[:start] + new + text[start + length :]
        return text

    return st.lists(patch, min_size=1, max_size=4).map(patched)


ODD = ["", "0", "-1", "1e9", "NaN", "9" * 19, "0.00001", "DBIT", "PDNG", "2025-02-30", "EUR", "]]>"]


PLACES = {
    path: [match.span(1) for match in re.finditer(rb"[>\"]([^<>\"\n]+)[<\"]", path.read_bytes())]
    for path in GOLDEN
}


def revalued(path: Path) -> st.SearchStrategy[bytes]:
    """Return a good message with some texts and attributes exchanged."""
    content, places = path.read_bytes(), PLACES[path]
    value = st.one_of(st.sampled_from(ODD), st.text("aZ09.-: é", max_size=8))
    exchange = st.tuples(st.sampled_from(places), value)

    def exchanged(exchanges: list[tuple[tuple[int, int], str]]) -> bytes:
        text = content
        for (start, end), new in sorted(exchanges, reverse=True):
            text = text[:start] + new.encode() + text[end:]
        return text

    return st.lists(exchange, min_size=1, max_size=4, unique_by=lambda each: each[0]).map(exchanged)


READERS: dict[bytes, Callable[[bytes], object]] = {
    b"pain.001": read_order,
    b"pacs.008": read_transfers,
    b".002.001": read_statuses,
    b"pacs.004": read_returns,
    b"camt.05": read_account_report,
}


def is_read_or_refused(content: bytes) -> bool:
    """Read as the kind it names; whatever is raised goes on to the test."""
    reader = next((READERS[name] for name in READERS if name in content), read_order)
    found = reader(content)
    if isinstance(found, Order):
        is_answered(found)
    return found is not None


def is_answered(found: Order | Refused) -> None:
    """Answer an order, whatever is wrong with it; whoever sent it must be able to read that."""
    answer = write_statuses(answer_order(found, message_id="A-1", created_at=made.NOW))
    assert isinstance(read_statuses(answer), Statuses)


@given(content=st.binary(max_size=300), prefix=st.sampled_from([b"", b"<", b"<?xml ", b"\xff\xfe"]))
def test_any_bytes_are_read_or_refused(content: bytes, prefix: bytes) -> None:
    assert is_read_or_refused(prefix + content)


@given(content=st.sampled_from(GOLDEN).flatmap(lambda path: broken(path.read_bytes())))
def test_any_broken_message_is_read_or_refused(content: bytes) -> None:
    assert is_read_or_refused(content)


@given(content=st.sampled_from(GOLDEN).flatmap(revalued))
def test_any_message_with_odd_values_is_read_or_refused(content: bytes) -> None:
    assert is_read_or_refused(content)
