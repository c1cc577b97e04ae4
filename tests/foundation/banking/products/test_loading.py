"""Goal: a product file that could do harm or give two answers is refused, with reason and line.

Method: the shipped files pass; then one line of a good file is made bad at a time.
"""

from pathlib import Path

import pytest

from yunjin.foundation.banking.domain.products import presets
from yunjin.foundation.banking.domain.products.loading import load
from yunjin.foundation.banking.domain.products.validation import rule_lines
from yunjin.foundation.banking.errors import ProductRefused

FILES = sorted(Path(presets.__file__).parent.glob("[a-z]*.py"))
GOOD = (Path(presets.__file__).parent / "current_account.py").read_text()
RULES_MAX = {"credit-card": 41}  # 30 for every other; the card needs more, and says so


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_shipped_product_passes_its_trial(file: Path) -> None:
    source = file.read_text()
    loaded = load(source)
    assert loaded.product.code == file.stem.replace("_", "-")
    assert loaded.steps > 0
    assert rule_lines(source) <= RULES_MAX.get(loaded.product.code, 30)


def line_of(source: str, text: str) -> int:
    """Return the line that a text is in."""
    return source[: source.index(text)].count("\n") + 1


LINE = "owned, owed = positive(at[self.main]), positive(-at[self.main])"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("import os", "expected no import"),
        ("from os import path", "expected no import"),
        ("open('x')", "expected a word of the vocabulary"),
        ("eval('1')", "expected a word of the vocabulary"),
        ("getattr(at, 'date')", "expected a word of the vocabulary"),
        ("at.take('main')", "expected a word of the vocabulary"),
        ("at.__class__", "leading underscore"),
        ("__builtins__", "leading underscore"),
        ("at[self.main].sum()", "expected a word of the vocabulary"),
        ("owned = 0.5", "expected whole numbers"),
        ("owned = at[self.main] / 2", "expected whole numbers"),
        ("owned = 2 ** 9999999", "expected no power"),
        ("lambda: 1", "no use for lambda"),
        ("while True: pass", "no use for while"),
        ("try: pass\n        finally: pass", "no use for try"),
        ("with at: pass", "no use for with"),
        ("global owned", "no use for global"),
        ("del at", "no use for del"),
        ("owned = f'{at}'", "no use for joinedstr"),
        ("raise at", "no use for raise"),
        ("assert at", "no use for assert"),
        ("owned = at[self.nothing]", "a hook raises AttributeError"),
        ("owned = at[3]", "a hook raises TypeError"),
        ("at[self.main][0] = 5", "a hook raises ValueError"),
        ("at.amount = 5", "a hook raises FrozenInstanceError"),
        ("owned = at[self.main][99]", "a hook raises IndexError"),
        ("yield 5", "expected an effect, was 5"),
        ("for owned in range(10 ** 6):\n            owned", "expected no power"),
        ("for owned in range(1000000):\n            owned", "does a loop end"),
        ("owned = at[self.main][::-1] + at[self.main]", "depends on the agreements beside it"),
        ("import time", "expected no import"),
        ("import datetime as clock", "expected no import"),
        ("from random import random", "expected no import"),
        ("owned = owned + time()", "expected a word of the vocabulary"),
        ("owned = now()", "expected a word of the vocabulary"),
        ("owned = at[self.main] // 0", "a hook raises"),
        ("yield settle(self.interest, into=self.main, where=1)", "expected a condition"),
        ("yield post(debit=self.main, credit=self.asleep, amount=-1)", "at least 0"),
        ("yield schedule(self.sleep, at.history[self.main])", "a hook raises"),
    ],
)
def test_a_bad_line_is_refused_with_its_reason(bad: str, reason: str) -> None:
    source = GOOD.replace(LINE, f"{LINE}\n        {bad}")
    with pytest.raises(ProductRefused) as refused:
        load(source)
    said = refused.value.facts["complaints"]
    assert any(reason in one["reason"] for one in said), said
    if "depends" not in reason:  # that is seen in what comes out
        near = line_of(source, bad.split("\n")[0])
        assert any(abs(one["line"] - near) <= 1 for one in said), (near, said)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('code = "current-account"', 'code = "Current Account!"', "expected a code"),
        ('code = "current-account"', "", "expected a code"),
        (
            "main = Account(Slot.DEPOSITS)",
            "other = Account(Slot.DEPOSITS)",
            "expected a main account",
        ),
        ("default=150_000, most=240_000", "default=250_000, most=240_000", "its default"),
        ("default=150_000, most=240_000", "least=9, most=3, default=5", "from 9 to 3"),
        (
            "class CurrentAccount(Product):",
            "class CurrentAccount(Product, metaclass=int):",
            "plain",
        ),
        ("    @event\n", "    @property\n", "expected no decorator but @event"),
        ("def on_open", "def _on_open", "leading underscore"),
        ("TIERS = ((0, 500)", "TIERS = ((1, 500)", "tiers ascending from 0"),
        ("def on_open(self, at):", "def on_open(self, at)", "expected Python"),
        ("needs = History(days=LATE_MAX)", 'currency = "XYZ"', "ISO 4217, was 'XYZ'"),
        ("most=240_000", "most=360_001", "above the 36 % in force since 2015-09-01"),
    ],
)
def test_a_bad_declaration_is_refused_with_its_reason(old: str, new: str, reason: str) -> None:
    assert old in GOOD
    with pytest.raises(ProductRefused, match=reason):
        load(GOOD.replace(old, new))


def test_a_file_that_remembers_what_it_saw_gives_two_answers_and_is_refused() -> None:
    source = GOOD.replace("TIERS = (", "SEEN = [0]\nTIERS = (")
    counted = f"{LINE}\n        SEEN[0] += 1\n        yield accrue(self.interest, SEEN[0])"
    with pytest.raises(ProductRefused, match="the same history gave two answers"):
        load(source.replace(LINE, counted))


def test_a_declaration_is_refused_with_its_line() -> None:
    source = GOOD.replace("most=240_000", "most=999_999")
    with pytest.raises(ProductRefused) as refused:
        load(source)
    (said,) = refused.value.facts["complaints"]
    assert said["line"] == line_of(source, "overdraft_rate = Rate(")


def test_a_rate_above_24_percent_is_taken_with_a_warning() -> None:
    assert load(GOOD).warnings == ()
    (warning,) = load(GOOD.replace("most=240_000", "most=300_000")).warnings
    assert warning == (
        "overdraft_rate may reach 30 % a year, above the 24 % in force since 2015-09-01"
    )


@pytest.mark.parametrize(
    "source", ["", "x = 1", "\x00", "class A: pass", "(" * 5_000, "a" * 200_000]
)
def test_what_is_no_product_is_refused(source: str) -> None:
    with pytest.raises(ProductRefused):
        load(source)
