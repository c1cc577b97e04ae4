"""What all connections of the client have in common: they hang up at the end of a block."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Connection(ABC):
    """A connection that is closed at the end of a `with` block."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Hang up."""
