"""Goal: the fast way through a file reads what the slow way does. Method: messages of many shapes,
read with elements taken whole, tag by tag, and written anew by expat first; all must agree.
"""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.platforms.capability.domain.iso20022 import made
from tests.platforms.capability.domain.iso20022.test_round_trip import messages
from yunjin.platforms.capability.domain.iso20022 import cutting, opening
from yunjin.platforms.capability.domain.iso20022.account_tables import STATEMENTS
from yunjin.platforms.capability.domain.iso20022.cutting import NotPlain, Rows, cut
from yunjin.platforms.capability.domain.iso20022.forms import typed
from yunjin.platforms.capability.domain.iso20022.opening import Opened
from yunjin.platforms.capability.domain.iso20022.orders import ORDERS, write_order
from yunjin.platforms.capability.domain.iso20022.tables import Family
from yunjin.platforms.capability.domain.iso20022.writing import write


def found(content: bytes, family: Family) -> Opened:
    """Return an opened file, which must be plain."""
    file = opening.opened(content, [family])
    assert isinstance(file, Opened)
    assert file.is_plain
    return file


def told(rows: dict[str, Rows]) -> dict[str, pa.RecordBatch]:
    """Return everything that was cut, without the escapes that may be written or not."""
    return {
        name: pa.record_batch({"parent": each.parents(), **typed(each)[0]})
        for name, each in rows.items()
    }


@pytest.mark.parametrize("family", [ORDERS, STATEMENTS], ids=lambda family: family.kind)
def test_every_way_through_a_message_reads_the_same(
    family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = family.layout(family.newest)

    @settings(max_examples=6)
    @given(batches=messages(layout))
    def agree(batches: dict[str, pa.RecordBatch]) -> None:
        file = found(write(family, family.newest, batches), family)
        anew = opening.rewritten(file)
        assert isinstance(anew, Opened)
        ways = []
        for whole_max in (0, 1 << 20):
            monkeypatch.setattr(cutting, "WHOLE_MAX", whole_max)
            ways += [told(cut(file.text, file.start, layout)), told(cut(anew.text, 0, layout))]
        assert all(way == ways[0] for way in ways)

    agree()


@given(shapes=st.lists(st.integers(0, 7), min_size=1, max_size=120))
def test_lines_of_changing_shapes_keep_their_order(shapes: list[int]) -> None:
    lines = made.wages(
        len(shapes),
        purpose=["SALA" if shape & 1 else None for shape in shapes],
        creditor_country=["CN" if shape & 2 else None for shape in shapes],
        remittance=["one\ntwo" if shape & 4 else "one" for shape in shapes],
    )
    content = write_order(made.order(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cutting, "_ROWS_A_FLUSH", 25)
        file = found(content, ORDERS)
        rows = cut(file.text, file.start, ORDERS.layout(9))["lines"]
    cut_ids = rows.columns()[1].to_pylist()
    assert cut_ids == [f"E-{n}".encode() for n in range(len(shapes))]
    names = [field.name for field in rows.part.fields for _ in range(1 + (field.name == "amount"))]
    for name in ("purpose", "creditor_country", "remittance"):
        texts = rows.columns()[names.index(name)].cast(pa.string())
        assert texts.to_pylist() == lines.column(name).to_pylist()


def test_more_shapes_than_are_remembered_are_read_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "SHAPES_MAX", 2)
    lines = made.wages(8, purpose=["SALA", None] * 4, creditor_country=["CN", "DE", None, None] * 2)
    file = found(write_order(made.order(lines)), ORDERS)
    rows = cut(file.text, file.start, ORDERS.layout(9))["lines"]
    assert rows.count == 8


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"</CdtTrfTxInf>", b"</CdtTrfTxInf><CdtTrfTxInf/>"),
        (b"<InstdAmt Ccy", b"<InstdAmt Other"),
        (b"<PmtMtd>TRF</PmtMtd>", b"<PmtMtd a='b'>TRF</PmtMtd>"),
        (b"</CstmrCdtTrfInitn>", b"</CstmrCdtTrfInitn><Document/>"),
    ],
)
@pytest.mark.parametrize("whole_max", [0, 1 << 20])
def test_what_is_not_plain_is_never_guessed_at(
    old: bytes, new: bytes, whole_max: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutting, "WHOLE_MAX", whole_max)
    file = found(made.order_file().replace(old, new), ORDERS)
    with pytest.raises(NotPlain):
        cut(file.text, file.start, ORDERS.layout(9))
