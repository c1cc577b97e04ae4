"""What businesses refuse."""

from yunjin.kernel.errors import NotFound, Refusal


class BusinessNotFound(NotFound):
    """There is no such business, or it has no such deed or scenario."""

    code, title = "capability/business-not-found", "Business not found"


class CaseNotFound(NotFound):
    """There is no case of this id."""

    code, title = "capability/case-not-found", "Case not found"


class CaseRefused(Refusal):
    """The business does not do this: `why` says what is missing, or who said no."""

    code, status, title = "capability/case-refused", 409, "Case refused"
