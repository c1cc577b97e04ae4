"""Words in two languages. Goal: none is missing or means two things. Method: the lexicon alone,
and every key that the sources of console and pages name."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import yunjin
from yunjin.chassis.console.lexicon import WORDS
from yunjin.chassis.console.words import Lexicon
from yunjin.kernel.errors import Bug

SOURCES = Path(yunjin.__file__).parent
PAGES = {"console", "flow_pages", "pages"}


def _words_of(file: Path) -> dict[str, tuple[str, str]]:
    name = ".".join(file.relative_to(SOURCES.parent).with_suffix("").parts)
    found: dict[str, tuple[str, str]] = getattr(import_module(name), "WORDS", {})
    return found


KNOWN = {
    **WORDS,
    **{
        key: word
        for file in SOURCES.rglob("words*.py")
        if file.parent.name in PAGES - {"console"}
        for key, word in _words_of(file).items()
    },
}


def lexicon(words: dict[str, tuple[str, str]]) -> Lexicon:
    """Return a strict lexicon of these words."""
    made = Lexicon()
    made.is_strict = True
    made.add(words)
    return made


def keys_of(file: Path) -> Iterator[tuple[str, bool]]:
    """Yield the keys that calls of `t` name, and whether each is a pattern (an f-string)."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if not (is_call and node.func.id == "t" and node.args):  # type: ignore[attr-defined]
            continue
        key = node.args[0]  # type: ignore[attr-defined]
        if isinstance(key, ast.Constant):
            yield key.value, False
        elif isinstance(key, ast.JoinedStr):
            parts = (
                re.escape(part.value) if isinstance(part, ast.Constant) else ".+"
                for part in key.values
            )
            yield "".join(parts), True


def test_a_word_is_told_in_the_readers_language() -> None:
    words = lexicon({"bank": ("银行", "Bank")})
    assert (words.word("bank", "zh"), words.word("bank", "en")) == ("银行", "Bank")


def test_a_missing_word_is_an_error_when_strict_and_its_key_otherwise() -> None:
    words = lexicon({})
    with pytest.raises(Bug, match="expected a word for 'bank'"):
        words.word("bank", "zh")
    words.is_strict = False
    assert words.word("bank", "zh") == "bank"


def test_a_word_has_both_languages_and_one_meaning() -> None:
    with pytest.raises(Bug, match="both languages"):
        lexicon({"bank": ("银行", "")})
    words = lexicon({"bank": ("银行", "Bank")})
    words.add({"bank": ("银行", "Bank")})
    with pytest.raises(Bug, match="one meaning"):
        words.add({"bank": ("河岸", "Bank")})


def test_sources_name_only_words_there_are() -> None:
    files = [file for file in SOURCES.rglob("*.py") if PAGES & set(file.parts)]
    missing = {
        key
        for file in files
        for key, is_pattern in keys_of(file)
        if not (any(re.fullmatch(key, word) for word in KNOWN) if is_pattern else key in KNOWN)
    }
    assert missing == set()


def test_both_languages_fill_in_the_same_facts() -> None:
    differing = [
        key
        for key, (chinese, english) in KNOWN.items()
        if set(re.findall(r"{(\w+)}", chinese)) != set(re.findall(r"{(\w+)}", english))
    ]
    assert differing == []


def test_english_words_hold_no_chinese_and_chinese_ones_do() -> None:
    other_language = {"frame.other_language", "frame.switch_language"}  # named in the other one
    assert [
        key
        for key, (_, english) in KNOWN.items()
        if re.search(r"[\u4e00-\u9fff]", english) and key not in other_language
    ] == []
    bare = {
        key
        for key, (chinese, _) in KNOWN.items()
        if not re.search(r"[\u4e00-\u9fff]", chinese)
        and re.search(r"\w", re.sub(r"\{\w+\}", "", chinese))  # there is a word in it
    }
    assert bare <= other_language
