"""What the centres of offers and of contracts refuse."""

from yunjin.kernel.errors import NotFound, Refusal


class OfferNotFound(NotFound):
    """There is no offer of this code or version, or none that is open."""

    code, title = "capability/offer-not-found", "Offer not found"


class OfferRefused(Refusal):
    """The offer cannot be drafted or changed like this: `why` says what is in the way."""

    code, status, title = "capability/offer-refused", 409, "Offer refused"


class NotOffered(Refusal):
    """The offer is not for this party now: `why` names each rule that says no."""

    code, status, title = "capability/not-offered", 409, "Not offered"


class OfferTermsRefused(Refusal):
    """The terms are not what is offered: `parameter` says which, `why` how."""

    code, status, title = "capability/offer-terms-refused", 409, "Terms refused"


class ContractNotFound(NotFound):
    """There is no contract of this id."""

    code, title = "capability/contract-not-found", "Contract not found"


class ContractRefused(Refusal):
    """It cannot be done to the contract as it stands: `why` says what is in the way."""

    code, status, title = "capability/contract-refused", 409, "Contract refused"
