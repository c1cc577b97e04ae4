"""Goal: decisions are kept, found and complete. Method: read docs/adr and pyproject.toml."""

import re
import tomllib

import pytest

from tests.data import ROOT

FOLDER = ROOT / "docs" / "adr"
DECISIONS = sorted(FOLDER.glob("[0-9]*.md"))
SECTIONS = ["Context", "Decision", "What else was considered", "Consequences"]


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_every_decision_is_in_the_list() -> None:
    listed = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in DECISIONS if f"({path.name})" not in listed] == []


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_is_one_page_of_the_same_shape(path: object) -> None:
    text = path.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    assert re.match(r"# \d{4} \S", text)
    assert "**Status**: " in text
    assert "**Held by**: " in text
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert len(text.splitlines()) <= 60


def test_every_dependency_has_its_decision() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = [re.split(r"[>=<;\[ ]", line)[0] for line in wanted]
    decided = "\n".join(path.read_text(encoding="utf-8") for path in DECISIONS).lower()
    assert [name for name in names if not re.search(rf"\*\*{name}\b", decided)] == []
