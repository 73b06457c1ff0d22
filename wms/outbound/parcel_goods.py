"""What goes into a parcel, as far as is known: for a carrier's request and for a customs form."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from wms.catalog.models import Product
from wms.outbound.models import OrderLine
from wms.platform.database import session
from wms.platform.statements import Statement
from wms.shipping.models import Parcel


@dataclass(frozen=True)
class ParcelGoods:
    """Units of one line. Weight of one in g; value of one as the order declares it, else as the product does."""

    product: Product
    units: int
    value_minor: int | None
    currency: str | None

    @property
    def weight_g(self) -> int:
        return self.product.weight_g

    @property
    def description(self) -> str:
        return self.product.customs_name_en or self.product.name_en


# Units of each line that are in other boxes: closed ones, and an open one that was begun before this.
_ELSEWHERE = Statement(
    "SELECT d.order_line_id, sum(v.quantity)::int AS units FROM demand d JOIN verification v ON v.demand_id = d.id"
    " WHERE d.order_id = :order AND CASE WHEN v.parcel_id IS NULL THEN EXISTS (SELECT 1 FROM parcel p"
    "  WHERE p.shipment_id = :shipment AND p.n < :n AND p.state = 'open') ELSE v.parcel_id <> :parcel END GROUP BY 1"
)


def goods_in(order_id: uuid.UUID, parcel: Parcel) -> Sequence[ParcelGoods]:
    """Everything of the order that is in no other parcel, in its order."""
    values = {"order": order_id, "shipment": parcel.shipment_id, "n": parcel.n, "parcel": parcel.id}
    elsewhere = {row.order_line_id: row.units for row in _ELSEWHERE.all(values)}
    statement = (
        select(OrderLine, Product)
        .join(Product, Product.id == OrderLine.product_id)
        .where(OrderLine.order_id == order_id)
        .order_by(OrderLine.position)
    )
    found = [_goods(line, product, elsewhere.get(line.id, 0)) for line, product in session().execute(statement)]
    return [each for each in found if each.units > 0]


def _goods(line: OrderLine, product: Product, elsewhere: int) -> ParcelGoods:
    units = line.quantity - elsewhere
    if line.unit_value_minor is None:
        return ParcelGoods(product, units, product.declared_value_minor, product.declared_currency)
    return ParcelGoods(product, units, line.unit_value_minor, line.currency)
