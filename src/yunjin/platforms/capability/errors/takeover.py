"""What replacing an old core refuses."""

from yunjin.kernel.errors import NotFound, Refusal


class TakeoverNotFound(NotFound):
    """There is no such run, cell, file or agreement that was brought over."""

    code, title = "capability/takeover-not-found", "Nothing brought over under it"


class TakeoverMappingRefused(Refusal):
    """The mapping of the old core's files cannot be read: `where` says which key, `why` how."""

    code, status, title = "capability/takeover-mapping-refused", 409, "Mapping refused"


class TakeoverRefused(Refusal):
    """It cannot be done to the cell as it stands: `why` says what is in the way."""

    code, status, title = "capability/takeover-refused", 409, "Takeover step refused"
