"""What banking's pages say, in Chinese and English."""

from typing import Final

from yunjin.foundation.banking.pages.words_agreements import AGREEMENTS
from yunjin.foundation.banking.pages.words_books import BOOKS
from yunjin.foundation.banking.pages.words_ledger import LEDGER
from yunjin.foundation.banking.pages.words_names import NAMES
from yunjin.foundation.banking.pages.words_papers import MEANINGS, PAPERS, PROBLEMS
from yunjin.foundation.banking.pages.words_products import PRODUCTS

WORDS: Final[dict[str, tuple[str, str]]] = {
    **AGREEMENTS,
    **PRODUCTS,
    **BOOKS,
    **LEDGER,
    **PAPERS,
    **PROBLEMS,
    **MEANINGS,
    **NAMES,
}
