"""Which release of the program this is: what processes tell each other while one is replaced."""

from typing import Final

RELEASE: Final = "0.1.0"
