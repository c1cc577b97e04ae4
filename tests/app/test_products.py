"""Goal: the words of `yunjin products` read, try and simulate files, and say what is wrong.

Method: the program as a user runs it, on shipped products and on files of the test's own.
"""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from yunjin.app.cli import app
from yunjin.foundation.banking.service.registry import shipped
from yunjin.kernel.errors import Problem

LOAN = ("instalment-loan", "--term", "amount=10000", "--term", "rate=94822", "--term", "term=6")
DATES = ("--start", "2024-01-01", "--end", "2024-02-02")


def said(*words: str) -> str:
    """Run a command; return what it printed. Raises what it refuses."""
    result = CliRunner().invoke(app, ["products", *words])
    if isinstance(result.exception, Problem):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_the_shipped_products_are_listed_with_their_rules() -> None:
    codes = [line.split()[0] for line in said("list").splitlines()]
    counts = json.loads(said("lines", "--json"))
    assert codes == list(counts)
    assert max(counts.values()) <= 30
    assert "overdraft_limit" in said("show", "current-account")


def test_a_loan_is_simulated_to_the_cent() -> None:
    found = json.loads(said("simulate", *LOAN, *DATES, "--entry", "2024-02-01:17.13", "--json"))
    amounts = [row["amount_minor"] for row in found["transfers"]]
    assert amounts == [10000, 79, 79, 1634, 1713, 79, 1634]  # drawn; accrued, billed; paid
    assert found["balances"][-1]["main"] == 8366
    assert "83.66" in said("simulate", *LOAN, *DATES)


def test_a_file_is_tried_and_simulated_like_a_shipped_one(tmp_path: Path) -> None:
    guide = Path(__file__).parents[2] / "docs" / "how-to" / "products.md"
    source = guide.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    file = tmp_path / "savings.py"
    file.write_text(source, encoding="utf-8")
    assert "savings (CNY)" in said("check", str(file))
    year = ("--start", "2025-01-01", "--end", "2026-01-01")
    found = json.loads(said("simulate", str(file), *year, "--entry", "2025-01-01:10000", "--json"))
    assert found["balances"][-1]["main"] == 1_000_000 + 11_967  # 364 nights at 1.2 %
    file.write_text(source.replace("positive(at[self.main])", "open('x')"), encoding="utf-8")
    with pytest.raises(Problem, match=r"line \d+: expected a word of the vocabulary, was open"):
        said("check", str(file))


def test_a_file_is_registered_released_and_its_terms_are_set(tmp_path: Path) -> None:
    home = ("--home", str(tmp_path / "data"))
    made = CliRunner().invoke(app, ["agreements", "open", "wallet", "--party", "p-1", *home])
    assert made.exit_code == 0, made.output
    agreement = made.stdout.split()[-1]
    file = tmp_path / "wallet.py"
    file.write_text(shipped()["wallet"], encoding="utf-8")
    words = ("register", str(file), "--agreement", agreement, "--note", "tried by one", *home)
    (gray,) = json.loads(said(*words, "--json"))
    assert (gray["version"], gray["note"], len(gray["agreements"])) == (2, "tried by one", 1)
    assert "for all" in said("release", "wallet", "2", *home)
    assert [one["version"] for one in json.loads(said("versions", "wallet", "--json", *home))] == [
        2,
        1,
    ]
    assert "sleeps_after=3000" in said(
        "set", "current-account", "--term", "sleeps_after=3000", *home
    )
    with pytest.raises(Problem, match=r"was nope|a version of nope"):
        said("release", "nope", "1", *home)


def test_a_rate_beyond_the_law_is_warned_of_or_refused(tmp_path: Path) -> None:
    source, file = shipped()["credit-line"], tmp_path / "line.py"
    file.write_text(source.replace("most=240_000", "most=300_000"), encoding="utf-8")
    assert "rate may reach 30 % a year, above the 24 %" in said("check", str(file))
    file.write_text(source.replace("most=240_000", "most=360_001"), encoding="utf-8")
    with pytest.raises(Problem, match=r"line \d+: rate may reach 36.0001 % a year, above the 36 %"):
        said("check", str(file))


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("show", "nothing"), "expected a file or one of card-instalment"),
        (("simulate", "nothing", *DATES), "expected one of card-instalment"),
        (("simulate", "instalment-loan", *DATES), "expected a value of amount"),
        (("simulate", *LOAN, "--start", "today", "--end", "2024-01-01"), "expected a date"),
        (("simulate", *LOAN, "--start", "2024-01-02", "--end", "2024-01-01"), "expected 1 to"),
        (("simulate", *LOAN, *DATES, "--term", "rate"), "expected a term"),
        (("simulate", *LOAN, *DATES, "--term", "rate=1.5"), "expected rate as a whole number"),
        (("simulate", *LOAN, *DATES, "--term", "rate=999999"), "expected rate from 0 to 240000"),
        (("simulate", *LOAN, *DATES, "--term", "colour=1"), "expected a parameter"),
        (("simulate", *LOAN, *DATES, "--entry", "now"), "expected an event"),
        (("simulate", *LOAN, *DATES, "--entry", "2024-01-05:1.005"), "at most 2 decimals"),
        (("simulate", *LOAN, *DATES, "--change", "2024-01-05:17"), "expected an event"),
        (("simulate", *LOAN, *DATES, "--change", "2024-01-05:colour=1"), "expected a parameter"),
    ],
)
def test_what_will_not_do_is_said_in_words(words: tuple[str, ...], reason: str) -> None:
    with pytest.raises(Problem, match=reason):
        said(*words)
