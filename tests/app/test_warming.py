"""Goal: nobody's first posting waits for a compiler. Method: a checkout that compiled nothing."""

import tempfile
from pathlib import Path

import pytest

from yunjin.app.warming import warm
from yunjin.chassis import compiling
from yunjin.foundation.ledger import kernels


def test_what_was_compiled_is_not_compiled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "is_compiled", lambda sources: True)
    said: list[str] = []
    assert not warm(said.append)
    assert said == []


def test_a_transfer_is_posted_in_a_ledger_that_is_gone_then(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(compiling, "is_compiled", lambda sources: False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    said: list[str] = []
    assert warm(said.append)
    assert len(said) == 1
    assert list(tmp_path.iterdir()) == []


def test_loops_are_known_to_be_compiled_by_what_is_kept_of_them(tmp_path: Path) -> None:
    (tmp_path / "loops.py").write_text("x = 1\n")
    assert not compiling.is_compiled(tmp_path)
    [folder] = (tmp_path / "__pycache__").iterdir()
    below = folder / "loops_of_a_place"
    below.mkdir()
    (below / "loops.post-1.py311.nbi").touch()
    assert compiling.is_compiled(tmp_path)


def test_what_this_program_compiled_is_found() -> None:
    warm(lambda words: None)
    assert compiling.is_compiled(Path(kernels.__file__).parent)
