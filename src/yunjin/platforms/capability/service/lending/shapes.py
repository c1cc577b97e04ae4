"""What loan products are like, as the core's registry has them."""

from collections.abc import Mapping
from typing import Any

from yunjin.foundation.banking.api.products import ProductInfo, ProductsApi
from yunjin.foundation.banking.api.registry import RegistryApi
from yunjin.platforms.capability.domain.lending import Shape, shape_of
from yunjin.platforms.capability.errors.lending import ApplicationRefused


class Shapes:
    """The shapes of products; a version's is worked out once.

    core : banking's doors.
    """

    def __init__(self, core: Mapping[type, Any]) -> None:
        self._products: ProductsApi | None = core.get(ProductsApi)
        self._registry: RegistryApi | None = core.get(RegistryApi)
        self._known: dict[tuple[str, int], Shape | None] = {}

    def of(self, product: str) -> Shape:
        """Return a product's shape. Raises: ApplicationRefused (it is none, or lends nothing)."""
        if self._products is None:
            raise _refused(product, "there is no core that has products")
        version, source = 0, ""
        if self._registry is not None:
            live = [one for one in self._registry.versions(product) if one.agreements is None]
            if live:
                version, source = live[0].version, live[0].source
        if (product, version) not in self._known:  # reading files takes its time
            shipped = {one.code: one for one in self._products.products()}
            info = shipped.get(product)
            if source and (info is None or info.source != source):
                info = self._products.check(source)
            self._known[product, version] = None if info is None else _shape(info)
        found = self._known[product, version]
        if found is None:
            raise _refused(product, "there is no such loan product")
        return found


def _shape(info: ProductInfo) -> Shape | None:
    names = [one.name for one in info.parameters if one.level == "instance"]
    return shape_of(names, info.currency)


def _refused(product: str, why: str) -> ApplicationRefused:
    return ApplicationRefused(
        f"expected a product that lends money, was {product[:40]!r}", why=why, product=product[:40]
    )
