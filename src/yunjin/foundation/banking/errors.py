"""What banking refuses: products, terms, dates and numbers that will not do."""

from yunjin.kernel.errors import NotFound, Refusal


class OutsideCalendar(Refusal):
    """A date lies in a year whose holidays are not known to the calendar."""

    code, status, title = "banking/outside-calendar", 409, "Date outside the calendar"


class OutOfRange(Refusal):
    """A number is outside of what can be computed exactly or makes sense."""

    code, status, title = "banking/out-of-range", 409, "Number out of range"


class UnusableTerms(Refusal):
    """The terms of a loan contradict themselves."""

    code, status, title = "banking/unusable-terms", 409, "Terms that cannot be kept"


class MoreThanOwed(Refusal):
    """More is paid back early than is owed on that day."""

    code, status, title = "banking/more-than-owed", 409, "More than is owed"


class NoRate(Refusal):
    """No annual rate makes the two sides of a loan equal."""

    code, status, title = "banking/no-rate", 409, "No rate exists"


class ProductRefused(Refusal):
    """A product file will not do; `complaints` says why and in which lines."""

    code, status, title = "banking/product-refused", 422, "Product refused"


class ProductNotFound(NotFound):
    """There is no product of this code."""

    code, title = "banking/product-not-found", "Product not found"
