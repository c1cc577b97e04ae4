"""Values that every centre checks alike."""

from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeVar

from yunjin.kernel.errors import Malformed, Refusal
from yunjin.kernel.money import MINOR_MAX

NOTE_MAX: Final = 200
T = TypeVar("T")


def check_amount(amount_minor: int, *, least: int = 1) -> None:
    """Raises: Malformed."""
    if not least <= amount_minor <= MINOR_MAX:
        raise Malformed(f"expected an amount of {least} to {MINOR_MAX}, was {amount_minor}")


def check_text(what: str, text: str, *, most: int, least: int = 0) -> None:
    """Raises: Malformed."""
    if text.endswith(" "):
        raise Malformed(f"expected a {what} without a blank at its end, was one with it")
    if not least <= len(text.strip()) <= len(text) <= most:
        raise Malformed(f"expected a {what} of {least} to {most} characters, was {len(text)}")


def check_code(what: str, text: str, *, most: int, least: int = 0) -> None:
    """Raises: Malformed where it is too long, or not ASCII."""
    if not text.isascii() or text != text.strip():
        raise Malformed(f"expected a {what} of ASCII characters without blanks around it")
    check_text(what, text, most=most, least=least)


def plain(value: Any) -> list[Any]:
    """Return the fields of a frozen dataclass in their order: how a request is told apart."""
    return [getattr(value, name) for name in type(value).__slots__]


def is_code(text: str, most: int) -> bool:
    """Whether a text can be the key of something; what cannot be is not found."""
    return text.isascii() and len(text) <= most and text == text.strip()


def ahead(act: Callable[[], T]) -> Callable[[], T]:
    """Ask others before a transaction begins; return what gives their answer, or raises it.

    A command that was answered before is answered again, whatever others would say now.
    """
    try:
        found = act()
    except Refusal as refusal:
        return _raising(refusal)
    return lambda: found


def _raising(refusal: Refusal) -> Callable[[], NoReturn]:
    def again() -> NoReturn:
        raise refusal

    return again
