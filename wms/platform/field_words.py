"""What fields are called on the pages, for a fault that is told where the field does not stand beside it."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as lazy

FIELD_WORDS: dict[str, Any] = {
    "batch": lazy("Batch"), "begins_on": lazy("First day"), "cartons": lazy("Cartons off the lorry"),
    "condition": lazy("Condition"), "counted": lazy("Really there"),
    "country": lazy("Country"), "decide_hours": lazy("Hours to decide"),
    "decision": lazy("Decision"), "default_decision": lazy("Decided otherwise"), "ends_on": lazy("Last day"),
    "every_nth": lazy("And each n-th"), "failed": lazy("Units that failed"),
    "first_receipts": lazy("First cartons of a product"), "min_shelf_days": lazy("Days it must keep"),
    "minutes": lazy("How long"), "name": lazy("Name"), "note": lazy("Note"), "quantity": lazy("Quantity"), "reason": lazy("Reason"),
    "relabel_to": lazy("Relabel to the SKU"), "sample_units": lazy("Units to look at"), "seller": lazy("Seller"),
    "sku": lazy("SKU"), "starts_at": lazy("Time at the warehouse"), "units": lazy("Units more or less"),
    "warehouse": lazy("Warehouse"), "weight_g": lazy("Weight, g"),
}  # fmt: skip
