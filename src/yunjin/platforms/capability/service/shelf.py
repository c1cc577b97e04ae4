"""The thin core's products, as far as offers ask for them."""

import threading
from collections.abc import Mapping
from typing import Any

from yunjin.foundation.banking.api.products import ParameterInfo, ProductsApi
from yunjin.foundation.banking.api.registry import ProductVersion, RegistryApi
from yunjin.platforms.capability.domain.offers import refused


class Shelf:
    """Products by code and version, with their parameters.

    core : banking's doors; without a bank there are no products.
    """

    def __init__(self, core: Mapping[type, Any]) -> None:
        self._products: ProductsApi | None = core.get(ProductsApi)
        self._registry: RegistryApi | None = core.get(RegistryApi)
        self._known: dict[tuple[str, int], tuple[ParameterInfo, ...]] = {}
        self._lock = threading.Lock()

    def version(self, code: str, version: int = 0) -> int:
        """Return a version that there is; 0: the newest that is live for all.

        Raises: OfferRefused.
        """
        return self._found(code, version).version

    def parameters(self, code: str, version: int = 0) -> tuple[ParameterInfo, ...]:
        """Return the parameters of a version; 0: as above. Raises: OfferRefused."""
        found = self._found(code, version)
        key = (code, found.version)
        with self._lock:  # a version never changes; reading its file takes its time
            if key not in self._known:
                self._known[key] = self._read(found)
            return self._known[key]

    def codes(self) -> list[str]:
        """Return the codes of all products."""
        versions = self._registry.versions() if self._registry else []
        return sorted({one.code for one in versions})

    def _found(self, code: str, version: int) -> ProductVersion:
        versions = self._registry.versions(code) if self._registry else []
        for one in versions:
            if one.version == version or (not version and one.agreements is None):
                return one
        name = f"{code[:60]} {version or ''}".rstrip()
        raise refused(f"expected a product of the bank, was {name}", "no-product")

    def _read(self, found: ProductVersion) -> tuple[ParameterInfo, ...]:
        if self._products is None:
            return ()
        shipped = {one.source: one for one in self._products.products()}
        info = shipped.get(found.source) or self._products.check(found.source)
        return info.parameters
