"""Checks that stay in: `python -O` removes asserts, not these."""

from yunjin.kernel.errors import Bug


def that(condition: bool, message: str, **facts: object) -> None:
    """Stop the command with a Bug unless `condition` holds.

    Parameters
    ----------
    message : what was expected and what was found, in the form "expected X, was Y".
    facts : values a reader of the trace needs.
    """
    if not condition:
        raise Bug(message, **facts)
