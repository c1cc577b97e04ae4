"""Goal: a new room is a good room from its first minute.

Method: lay one out in an empty folder and hold it to the tidy rules, its own test and its type
checker's eye (the walls are test_walls' part); ask for places that do not exist.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tidy import complaints
from tests.data import ROOT
from tools.new_room import NoSuchPlace, make, places


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Copy what a room stands on: the contracts, the kernel, the storeys."""
    shutil.copy(ROOT / ".importlinter", tmp_path)
    package = tmp_path / "src/yunjin"
    shutil.copytree(ROOT / "src/yunjin/kernel", package / "kernel")
    for storey in (".", "foundation"):
        (package / storey).mkdir(exist_ok=True)
        (package / storey / "__init__.py").write_text('"""A storey."""\n')
    return tmp_path


def test_a_new_room_is_tidy(house: Path) -> None:
    made = make("foundation/chain", "shared certificates", root=house)
    places_of_code = [path.relative_to(house) for path in made if path.suffix == ".py"]
    assert [said for place in places_of_code for said in complaints(house, place)] == []


def test_a_new_room_passes_its_own_test(house: Path) -> None:
    made = make("foundation/chain", "shared certificates", root=house)
    [own] = [path for path in made if path.name == "test_wiring.py"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", own],
        cwd=house,
        env={**os.environ, "PYTHONPATH": str(house / "src")},
        capture_output=True,
        text=True,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_a_place_the_contracts_do_not_name_is_refused(house: Path) -> None:
    with pytest.raises(NoSuchPlace, match="expected a place the contracts name"):
        make("foundation/payments", "moving money", root=house)


def test_a_standing_room_is_not_overwritten(house: Path) -> None:
    make("foundation/chain", "shared certificates", root=house)
    with pytest.raises(NoSuchPlace, match="stands there"):
        make("foundation/chain", "something else", root=house)


def test_every_room_of_the_design_has_a_place() -> None:
    assert {storey: len(rooms) for storey, rooms in places(ROOT).items()} == {
        "foundation": 7,
        "platforms": 4,
        "connections": 5,
    }
