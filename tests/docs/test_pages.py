"""Goal: the docs lead nowhere that is not there, and leave out no result code.

Method: read every page of Markdown; follow its relative links; look for every code's name.
"""

import re
from pathlib import Path

import pytest

from tests.data import ROOT
from yunjin.foundation.ledger.api import AccountFlag, AccountStatus, TransferFlag, TransferStatus

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("src/**/README.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_resolves(page: Path) -> None:

    targets = [link for link in LINK.findall(page.read_text()) if "://" not in link]
    missing = [link for link in targets if not (page.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize(
    "codes", [TransferStatus, AccountStatus, TransferFlag, AccountFlag], ids=lambda x: x.__name__
)
def test_every_code_of_the_ledger_is_explained(codes: type) -> None:
    text = (ROOT / "docs" / "ledger.md").read_text().lower()
    missing = [code.name for code in codes if code.name.lower() not in text]  # type: ignore[attr-defined]
    assert not missing
