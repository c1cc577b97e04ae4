"""Goal: a paper in PDF shows what the data says, in fonts that have the characters, page by page.

Method: the texts are read back out of the file's own drawing commands. How it looks was seen by
eye; that the bytes are the same twice, and that hostile words do no harm, is tested.
"""

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest

from tests.foundation.banking.statements.fakes import (
    INSTITUTION,
    OPENED_NS,
    FakeLedger,
    Posting,
    a_quarter,
    agreement,
    pages_of,
    services,
)
from yunjin.chassis.papers.fonts import Fonts
from yunjin.foundation.banking.api.statements import Form, Kind, Lang, PaperOrder
from yunjin.foundation.banking.errors import StatementTooLong
from yunjin.kernel.errors import Malformed


def pdf(ledger: FakeLedger, lang: Lang = Lang.ZH, **changes: Any) -> bytes:
    """Return a quarter's statement."""
    order = PaperOrder(
        kind=Kind.STATEMENT,
        form=Form.PDF,
        agreement_id=77,
        lang=lang,
        start=dt.date(2026, 1, 1),
        end=dt.date(2026, 3, 31),
    )
    _, writer = services(ledger, **changes)
    return b"".join(writer.write(order))


def long(count: int) -> FakeLedger:
    """Return a history of so many lines."""
    return FakeLedger([Posting(OPENED_NS + at, dt.date(2026, 1, 5), 1_00) for at in range(count)])


def test_a_page_shows_the_letterhead_the_lines_and_the_totals() -> None:
    [page] = pages_of(pdf(a_quarter()))
    shown = " ".join(page)
    for text in (INSTITUTION, "账户对账单", "转入", "利息", "应付利息", "2026-03-23", "2026-03-20"):
        assert text in shown
    for amount in ("5,000,000.00", "1,234.56", "5,001,529.40", "5,002,763.96"):
        assert amount in page
    assert "核验" in page
    assert "ab" * 32 in shown


def test_english_papers_say_the_same_in_english() -> None:
    [page] = pages_of(pdf(a_quarter(), Lang.EN))
    shown = " ".join(page)
    for text in ("Account statement", "Interest payable", "Closing balance", "Page 1 of 1"):
        assert text in shown
    assert not re.search("[一-鿿]", shown.replace(INSTITUTION, ""))


def test_chinese_is_drawn_in_a_font_that_has_it() -> None:
    body = pdf(a_quarter())
    assert b"/STSong-Light" in body
    assert b"/UniGB-UCS2-H" in body
    fonts = Fonts()
    assert [font for font, _ in fonts.runs("期初余额 1.00")] == ["STSong-Light", "Helvetica"]
    assert fonts.width("余额", 10) == 20  # full width: a known glyph, not a box of another size


def test_a_long_statement_repeats_its_head_and_counts_its_pages() -> None:
    pages = pages_of(pdf(long(60)))
    assert len(pages) > 1
    for number, page in enumerate(pages, 1):
        shown = "".join(page)
        assert f"第 {number} 页，共 {len(pages)} 页" in shown
        assert INSTITUTION in shown
    rows = [page.count("1.00") for page in pages]
    assert sum(rows) == 60 + 1  # the first line's balance is 1.00, too
    for page, count in zip(pages, rows, strict=True):
        assert ("余额" in page) == (count > 0)  # the head stands where rows do


def test_an_empty_period_has_a_page_that_says_so() -> None:
    [page] = pages_of(pdf(FakeLedger()))
    assert "本期间无入账记录。" in page


def test_the_same_paper_is_the_same_bytes() -> None:
    first = pdf(long(30))
    assert first == pdf(long(30))
    assert b"(D:20260408000000+00'00')" in first
    assert first != pdf(long(31))


def test_a_paper_that_would_be_too_long_is_refused() -> None:
    with pytest.raises(StatementTooLong, match="expected at most 10 rows on paper"):
        pdf(long(11), rows_max=10)


def test_hostile_words_neither_break_the_page_nor_turn_it_around() -> None:
    bad = "（) Tj ET\\ 1\n2\t\x00\u202e321\u200b 😀 ñ ع " + "很长" * 300 + "x" * 2_000
    pages = pages_of(pdf(a_quarter(), about=agreement(note=bad, party_id="=cmd|' /C calc'!A0")))
    shown = "".join(text for page in pages for text in page)
    assert "（) Tj ET\\ 1 2 321 ? ñ ? 很长很长" in shown
    assert shown.count("x") >= 2_000
    assert "期末余额" in shown
    assert len(pages) == 2


def test_words_break_within_the_width_they_have() -> None:
    fonts = Fonts()
    for text in ("x" * 500, "账户对账单" * 60, "many short words " * 30, "a，" * 90, "W" * 3):
        lines = fonts.lines(text, 8, 100)
        assert all(fonts.width(line, 8) <= 100 for line in lines)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert fonts.lines("", 8, 100) == [""]
    assert fonts.lines("one two", 8, 20) == ["one", "two"]


def test_a_font_of_the_institution_is_embedded() -> None:
    import reportlab

    file = str(Path(reportlab.__file__).parent / "fonts" / "Vera.ttf")
    body = pdf(a_quarter(), Lang.EN, font_file=file, institution="Demo Bank")
    assert b"/FontFile2" in body
    assert b"STSong" not in body
    assert body == pdf(a_quarter(), Lang.EN, font_file=file, institution="Demo Bank")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        (b"no font", "a file of another kind"),
        (b"OTTO" + bytes(60), "PostScript outlines"),
        (b"\x00\x01\x00\x00" + bytes(60), "TrueType font"),  # found out when it is read
    ],
)
def test_a_font_file_that_is_none_is_refused(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    file = tmp_path / "font.ttf"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Malformed, match=f"expected .*{said}"):
        pdf(a_quarter(), font_file=str(file))
