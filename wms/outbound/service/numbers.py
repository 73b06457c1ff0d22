"""Serial numbers at the bench: each is captured where a product's numbers are known from exit on, or is one of the tote's."""

from __future__ import annotations

import uuid

from wms.catalog.models import SerialControl
from wms.core.refusals import Refused
from wms.inventory import serials
from wms.outbound.service import totes
from wms.outbound.service.held import OrderAtWork
from wms.platform.statements import Statement

_CHECKED = Statement(
    "SELECT 1 FROM verification v JOIN demand d ON d.id = v.demand_id WHERE d.order_id = :order"
    " AND d.product_id = :product AND v.serial = :number LIMIT 1"
)
_CANCELLED = Statement(
    "SELECT o.id FROM serial s JOIN outbound_order o ON o.id = s.subject_id WHERE s.product_id = :product"
    " AND s.number = :number AND s.subject_kind = 'order' AND o.state = 'cancelled'"
)


def check_number(order: OrderAtWork, product_id: uuid.UUID, control: str, number: str) -> None:
    """At exit control a number is captured here; under full control it must be one of those in its totes, and leaves
    with its goods.

    Refuses `serial_known`; under full control `serial_unknown`, `serial_not_here`, `serial_checked`.
    """
    if control == SerialControl.EXIT.value:
        try:
            serials.leave(order.owner_id, product_id, number, "order", order.id)
        except Refused:
            if not _free_of_cancelled(product_id, number):
                raise
            serials.leave(order.owner_id, product_id, number, "order", order.id)
        return
    serials.check_in_units(product_id, number, totes.units_of(order.id, order.tote_id))
    if _CHECKED.first({"order": order.id, "product": product_id, "number": number}) is not None:
        raise Refused("serial_checked", {"number": number})


def _free_of_cancelled(product_id: uuid.UUID, number: str) -> bool:
    """The number was captured for an order that was cancelled after its check: its unit never left."""
    order_id = _CANCELLED.scalar({"product": product_id, "number": number})
    if order_id is not None:
        serials.stay(product_id, [number], "order", order_id)
    return order_id is not None
