"""Goal: what the index packs comes back bit for bit.

Method: Hypothesis makes rows of every record that is kept there; rows are sliced and strided too.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunjin.foundation.ledger.kernels import ACCOUNT, ENTRY, HOLD
from yunjin.foundation.ledger.store.index import ID
from yunjin.foundation.ledger.store.planes import packed, unpacked

RECORDS = [ACCOUNT, ENTRY, HOLD, ID, np.dtype(np.uint64)]


@pytest.mark.parametrize("dtype", RECORDS, ids=["account", "entry", "hold", "id", "word"])
@given(data=st.data(), count=st.integers(0, 40), step=st.sampled_from([1, 2, -1]))
def test_rows_come_back_as_they_were(
    dtype: np.dtype[np.void], data: st.DataObject, count: int, step: int
) -> None:
    size = count * dtype.itemsize
    rows = np.frombuffer(data.draw(st.binary(min_size=size, max_size=size)), dtype)[::step]
    found = unpacked(packed(rows), len(rows), dtype)
    assert found.dtype == dtype
    assert found.tobytes() == rows.tobytes()


def test_alike_rows_pack_well() -> None:
    rows = np.zeros(4_096, ENTRY)
    rows["timestamp"] = 1_760_000_000_000_000_000 + np.arange(4_096) * 700
    rows["position"] = np.arange(4_096) << 16
    assert len(packed(rows)) < rows.nbytes / 8
