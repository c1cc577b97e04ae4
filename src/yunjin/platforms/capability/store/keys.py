"""Codes that are looked for, before a database is asked."""


def can_be(code: str, length: int) -> bool:
    """Tell whether a column of codes can hold one; what it cannot hold is not there."""
    return code.isascii() and 0 < len(code) <= length and not code.endswith(" ")
