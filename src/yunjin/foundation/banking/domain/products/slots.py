"""What GL slots are: on which side they grow, and of which element they are."""

from typing import Final

from yunjin.foundation.banking.api.slots import Element, Slot

__all__ = ["Element", "Slot", "element", "grows_by_credit"]


def element(slot: Slot) -> Element:
    """Return the element a slot belongs to."""
    return Element(slot // 100)


_CREDIT: Final = (Element.LIABILITY, Element.EQUITY, Element.INCOME)
_BY_CREDIT: Final = frozenset(
    slot for slot in Slot if slot == Slot.PROVISION or element(slot) in _CREDIT
)


def grows_by_credit(slot: Slot) -> bool:
    """Tell on which side a slot grows."""
    return slot in _BY_CREDIT
