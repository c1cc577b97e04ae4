"""Codes that are looked for, before a database is asked: what a column cannot hold is not there."""

from typing import Any

from yunjin.chassis.persistence import Ascii


def can_be(code: str, length: int) -> bool:
    """Tell whether a column of codes can hold one."""
    return code.isascii() and 0 < len(code) <= length and not code.endswith(" ")


def fits(column: Any, value: str) -> bool:
    """Tell whether a column of texts, Ascii or Words, can hold one."""
    kind = column.type
    is_of_kind = value.isascii() or not isinstance(kind, Ascii)
    return is_of_kind and len(value) <= kind.length and not value.endswith(" ")
