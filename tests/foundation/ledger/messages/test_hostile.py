"""Goal: whatever the bytes are, the answer is a report or ImportRefused, soon, and the ledger is as
before. Method: the attacks that XML is known for, broken structure with its lines, and any bytes.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.foundation.ledger.messages.office import Office, golden
from yunjin.foundation.ledger.adapters import reading, xml
from yunjin.foundation.ledger.adapters.messages import Message
from yunjin.foundation.ledger.adapters.reading import read_message
from yunjin.foundation.ledger.api import ImportFile, ImportReport
from yunjin.foundation.ledger.errors import ImportRefused

DAY = golden("iso20022/camt.053.001.02.one_day.xml")
NAMES = [
    "iso20022/camt.052.001.01.first_version.xml",
    "iso20022/camt.053.001.08.refused_line.xml",
    "iso20022/pain.001.001.03.salaries.xml",
    "iso20022/pacs.008.001.08.between_banks.xml",
]
GIRO = golden("csv/giro.toml").decode()
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def read(content: bytes, mapping: str | None = None) -> Message:
    """Read a file without a ledger."""
    return read_message(ImportFile(name="x", content=content, mapping=mapping))


def typed(declaration: str, inside: str = "") -> Iterator[bytes]:
    """Yield the day's statement with a document type, in two encodings."""
    text = DAY.decode().replace('<?xml version="1.0" encoding="UTF-8"?>', declaration)
    text = text.replace("A-1", inside or "A-1")
    yield text.encode()
    yield text.encode("utf-16")


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
def test_a_document_type_is_refused(declaration: str, inside: str) -> None:
    for content in typed(declaration, inside):
        with pytest.raises(ImportRefused, match=r"document type|amplification|well-formed"):
            read(content)


def test_entities_in_an_attribute_of_the_root_are_refused() -> None:
    declaration = f'<!DOCTYPE Document [<!ENTITY l0 "ha">{LAUGHS}]>'
    [content, _] = typed(declaration)
    with pytest.raises(ImportRefused):
        read(content.replace(b"<Document", b'<Document a="&l9;"'))


def test_an_unknown_entity_is_refused() -> None:
    with pytest.raises(ImportRefused, match=r"line 25.*well-formed"):
        read(DAY.replace(b"A-1", b"&nothing;"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "neither"),
        (b"\x00" * 100, "neither"),
        (b"PK\x03\x04", "neither"),
        (b"<", "well-formed"),
        (b"<a>" * 100_000, "depth|deep|well-formed"),
        (b"<a/>", "expected an ISO 20022 message.*was a in namespace none"),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', "expected"),
        (b"<a>" + b"<b/>" * 2_000 + b"</a>", "expected an ISO 20022 message"),
        (DAY[:-40], "well-formed"),
        (DAY.replace(b"camt.053.001.02", b"camt.053.001.99"), "version 1 to 8, was 99"),
        (DAY.replace(b"camt.053.001.02", b"camt.086.001.02"), "was camt.086"),
        (DAY.replace(b"BkToCstmrStmt", b"BkToCstmrAcctRpt"), "expected BkToCstmrStmt, was"),
    ],
)
def test_what_is_no_message_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(ImportRefused, match=words):
        read(content)


@pytest.mark.parametrize(
    ("cut", "line", "path", "words"),
    [
        (b"<MsgId>YJ-20250303-001</MsgId>", 5, "/GrpHdr", "expected MsgId, was missing"),
        (b"<Id>2025-03-03/1</Id>", 6, "/Stmt[1]", "expected Id, was missing"),
        (b"<IBAN>DE89 3704 0044 0532 0130 00</IBAN>", 6, "/Stmt[1]/Acct/Id", "expected IBAN or"),
        (b'<Amt Ccy="EUR">50.50</Amt>', 22, "/Stmt[1]/Ntry[1]", "expected Amt, was missing"),
        (b' Ccy="EUR">50.50', 22, "/Stmt[1]/Ntry[1]/Amt", "expected Ccy, was missing"),
        (b"<CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK", 28, "/Stmt[1]/Ntry[2]", "expected CdtDbtInd"),
    ],
)
def test_what_is_missing_is_told_with_line_and_path(
    cut: bytes, line: int, path: str, words: str
) -> None:
    kept = {b' Ccy="EUR">50.50': b">50.50", b"<CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK": b"<Sts>BOOK"}
    with pytest.raises(ImportRefused) as refused:
        read(DAY.replace(cut, kept.get(cut, b""), 1))
    [finding] = refused.value.facts["findings"]
    assert finding["line"] == line
    assert finding["path"] == f"/BkToCstmrStmt{path}"
    assert words in finding["what"]


