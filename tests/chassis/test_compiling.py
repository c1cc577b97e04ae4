"""Goal: the bank opens for a user who may write neither its sources nor a home, and compiled code
that others could have written is never run. Method: folders without rights, links, strangers.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.data import ROOT
from yunjin.chassis.compiling import cache_folder


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Return a folder of kernels beside which nothing can be kept, not even by root."""
    folder = tmp_path / "kernels"
    folder.mkdir()
    (folder / "loops.py").write_text("first")
    (folder / "__pycache__").touch()
    return folder


def test_compiled_loops_lie_beside_their_sources_under_a_name_of_these(tmp_path: Path) -> None:
    (tmp_path / "loops.py").write_text("first")
    first = cache_folder(tmp_path)
    assert first is not None
    assert first.parent == tmp_path / "__pycache__"
    (tmp_path / "loops.py").write_text("second")
    assert cache_folder(tmp_path) != first


def test_elsewhere_they_lie_in_a_folder_of_the_user_s_own(sources: Path, tmp_path: Path) -> None:
    found = cache_folder(sources, tmp_path)
    assert found is not None
    own = tmp_path / f"yunjin-{os.getuid()}"
    assert found.parent == own
    assert own.stat().st_mode & 0o777 == 0o700
    (sources / "loops.py").write_text("second")
    assert cache_folder(sources, tmp_path) != found


@pytest.mark.parametrize("danger", ["open to all", "a link", "a file", "a stranger's"])
def test_a_folder_that_another_could_have_filled_is_refused(
    sources: Path, tmp_path: Path, danger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / f"yunjin-{os.getuid()}"
    if danger == "open to all":
        own.mkdir()
        own.chmod(0o777)
    elif danger == "a link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        own.symlink_to(tmp_path / "elsewhere")
    elif danger == "a file":
        own.touch()
    else:
        stranger = os.getuid() + 1
        monkeypatch.setattr(os, "getuid", lambda: stranger)
        (tmp_path / f"yunjin-{stranger}").mkdir(mode=0o700)
    with pytest.warns(RuntimeWarning, match="each process compiles them again"):
        assert cache_folder(sources, tmp_path) is None


def test_without_any_folder_loops_are_compiled_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").touch()
    (tmp_path / "sums.py").write_text(
        "from yunjin.chassis.compiling import leaf, loop\n"
        "@leaf\ndef one(x):\n    return x + 1\n"
        "@loop\ndef two(x):\n    return one(one(x))\n"
        "print(two(40))\n"
    )
    nowhere = str(tmp_path / "nowhere")
    (tmp_path / "nowhere").touch()
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "HOME": nowhere}
    script = (
        "import tempfile, sys; tempfile.tempdir = sys.argv[1];"
        "sys.path.insert(0, sys.argv[2]); import sums"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, nowhere, str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "42\n"
    assert "each process compiles them again" in done.stderr
