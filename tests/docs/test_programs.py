"""Goal: the page for programmers is true. Method: serve a bank, and run what the page says."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.app.test_serving import free_ports, served
from tests.data import ROOT

PAGE = ROOT / "docs" / "how-to" / "programs.md"


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[dict[str, int]]:
    """Serve a new bank; return where it listens instead of on the page's ports."""
    http, flight = free_ports(2)
    with served(tmp_path, http, flight):
        yield {"8420": http, "8421": flight}


def block(language: str, ports: dict[str, int]) -> str:
    """Return the page's example in a language, for other ports."""
    [found] = re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)
    for written, ours in ports.items():
        found = found.replace(written, str(ours))
    return str(found)


def run(*words: str) -> list[str]:
    """Run a program; return what it printed, line by line."""
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_what_the_page_says_is_what_happens(ports: dict[str, int]) -> None:
    if shutil.which("curl"):  # as it is nearly everywhere
        assert '"is_balanced":true' in run("sh", "-ec", block("sh", ports))[-1]
        account = f"http://127.0.0.1:{ports['8420']}/v1/accounts/281474976710658"
        assert httpx.get(account, trust_env=False).json()["credits_posted"] == 1234
    code = block("py", ports)
    said = re.findall(r"^ *print.*  # (.+)$", code, re.MULTILINE)
    assert run(sys.executable, "-c", code) == said
    assert len(said) == 3