def test_every_finding_is_told_at_once_up_to_a_bound() -> None:
    with pytest.raises(ImportRefused) as refused:
        read(re.sub(rb"<Sts>.*?</Sts>", b"", DAY))
    assert len(refused.value.facts["findings"]) == 6
    many = DAY.replace(b"</Stmt>", b"<Ntry/>" * 1_000 + b"</Stmt>")
    with pytest.raises(ImportRefused) as refused:
        read(many)
    assert len(refused.value.facts["findings"]) == xml.FINDINGS_MAX


def test_a_file_beyond_the_bound_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "FILE_BYTES_MAX", len(DAY) - 1)
    with pytest.raises(ImportRefused, match="expected at most"):
        read(DAY)


def test_lines_beyond_the_sixteen_bits_of_old_parsers_are_told_right() -> None:
    far = DAY.replace(b"<Ntry>", b"\n" * 70_000 + b"<Ntry>", 1).replace(b">50.50<", b">0.001<")
    [first, *_] = read(far).lines
    assert (first.line, first.verdict is None) == (70_023, False)


def broken(content: bytes) -> st.SearchStrategy[bytes]:
    """Return a good file with some bytes changed."""
    place = st.integers(0, len(content))
    patch = st.tuples(place, st.integers(0, 40), st.binary(max_size=12))

    def patched(patches: list[tuple[int, int, bytes]]) -> bytes:
        text = content
        for start, length, new in patches:
            text = text[:start] + new + text[start + length :]
        return text

    return st.lists(patch, min_size=1, max_size=4).map(patched)


ODD = [
    "",
    "0",
    "-1",
    "1e9",
    "NaN",
    "9" * 19,
    "0.00001",
    "DBIT",
    "CRDT",
    "PDNG",
    "2025-02-30",
    "EUR",
]


def revalued(content: bytes) -> st.SearchStrategy[bytes]:
    """Return a good message with some texts and attributes exchanged."""
    places = [match.span(1) for match in re.finditer(rb"[>\"]([^<>\"\n]+)[<\"]", content)]
    value = st.one_of(st.sampled_from(ODD), st.text("aZ09.-: é", max_size=8))
    exchange = st.tuples(st.sampled_from(places), value)

    def exchanged(exchanges: list[tuple[tuple[int, int], str]]) -> bytes:
        text = content
        for (start, end), new in sorted(exchanges, reverse=True):
            text = text[:start] + new.encode() + text[end:]
        return text

    return st.lists(exchange, min_size=1, max_size=4, unique_by=lambda each: each[0]).map(exchanged)


def is_read_or_refused(content: bytes, mapping: str | None) -> bool:
    """Read; whatever is raised but a refusal goes on to the test."""
    try:
        return isinstance(read(content, mapping), Message)
    except ImportRefused as refused:
        return bool(refused.detail)


@given(content=st.binary(max_size=300), prefix=st.sampled_from([b"", b"<", b"<?xml ", b"\xff\xfe"]))
def test_any_bytes_are_read_or_refused(content: bytes, prefix: bytes) -> None:
    assert is_read_or_refused(prefix + content, None)
    assert is_read_or_refused(prefix + content, GIRO)


@given(content=st.sampled_from(NAMES).flatmap(lambda name: broken(golden(name))))
def test_any_broken_message_is_read_or_refused(content: bytes) -> None:
    assert is_read_or_refused(content, None)


@given(content=st.sampled_from(NAMES).flatmap(lambda name: revalued(golden(name))))
def test_any_message_with_odd_values_is_read_or_refused(content: bytes) -> None:
    assert is_read_or_refused(content, None)


@given(content=broken(golden("csv/giro.csv")))
def test_any_broken_table_is_read_or_refused(content: bytes) -> None:
    assert is_read_or_refused(content, GIRO)


@given(
    mapping=st.one_of(
        st.text(max_size=200),
        broken(GIRO.encode()).map(lambda text: text.decode("utf-8", "replace")),
    )
)
def test_any_mapping_is_taken_or_refused(mapping: str) -> None:
    assert is_read_or_refused(golden("csv/giro.csv"), mapping)


def imports(office: Office, content: bytes, **options: Any) -> ImportReport | None:
    """Import, or be refused."""
    try:
        return office.take(content, **options)
    except ImportRefused:
        return None


def test_any_broken_file_leaves_the_ledger_balanced(office: Office) -> None:
    seen = {"reported": 0, "refused": 0}

    @given(content=st.sampled_from(NAMES).flatmap(lambda name: revalued(golden(name))))
    def importing(content: bytes) -> None:
        report = imports(office, content)
        seen["refused" if report is None else "reported"] += 1
        assert all(not line.difference_minor for line in office.ledger.trial_balance())

    importing()
    assert min(seen.values()) > 5, seen
