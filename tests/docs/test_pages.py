"""Goal: the pages that people write are true. Method: follow every link, run every example, look up
every code, command and word.
"""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

from tests.data import ROOT
from tools.reference import command_line
from yunjin.foundation.ledger.api import TRANSIENT, AccountStatus, TransferStatus

PAGES = sorted(
    path.relative_to(ROOT)
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("src/**/README.md")]
)
WRITTEN = [page for page in PAGES if "reference" not in page.parts]
LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
OWN_WORDS = {"demo", "serve", "test", "check", "fix", "bench", "docs", "lock", "WORD"}


def text(page: Path) -> str:
    """Return a page."""
    return (ROOT / page).read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and others make them."""
    headings = re.findall(r"^#+ (.+)$", CODE.sub("", text(page)), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_leads_somewhere(page: Path) -> None:
    lost = []
    for target in LINK.findall(CODE.sub("", text(page))):
        if re.match(r"\w+:", target):
            continue
        place, _, anchor = target.partition("#")
        there = Path(os.path.normpath(page.parent / place)) if place else page
        if not (ROOT / there).exists() or (anchor and anchor not in anchors(there)):
            lost.append(target)
    assert not lost


@pytest.mark.parametrize("page", [p for p in WRITTEN if "```python" in text(p)], ids=str)
def test_every_python_example_runs(page: Path) -> None:
    document = Sybil([PythonCodeBlockParser()]).parse(ROOT / page)
    ran = [example.evaluate() for example in document.examples()]
    assert ran


def command_of(words: list[str]) -> Any:
    """Return the command that words name and the words left over, None where there is none."""
    command = command_line()
    while words and hasattr(command, "commands"):
        if words[0] not in command.commands:
            return None
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize("page", WRITTEN, ids=str)
def test_every_command_in_a_code_block_exists(page: Path) -> None:
    wrong = []
    for block in CODE.findall(text(page)):
        for said in re.findall(r"^(?:\$ )?(?:\w+=\S+ )?\./run ([^#\n]+)", block, re.MULTILINE):
            words = said.split()
            found = command_of(words)
            if found is None:
                wrong += [] if words[0] in OWN_WORDS else [said]
                continue
            known = {name for part in found[0].params for name in part.opts} | {"--slow"}
            wrong += [said for word in found[1] if word.startswith("--") and word not in known]
    assert not wrong


def test_the_ledger_page_has_every_result_code_in_order() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)`( †)? \|", text(Path("docs/ledger.md")), re.MULTILINE)
    accounts = [(str(int(code)), code.name.lower(), "") for code in AccountStatus]
    transfers = [
        (str(int(code)), code.name.lower(), " †" if code in TRANSIENT else "")
        for code in TransferStatus
    ]
    assert rows == accounts + transfers


def test_every_word_of_the_glossary_is_in_the_code() -> None:
    rows = re.findall(r"^\| (\S+) \| ([^|]+) \| `(\w+)` \|", text(Path("docs/glossary.md")), re.M)
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    assert len(rows) > 30
    assert len({chinese for chinese, _, _ in rows}) == len(rows)
    assert [name for _, _, name in rows if not re.search(rf"\b{name}\b", code)] == []
