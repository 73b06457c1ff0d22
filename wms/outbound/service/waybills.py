"""Shipments and waybills of a wave: prepared after its release, while the pickers walk.

A job of its own, because it locks documents: the wave has by then let go of the balances. An order whose service depends on what
carriers say it would cost is prepared when they have said so, or their time is over (`carrier_rates`).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy import select

from wms.core.actor import SYSTEM
from wms.outbound.models import Order
from wms.outbound.service.service_choice import services_for
from wms.outbound.waybill_sizes import in_their_sizes
from wms.outbound.workflow import OrderState
from wms.platform.database import session
from wms.platform.locks import Rank, lock
from wms.platform.outbox import add_job
from wms.printing import service as printing
from wms.printing.service import DocumentDraft
from wms.shipping import service as shipping
from wms.shipping.queries import capabilities_of
from wms.shipping.service import Wanted
from wms.shipping.service.choices import Chosen, Decided, keep_reasons

PREPARE_TOPIC = "outbound.prepare_order"
RATES_TOPIC = "outbound.ask_rates"
GONE = {OrderState.CANCELLED.value, OrderState.SHORT.value, OrderState.SHIPPED.value}


def prepare_wave(wave_id: uuid.UUID) -> int:
    """Open shipments, draw numbers and request the waybills of a wave, in its order; returns how many.

    Safe to run twice: a shipment, a number and a valid waybill are kept when they exist.
    """
    ids = session().scalars(select(Order.id).where(Order.wave_id == wave_id))
    locked = lock(Rank.DOCUMENT, Order, ids)
    orders = [order for order in locked if order.state not in GONE and order.service_id is not None]
    prepare(sorted(orders, key=lambda order: (order.ordered_at, order.id)))
    return len(orders)


def prepare(orders: Sequence[Order]) -> None:
    """The same for single orders, which the caller holds. All of one warehouse.

    What has no shipment yet is opened together, in a few statements; the rest one by one.
    """
    decided = services_for(orders)
    _have_asked(decided)
    ready = [order for order in orders if order.id not in decided.waiting]
    if ready:
        _prepare(ready, decided.chosen)


def _have_asked(decided: Decided) -> None:
    """A job for each carrier that is to say what an order would cost."""
    for order_id, questions in decided.waiting.items():
        for carrier_id, wanted_at in sorted({(each.carrier_id, each.wanted_at) for each in questions if each.is_new}):
            add_job(
                RATES_TOPIC, {"order_id": str(order_id), "carrier_id": str(carrier_id)},
                dedupe_key=f"{RATES_TOPIC}:{order_id}:{carrier_id}:{wanted_at.isoformat()}",
            )  # fmt: skip


def _prepare(orders: Sequence[Order], chosen: Mapping[uuid.UUID, Chosen]) -> None:
    warehouse_id = orders[0].warehouse_id
    service_of = {order.id: chosen[order.id].service_id if order.id in chosen else order.service_id for order in orders}
    wanted = [
        Wanted(order.owner_id, service_id, order.id)
        for order in orders
        if order.shipment_id is None and (service_id := service_of[order.id]) is not None
    ]
    fresh = shipping.label_new(SYSTEM, warehouse_id, "order", wanted)
    drafts: list[DocumentDraft] = []
    for order in orders:
        made = fresh.get(order.id)
        if made is None:
            drafts += _prepare_one(order, service_of[order.id])
            continue
        drafts.append(waybill_draft(order, made.parcel_id, made.tracking_number))
        order.shipment_id = made.shipment_id
    session().flush()
    keep_reasons(
        {order.shipment_id: chosen[order.id].reason for order in orders if order.id in chosen and order.shipment_id}
    )
    if drafts:
        printing.request_documents(SYSTEM, warehouse_id, in_their_sizes(drafts))


def _prepare_one(order: Order, service_id: uuid.UUID | None) -> list[DocumentDraft]:
    """An order whose shipment exists, or whose carrier is not asked for many at once."""
    assert service_id is not None  # somebody carries it
    shipment = shipping.open_shipment(SYSTEM, order.warehouse_id, order.owner_id, service_id, "order", order.id)
    parcels = shipping.draw_number(SYSTEM, shipment.id)
    order.shipment_id = shipment.id
    if any(parcel.tracking_number is None for parcel in parcels):
        return []  # a remote carrier is asked after the commit: `carrier_waybills`
    wants_weight = capabilities_of(shipment.carrier_id).needs_weight_before_label
    if wants_weight and any(parcel.weight_g is None for parcel in parcels):
        return []  # labelled at the scale: `packing.weigh`
    shipping.mark_labelled(SYSTEM, shipment.id)
    return [waybill_draft(order, parcel.id, parcel.tracking_number) for parcel in parcels]


def waybill_draft(
    order: Order, parcel_id: uuid.UUID, tracking_number: str | None, size_mm: tuple[int, int] | None = None
) -> DocumentDraft:
    """The wish for the waybill of a parcel; `size_mm` None: the size of our own (`waybill_sizes`)."""
    return DocumentDraft(
        kind="waybill", subject_kind="parcel", subject_id=parcel_id, owner_id=order.owner_id, barcode=tracking_number,
        parent=("order", order.id), size_mm=size_mm,
    )  # fmt: skip
