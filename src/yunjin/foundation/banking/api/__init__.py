"""What other rooms and the app may ask of banking."""

from yunjin.foundation.banking.api.products import (
    AGREEMENTS_MAX,
    Change,
    Entry,
    ParameterInfo,
    ProductInfo,
    ProductsApi,
    Saying,
    Simulation,
    Terms,
)

__all__ = [
    "AGREEMENTS_MAX",
    "Change",
    "Entry",
    "ParameterInfo",
    "ProductInfo",
    "ProductsApi",
    "Saying",
    "Simulation",
    "Terms",
]
