"""What was measured at receipt, beside what had been declared."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import select

from wms.catalog.models import Product
from wms.core.actor import Actor
from wms.facility.models import Warehouse
from wms.inbound.models import Booking, Carton, Measurement
from wms.inbound.queries.bookings import in_scope
from wms.platform.database import session

_OWN = (
    "id", "product_id", "declared_weight_g", "declared_length_mm", "declared_width_mm", "declared_height_mm",
    "weight_g", "length_mm", "width_mm", "height_mm", "deviates", "measured_at",
)  # fmt: skip


def measurements_page(
    actor: Actor, *, deviating: bool = True, after: uuid.UUID | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """The newest first; `after` is the last one seen."""
    columns = [getattr(Measurement, name) for name in _OWN]
    statement = in_scope(
        select(*columns, Product.sku, Product.name_en, Product.name_zh, Booking.number.label("booking"),
               Booking.id.label("booking_id"), Warehouse.time_zone)
        .join(Product, Product.id == Measurement.product_id)
        .join(Carton, Carton.id == Measurement.carton_id)
        .join(Booking, Booking.id == Carton.booking_id)
        .join(Warehouse, Warehouse.id == Booking.warehouse_id),
        actor,
    )  # fmt: skip
    if deviating:
        statement = statement.where(Measurement.deviates)
    if after is not None:
        statement = statement.where(Measurement.id < after)
    rows = session().execute(statement.order_by(Measurement.id.desc()).limit(limit))
    return [dict(row._mapping) for row in rows]
