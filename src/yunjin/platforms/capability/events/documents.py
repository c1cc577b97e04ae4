"""What the document centre tells."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentMade:
    """A document was made, or made anew: `version` counts. links: "kind:id"."""

    type: ClassVar[str] = "yunjin.capability.document.made.v1"
    document_id: str
    version: int
    template: str
    digest: str  # SHA-256 of the PDF, hexadecimal
    links: tuple[str, ...]

    @property
    def subject(self) -> str:
        """What happens to a document keeps its order."""
        return self.document_id


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentChanged:
    """A document came to another state: "asked", "signed", "made" (again free) or "void"."""

    type: ClassVar[str] = "yunjin.capability.document.changed.v1"
    document_id: str
    state: str
    why: str
    digest: str  # of what holds now: the signed file's once it is signed
    links: tuple[str, ...]

    @property
    def subject(self) -> str:
        """What happens to a document keeps its order."""
        return self.document_id


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureDoubted:
    """A signing service told of an envelope what cannot be believed; nothing was done."""

    type: ClassVar[str] = "yunjin.capability.document.doubted.v1"
    document_id: str
    envelope_id: str
    why: str

    @property
    def subject(self) -> str:
        """What happens to a document keeps its order."""
        return self.document_id
