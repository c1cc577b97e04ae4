"""Words in Chinese and English. A page never holds a sentence of its own, only its key."""

from collections.abc import Mapping
from typing import Any, Final, Literal

import structlog
from nicegui import app

from yunjin.kernel.errors import Bug

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
LOCALE: Final[dict[Language, Literal["zh-CN", "en-US"]]] = {"zh": "zh-CN", "en": "en-US"}
log = structlog.get_logger()


class Lexicon:
    """Every word the console knows. Strict (in tests), a missing one is an error."""

    def __init__(self) -> None:
        self._words: dict[str, tuple[str, str]] = {}
        self.is_strict = False

    def add(self, words: Mapping[str, tuple[str, str]]) -> None:
        """Learn words. Raises: Bug where one lacks a language or would change its meaning."""
        for key, (chinese, english) in words.items():
            if not (chinese and english):
                raise Bug(f"expected {key!r} in both languages, one was empty")
            if self._words.setdefault(key, (chinese, english)) != (chinese, english):
                raise Bug(f"expected one meaning of {key!r}, were two")

    def knows(self, key: str) -> bool:
        """Say whether there is such a word."""
        return key in self._words

    def word(self, key: str, language: Language) -> str:
        """Return a word; where it is missing, its key. Raises: Bug for that when strict."""
        if key not in self._words:
            if self.is_strict:
                raise Bug(f"expected a word for {key!r}, was none")
            log.warning("console.word_missing", key=key)
            return key
        return self._words[key][LANGUAGES.index(language)]

    def clear(self) -> None:
        """Forget every word."""
        self._words.clear()


LEXICON: Final = Lexicon()


def language() -> Language:
    """Return the reader's language."""
    return "en" if app.storage.user.get("language") == "en" else "zh"


def one_of(zh: str, en: str) -> str:
    """Return the one of two texts that is in the reader's language; Chinese where en is empty."""
    return zh if language() == "zh" or not en else en


def settle_language(accept_language: str) -> None:
    """Choose by the browser's wish for a reader who has not chosen yet; else Chinese."""
    if "language" not in app.storage.user:
        tags = [tag.split(";")[0].strip().lower() for tag in accept_language.split(",")]
        first = next((tag[:2] for tag in tags if tag[:2] in LANGUAGES), "zh")
        app.storage.user["language"] = first


def choose_language(chosen: Language) -> None:
    """Remember the reader's language."""
    app.storage.user["language"] = chosen


def t(key: str, **facts: Any) -> str:
    """Return the word for `key` in the reader's language, its `{facts}` filled in."""
    word = LEXICON.word(key, language())
    return word.format_map(facts) if facts else word
