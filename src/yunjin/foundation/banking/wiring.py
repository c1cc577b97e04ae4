"""How the banking room is put together."""

from pydantic import BaseModel, ConfigDict, Field

from yunjin.foundation.banking.api import ProductsApi
from yunjin.foundation.banking.service.products import ProductService
from yunjin.kernel.room import Room


class Settings(BaseModel):
    """What banking is held to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    products_loaded_max: int = Field(
        default=64, ge=1, le=10_000, description="product files kept ready after their trial"
    )


def build(settings: Settings) -> Room:
    """Put the room together."""
    service = ProductService(loaded_max=settings.products_loaded_max)
    return Room(name="banking", doors={ProductsApi: service})
