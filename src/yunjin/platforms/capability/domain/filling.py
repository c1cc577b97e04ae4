"""Words with `${field}` in them: the one way that templates of documents and messages are filled.

There is nothing to run: a name in braces is a place, `$$` is a dollar, any other dollar is a
mistake that is found when the template is registered. What is put in is never read again, so that
a value with `${…}` in it stays what it is.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from yunjin.chassis.papers.blocks import clean

_PLACE: Final = re.compile(r"\$(?:\{([a-z][a-z0-9_]{0,39})\}|(\$)|)")
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


def places(text: str) -> set[str] | None:
    """Return the names that a text asks for; None where a dollar stands for nothing."""
    found = list(_PLACE.finditer(text))
    if any(one[1] is None and one[2] is None for one in found):
        return None
    return {one[1] for one in found if one[1]}


def places_of(texts: Iterable[str]) -> set[str]:
    """Return the names that texts ask for which were looked through before."""
    return set().union(*(places(one) or () for one in texts))


def filled(text: str, words: Mapping[str, str]) -> str:
    """Return a text with its places filled; what is put in is one line without hidden marks."""
    return _PLACE.sub(lambda one: clean(words[one[1]]) if one[1] else "$", text)
