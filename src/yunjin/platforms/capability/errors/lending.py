"""What lending refuses."""

from yunjin.kernel.errors import NotFound, Outage, Refusal


class ApplicationNotFound(NotFound):
    """There is no application of this id."""

    code, title = "capability/application-not-found", "Application not found"


class ApplicationRefused(Refusal):
    """It cannot be done to the application, or asked for, like this: `why` says what is wrong."""

    code, status, title = "capability/application-refused", 409, "Application refused"


class DisbursalRefused(Refusal):
    """The loan could not be paid out; whatever had been done for it is taken back."""

    code, status, title = "capability/disbursal-refused", 409, "Disbursal refused"


class RepaymentRefused(Refusal):
    """The money was not taken: `result` and `reason` are the core's words."""

    code, status, title = "capability/repayment-refused", 409, "Repayment refused"


class PaymentOnItsWay(Outage):
    """The payment that a disbursal waits for has not ended yet."""

    code, title = "capability/payment-on-its-way", "Payment on its way"


class CollectionNotFound(NotFound):
    """There is no case of collection, or no promise, of this id."""

    code, title = "capability/collection-not-found", "Collection case not found"


class CollectionRefused(Refusal):
    """It cannot be done to the case as it stands: `why` says what is in the way."""

    code, status, title = "capability/collection-refused", 409, "Collection case refused"
