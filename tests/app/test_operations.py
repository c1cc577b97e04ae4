"""Goal: a client made from the API of the whole bank has a name of its own for each operation."""

from collections import Counter
from pathlib import Path

from yunjin.app.bootstrap import opened
from yunjin.app.settings import Settings
from yunjin.chassis.transport import api_of


def test_no_two_operations_of_the_bank_have_one_name(tmp_path: Path) -> None:
    with opened(Settings(home=tmp_path)) as bank:
        document = api_of(bank.faces, title="Yunjin", version="1").openapi()
    names = Counter(
        each["operationId"] for path in document["paths"].values() for each in path.values()
    )
    assert [name for name, count in names.items() if count > 1] == []
