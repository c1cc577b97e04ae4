"""What the struck town refuses."""

from yunjin.kernel.errors import Refusal


class NoNamespaces(Refusal):
    """This machine lets us make no networks; the detail says what is missing."""

    code, status, title = "app/no-namespaces", 409, "No networks can be made here"
