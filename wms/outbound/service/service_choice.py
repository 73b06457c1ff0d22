"""The service an order goes with, where the operator lets the system choose: what shipping needs to know of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import BigInteger, cast, func, select

from wms.catalog.models import Product
from wms.outbound.extras.models import OrderExtra
from wms.outbound.extras.service import door_of
from wms.outbound.models import Consignee, Order, OrderLine
from wms.platform.database import session
from wms.shipping.rates import Goods
from wms.shipping.service import choices
from wms.shipping.service.choices import Decided, ToChoose


def services_for(orders: Sequence[Order]) -> Decided:
    """What was chosen and why, by order, for orders without a shipment, and which wait for their carriers' prices; nothing where
    no rule speaks of their services. The caller holds the orders.
    """
    fresh = {order: order.service_id for order in orders if order.shipment_id is None and order.service_id is not None}
    rules = choices.rules_of(fresh.values())
    if not rules:
        return Decided()
    ruled = {rule.service_id for rule in rules}
    wanted = [order for order, service_id in fresh.items() if service_id in ruled]
    special = {extra.order_id: extra for extra in _wishes([order.id for order in wanted])}
    wishes = [_to_choose(order, fresh[order], special.get(order.id)) for order in wanted]
    goods = goods_of([each.id for each in wanted])
    return choices.choose_services(wanted[0].warehouse_id, "order", wishes, rules, goods)


def _wishes(order_ids: Sequence[uuid.UUID]) -> Sequence[OrderExtra]:
    return session().scalars(select(OrderExtra).where(OrderExtra.order_id.in_(order_ids))).all()


def _to_choose(order: Order, service_id: uuid.UUID, extra: OrderExtra | None) -> ToChoose:
    if extra is None:
        return ToChoose(order.id, order.owner_id, service_id)
    signed, insured = extra.signature is not None, extra.insured_minor is not None
    return ToChoose(order.id, order.owner_id, service_id, signed, insured, door_of(extra))


def goods_of(order_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Goods]:
    """What the units of each order weigh and measure together, as far as products say, and where it goes."""
    grams = func.coalesce(func.nullif(Product.measured_weight_g, 0), Product.declared_weight_g)
    volume = cast(Product.declared_length_mm, BigInteger) * Product.declared_width_mm * Product.declared_height_mm
    longest = func.greatest(Product.declared_length_mm, Product.declared_width_mm, Product.declared_height_mm)
    statement = (
        select(
            OrderLine.order_id, Consignee.country, Consignee.postcode, func.sum(grams * OrderLine.quantity).label("grams"),
            func.sum(volume * OrderLine.quantity).label("volume"), func.max(longest).label("longest"),
        )
        .join(Product, Product.id == OrderLine.product_id)
        .join(Consignee, Consignee.order_id == OrderLine.order_id)
        .where(OrderLine.order_id.in_(order_ids))
        .group_by(OrderLine.order_id, Consignee.country, Consignee.postcode)
    )  # fmt: skip
    return {
        row.order_id: Goods(row.country, row.postcode or "", int(row.grams), int(row.volume), row.longest)
        for row in session().execute(statement)
    }
