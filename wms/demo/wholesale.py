"""Wholesale: cartons that are never opened. They are counted, put away as they are, counted once more where they stand,
and one goes out whole to a shop that orders it by its number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from wms.demo.luck import Carton

REFERENCE: Final = "WHOLESALE-1"
PRODUCTS: Final = {"CRATE-RED": "Crate, red", "CRATE-BLUE": "Crate, blue"}
COUNTED: Final = "CRATE-BLUE"  # in the evening: it stands in two cartons then
# The first is sold; two are mixed, one is of one product.
CARTONS: Final[tuple[Mapping[str, int], ...]] = (
    {"CRATE-RED": 6, "CRATE-BLUE": 4}, {"CRATE-BLUE": 12}, {"CRATE-RED": 3, "CRATE-BLUE": 5},
)  # fmt: skip
SIDE_MM, WEIGHT_G = 60, 80


def products() -> list[dict[str, Any]]:
    return [
        {
            "sku": sku, "name_en": name, "name_zh": name, "declared_weight_g": WEIGHT_G, "declared_length_mm": SIDE_MM,
            "declared_width_mm": SIDE_MM, "declared_height_mm": SIDE_MM,
            "barcodes": [{"barcode": f"X{sku}", "kind": "seller", "quantity": 1}],
        }
        for sku, name in PRODUCTS.items()
    ]  # fmt: skip


def booking() -> tuple[dict[str, Any], list[Carton]]:
    """As it is announced, and as it is: nothing is wrong with it."""
    cartons = []
    for content in CARTONS:
        lines = [{"sku": sku, "quantity": units} for sku, units in content.items()]
        inside = [line | {"condition": "good", "lot": None} for line in lines]
        cartons.append(Carton(lines, inside, stays_closed=True))
    return {
        "reference": "PRE-WHOLESALE", "warehouse": "DE1", "transport": "sea", "submit": True,
        "cartons": [{"number": place, "lines": each.lines} for place, each in enumerate(cartons, 1)],
    }, cartons  # fmt: skip


def order(container: str) -> dict[str, Any]:
    """A shop orders the first carton whole."""
    return {
        "reference": REFERENCE, "warehouse": "DE1", "kind": "b2b", "service": "HOUSE-STD",
        "consignee": {"name": "Corner Shop", "country": "DE", "city": "Testville", "postcode": "10001",
                      "address1": "1 Shop Street"},
        "lines": [{"sku": sku, "quantity": units, "container": container} for sku, units in CARTONS[0].items()],
    }  # fmt: skip
