"""Goal: the walls stand, and each of them is real.

Method: run import-linter on this repository; then lay out a small house of two rooms, plant one
breach of every contract in it, run import-linter once and look for each breach in its report.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.data import ROOT
from tools.new_room import make

STOREYS = ("app", "client", "connections", "platforms", "foundation", "chassis", "kernel")
ROOMS = ("foundation/chain", "foundation/ledger", "connections/risk", "connections/marketing")

# file → what is added to it, what the report then says, of which contract
BREACHES = {
    "1 storeys": (
        "kernel/money.py",
        "import yunjin.chassis.transport",
        "yunjin.kernel.money -> yunjin.chassis.transport",
    ),
    "2 rooms": (
        "foundation/chain/utils.py",
        "",
        "yunjin.foundation.chain.utils",
    ),
    "3 doors": (
        "foundation/ledger/adapters.py",
        "import yunjin.connections.risk",
        "yunjin.foundation.ledger.adapters:2 enters yunjin.connections.risk; use its api",
    ),
    "4 pure": (
        "foundation/chain/domain.py",
        "import sqlite3",
        "yunjin.foundation.chain.domain -> sqlite3",
    ),
    "5 only store speaks SQL": (
        "foundation/chain/jobs.py",
        "import sqlalchemy",
        "yunjin.foundation.chain.jobs -> sqlalchemy",
    ),
    "6 no cycles": (
        "chassis/console/first.py",
        "import yunjin.chassis.console.second",
        "yunjin.chassis.console",
    ),
    "7 order inside the foundation": (
        "foundation/chain/errors.py",
        "import yunjin.foundation.ledger.errors",
        "yunjin.foundation.chain.errors -> yunjin.foundation.ledger.errors",
    ),
    "8 order inside the platforms": (
        "platforms/payments/__init__.py",
        "",
        "yunjin.platforms.payments",
    ),
    "9 connections": (
        "connections/risk/errors.py",
        "import yunjin.connections.marketing.errors",
        "yunjin.connections.risk.errors -> yunjin.connections.marketing.errors",
    ),
    "10 routes, jobs, pages and flows": (
        "foundation/chain/routes.py",
        "import yunjin.foundation.chain.service",
        "yunjin.foundation.chain.routes -> yunjin.foundation.chain.service",
    ),
    "11 the client": (
        "client/calls.py",
        "import yunjin.foundation.ledger.api",
        "yunjin.client.calls -> yunjin.foundation.ledger.api",
    ),
    "12 the pieces": (
        "chassis/transport/__init__.py",
        "import yunjin.chassis.persistence",
        "yunjin.chassis.transport -> yunjin.chassis.persistence",
    ),
}
BESIDE = {  # what the breaches need to stand on
    "chassis/persistence/__init__.py": "",
    "chassis/console/__init__.py": "",
    "chassis/console/second.py": "import yunjin.chassis.console.first",
    "foundation/ledger/errors.py": "",
    "connections/marketing/errors.py": "",
    "platforms/payments/api.py": "",
    "platforms/payments/wiring.py": "",
}


def write(house: Path, files: dict[str, str]) -> None:
    """Write modules of a house, a docstring above each."""
    for place, text in files.items():
        path = house / "src" / "yunjin" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'"""Planted."""\n{text}\n')


def report(root: Path, *words: str) -> str:
    """Return what import-linter says about the house at `root`."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache", *words],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "src"), "COLUMNS": "400"},
        capture_output=True,
        text=True,
    )
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay out a sound house: every storey, four new rooms, our contracts."""
    root = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / ".importlinter", root)
    shutil.copytree(ROOT / "tools", root / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    write(root, {"__init__.py": "", **{f"{storey}/__init__.py": "" for storey in STOREYS}})
    shutil.copytree(ROOT / "src/yunjin/kernel", root / "src/yunjin/kernel", dirs_exist_ok=True)
    for room in ROOMS:
        make(room, "a room of the test", root=root)
    return root


@pytest.fixture(scope="module")
def broken(house: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Plant every breach in a copy of the house; return what the report says, by contract."""
    root = tmp_path_factory.mktemp("broken") / "house"
    shutil.copytree(house, root)
    write(root, {**BESIDE, **{place: text for place, text, _ in BREACHES.values()}})
    _, *pieces = re.split(r"\n(\d+ [^\n]+)\n-+\n", report(root))
    return dict(zip(pieces[::2], pieces[1::2], strict=True))


def test_the_walls_of_this_repository_stand() -> None:
    said = report(ROOT)
    assert "12 kept, 0 broken" in said, said


def test_new_rooms_keep_every_wall(house: Path) -> None:
    said = report(house)
    assert "12 kept, 0 broken" in said, said


@pytest.mark.parametrize("contract", BREACHES)
def test_a_breach_of_the_contract_is_caught(contract: str, broken: dict[str, str]) -> None:
    [said] = [text for name, text in broken.items() if name.startswith(contract)]
    assert BREACHES[contract][-1] in said


def test_there_is_a_breach_for_every_contract(broken: dict[str, str]) -> None:
    assert len(broken) == len(BREACHES) == 12
