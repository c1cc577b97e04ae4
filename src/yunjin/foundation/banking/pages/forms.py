"""Fields of a product's terms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nicegui.elements.mixins.value_element import ValueElement

from yunjin.chassis.console import choice_field, text_field
from yunjin.foundation.banking.api.products import ParameterInfo, ProductInfo
from yunjin.foundation.banking.pages import terms


@dataclass(slots=True)
class TermFields:
    """Fields of a product's terms, with their bounds, units and help."""

    info: ProductInfo
    fields: dict[str, ValueElement[Any]] = field(default_factory=dict)

    def draw(
        self,
        values: Mapping[str, int],
        changed: Callable[[], Any],
        *,
        names: list[str] | None = None,
    ) -> None:
        """Lay the fields of some terms, or of all."""
        for one in self.info.parameters:
            if names is None or one.name in names:
                shown = self._field(one, values.get(one.name, one.default))
                shown.on_value_change(lambda _: changed())
                self.fields[one.name] = shown

    def _field(self, one: ParameterInfo, value: int | None) -> ValueElement[Any]:
        currency, label = self.info.currency, terms.term_name(one.name)
        if options := terms.choices(one):
            chosen = str(value) if str(value) in options else next(iter(options))
            return choice_field(label, options, chosen, hint=terms.term_help(one.name))
        limits = terms.bounds(one, currency)
        helped = terms.term_help(one.name)
        shown = text_field(
            label,
            value=terms.typed(one, value, currency),
            unit=terms.unit(one, currency),
            hint=f"{helped} {limits}".strip(),
            check=lambda text: terms.complaint(one, text, currency),
        )
        return shown.props("inputmode=decimal autocomplete=off")

    def complaints(self) -> list[str]:
        """Return the names of terms that will not do."""
        kinds = {one.name: one for one in self.info.parameters}
        return [
            name
            for name, shown in self.fields.items()
            if terms.complaint(kinds[name], str(shown.value or ""), self.info.currency)
        ]

    def values(self) -> dict[str, int]:
        """Return the terms that were given; call it where nothing complains."""
        kinds = {one.name: one for one in self.info.parameters}
        return {
            name: terms.parsed(kinds[name], str(shown.value), self.info.currency)
            for name, shown in self.fields.items()
            if str(shown.value or "").strip()
        }
