"""Prices of carriers that say them: what they are told of an order, and the order that goes on once they have."""

from __future__ import annotations

import math
import uuid
from collections.abc import Sequence

from wms.core.ids import new_id
from wms.facility.models import Warehouse
from wms.outbound.extras.models import OrderExtra
from wms.outbound.extras.service import told_door
from wms.outbound.models import Consignee, Order
from wms.outbound.service import changes
from wms.outbound.service.service_choice import goods_of
from wms.outbound.service.waybills import PREPARE_TOPIC
from wms.platform.database import session
from wms.platform.locks import Rank, lock_one
from wms.platform.outbox import add_job
from wms.shipping.carriers.interface import AtTheDoor, Party, RateRequest
from wms.shipping.rates import Goods
from wms.shipping.service import quotes


def ask(order_id: uuid.UUID, carrier_id: uuid.UUID) -> None:
    """Ask one carrier what an order would cost, and prepare its waybill if it waits for no other. Run twice it asks what is
    still open, if anything.
    """
    asked = quotes.ask("order", order_id, carrier_id, lambda codes: request_of(order_id, codes))
    if asked is not None:
        lock_one(Rank.DOCUMENT, Order, order_id)
        quotes.settle(asked)
    changes.prepare_order(order_id)


def request_of(order_id: uuid.UUID, services: Sequence[str]) -> RateRequest | None:
    """What the carrier is told: weights, sizes, and where the parcel goes, but not to whom. None when the buyer was erased."""
    consignee, goods = session().get(Consignee, order_id), goods_of([order_id]).get(order_id)
    if consignee is None or not consignee.name or goods is None:
        return None
    order = session().get_one(Order, order_id)
    warehouse = session().get_one(Warehouse, order.warehouse_id)
    extra = session().get(OrderExtra, order_id)
    return RateRequest(
        services=tuple(services), weight_g=goods.weight_g, size_mm=box_around(goods),
        sender=Party(name="", company=warehouse.name, country=warehouse.country),
        recipient=Party(
            name="", country=goods.country, postcode=goods.postcode, state=consignee.state or "", city=consignee.city or ""
        ),
        signed=extra is not None and extra.signature is not None,
        insured_minor=extra.insured_minor if extra else None,
        insured_currency=extra.insured_currency if extra else None,
        door=told_door(extra) if extra else AtTheDoor(),
    )  # fmt: skip


def box_around(goods: Goods) -> tuple[int, int, int] | None:
    """Before anybody has packed: a box as long as the longest thing, and as large as all of them together, mm."""
    if not goods.volume_mm3 or not goods.longest_mm:
        return None
    side = math.isqrt(max(-(-goods.volume_mm3 // goods.longest_mm) - 1, 0)) + 1
    return goods.longest_mm, side, side


def go_on_without() -> int:
    """Orders whose carriers did not say in time what they would cost are prepared by what is known; returns how many."""
    waited = [subject_id for kind, subject_id in quotes.miss_overdue() if kind == "order"]
    for order_id in waited:
        add_job(PREPARE_TOPIC, {"order_id": str(order_id)}, dedupe_key=f"{PREPARE_TOPIC}:{order_id}:{new_id()}")
    return len(waited)
