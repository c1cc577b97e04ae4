"""What the pricing centre refuses."""

from yunjin.kernel.errors import NotFound, Refusal


class PriceBookNotFound(NotFound):
    """There is no price book of this code, no such version, or none in force on that day."""

    code, title = "capability/price-book-not-found", "Price book not found"


class PriceBookRefused(Refusal):
    """The price book cannot be published or withdrawn like this: `why` says what is wrong."""

    code, status, title = "capability/price-book-refused", 409, "Price book refused"


class PriceNotFound(NotFound):
    """The book has no price of this fee, or no rate of this code, that fits what was asked."""

    code, title = "capability/price-not-found", "Price not found"


class QuoteNotFound(NotFound):
    """There is no quote of this id."""

    code, title = "capability/quote-not-found", "Quote not found"


class QuoteEnded(Refusal):
    """The quote is no longer valid, was cancelled, or was charged already."""

    code, status, title = "capability/quote-ended", 409, "Quote ended"


class ChargeNotFound(NotFound):
    """There is no charge of this id."""

    code, title = "capability/charge-not-found", "Charge not found"


class ChargeRefused(Refusal):
    """The fee was not taken, or not given back: `reason` is why, as the thin core says."""

    code, status, title = "capability/charge-refused", 409, "Charge refused"
