"""Goal: the code keeps the rules of its style. Method: read every file as text and as a tree.

The idea is TigerBeetle's tidy.zig. The second half plants a breach of each rule, since a rule that
never says no is no rule.
"""

from pathlib import Path

import pytest

from tests.architecture.tidy import BYTES_PER_FILE, ELSEWHERE, complaints, sources, texts
from tests.data import ROOT

ROOM = "src/yunjin/foundation/chain"
BREACHES = {
    "long file": ("src/yunjin/a.py", '"""D."""\n' * 401, "split it into a package"),
    "long line": ("src/yunjin/a.py", f'"""D."""\nx = "{"y" * 100}"\n', "columns"),
    "long function": (
        "tools/a.py",
        '"""D."""\ndef f():\n' + "    x = 1\n" * 70,
        "f has 71 lines",
    ),
    "wall clock": ("src/yunjin/a.py", '"""D."""\nx = time.time()\n', "use clock.now_ns()"),
    "float": ("src/yunjin/a.py", '"""D."""\nx = float("1")\n', "whole minor units"),
    "assert": ("src/yunjin/a.py", '"""D."""\nassert 1\n', "use check.that"),
    "hidden import": ("src/yunjin/a.py", '"""D."""\nimport_module("x")\n', "an import statement"),
    "foreign key": (f"{ROOM}/store.py", '"""D."""\nForeignKey("party.id")\n', "a plain id"),
    "unfinished": ("tests/a.py", '"""D."""\n# TO' + "DO later\n", "does not belong"),
    "one machine": ("tools/a.py", '"""D."""\nx = "/ro' + 'ot/x"\n', "does not belong"),
    "silent module": ("tools/a.py", "x = 1\n", "says nothing about itself"),
    "silent class": ("src/yunjin/a.py", '"""D."""\nclass A:\n    x = 1\n', "no docstring"),
    "code in a room": (f"{ROOM}/__init__.py", '"""D."""\nx = 1\n', "code in a room's __init__"),
    "no package": (f"{ROOM}/store/a.py", '"""D."""\n', "no __init__.py"),
    "no readme": (f"{ROOM}/__init__.py", '"""D."""\n', "no README.md"),
    "flight": (f"{ROOM}/kernels.py", '"""D."""\nimport pyarrow.flight\n', "is a network library"),
    "not laid": (f"{ROOM}/pages.py", '"""D."""\ntitle_row("x")\n', "open it by `with`"),
    "sleep": ("tests/test_a.py", '"""D."""\ndef test_a_b_c():\n    time.sleep(1)\n', "sleeps"),
    "no sentence": ("tests/test_a.py", '"""D."""\ndef test_a():\n    assert 1\n', "no sentence"),
    "no assertion": ("tests/test_a.py", '"""D."""\ndef test_a_b_c():\n    x = 1\n', "nothing"),
}


def test_the_code_is_tidy() -> None:
    found = [said for place in sources(ROOT) for said in complaints(ROOT, place)]
    assert not found, "\n".join(found)


def test_other_files_are_small_and_name_no_machine() -> None:
    found = []
    for place in texts(ROOT):
        body = (ROOT / place).read_bytes()
        if len(body) > BYTES_PER_FILE:
            found.append(f"{place}: {len(body)} bytes")
        named = ELSEWHERE.search(body.decode("utf-8", "replace"))
        if named:
            found.append(f"{place}: names {named[0]}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", BREACHES)
def test_a_planted_breach_is_named(name: str, tmp_path: Path) -> None:
    place, text, said = BREACHES[name]
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).write_text(text)
    assert any(said in complaint for complaint in complaints(tmp_path, Path(place)))


def test_a_reason_given_on_the_line_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "src/yunjin").mkdir(parents=True)
    (tmp_path / "src/yunjin/__init__.py").write_text('"""D."""\n')
    text = '"""D."""\nscore = float("0.5")  # tidy: a score, not money\n'
    (tmp_path / "src/yunjin/a.py").write_text(text)
    assert complaints(tmp_path, Path("src/yunjin/a.py")) == []
