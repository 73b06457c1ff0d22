"""An order is changed while its state allows (`rules.CHANGEABLE`): buyer, service, priority, remark, what it says besides.

What is on the waybill cannot change under it: a number that was drawn is given back, the paper is void, and another is made.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import update

from wms.core import clock
from wms.core.actor import SYSTEM, Actor
from wms.core.refusals import Refused, invalid
from wms.facility.models import Warehouse
from wms.outbound import rules
from wms.outbound.deadlines import deadlines
from wms.outbound.events import OrderChanged
from wms.outbound.extras import changing
from wms.outbound.extras import service as extras
from wms.outbound.models import Consignee, Order
from wms.outbound.queries import changeable_now
from wms.outbound.service import halting, order_holds, waybills
from wms.outbound.service.consignees import Place, check_consignee, consignee_row
from wms.outbound.service.intake import cut_off_of
from wms.outbound.service.orders import load_order_to_edit, touched
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.http import check_version
from wms.platform.locks import Rank, lock_one
from wms.platform.outbox import add_job
from wms.platform.statements import Statement, attempt
from wms.printing import service as printing
from wms.shipping import service as shipping
from wms.shipping.carriers.interface import WISHES
from wms.shipping.queries import brings_labels, live_parcels, service_by_code


def edit_order(actor: Actor, order_id: uuid.UUID, version: int | None, changes: Mapping[str, Any]) -> Order:
    """Change consignee, service, priority, remark or what the order says besides (`OrderPatch`). Refuses `edit_too_late`
    naming the state and what may not change in it any more, `unknown_service`, what the service or the customs form cannot
    do, and stale versions.
    """
    order = load_order_to_edit(actor, order_id)
    check_version(order.version, version)
    late = sorted(changes.keys() - changeable_now(order))
    if late:
        raise Refused("edit_too_late", {"document": "order", "state": order.state, "fields": late})
    if "consignee" in changes:
        _change_consignee(order, changes["consignee"])
    if "service" in changes:
        _change_service(order, changes["service"])
    for name in ("priority", "remark"):
        if name in changes:
            setattr(order, name, changes[name])
    changing.write_changes(order.id, changes)
    _check_together(order, changes)
    drawn_here = "service" in changes or not brings_labels(order.service_id)  # else the label is the seller's word
    if changes.keys() & rules.ON_THE_WAYBILL and drawn_here:
        _renew_waybill(actor, order)
    told = changes.keys() & (rules.ON_THE_WAYBILL | rules.FOR_THE_PACKER)
    if told:
        announce(order, *sorted(told))
    if "service" in changes:
        _settle_labels(order)
    return touched(order)


def announce(order: Order, *what: str) -> None:
    """That these of an order are other ones now."""
    subject = {"subject_id": order.id, "warehouse_id": order.warehouse_id, "owner_id": order.owner_id}
    record(OrderChanged(**subject, what=",".join(what)))


def _check_together(order: Order, changes: Mapping[str, Any]) -> None:
    """What was changed must agree with what was not."""
    if changes.keys() & {"service", *WISHES}:
        changing.check_service(order.id, order.service_id, changes)
    if changes.keys() & {"signature", "age_check"}:
        changing.check_age(order.id, changes)
    if "delivery" in changes:
        extras.check_day(session().get_one(Warehouse, order.warehouse_id).time_zone, changes)
    if changes.keys() & {"consignee", "declaration", "values"}:
        here = session().get_one(Warehouse, order.warehouse_id).country
        changing.check_declared(order.id, here, session().get_one(Consignee, order.id).country, changes)


def _settle_labels(order: Order) -> None:
    """With another service, labels are the seller's to bring, or are not any more."""
    if brings_labels(order.service_id):
        halting.await_labels(order.id)
    else:
        order_holds.have_labels(order)


def _change_consignee(order: Order, consignee: Mapping[str, Any]) -> None:
    warehouse = session().get_one(Warehouse, order.warehouse_id)
    regime = rules.regime_of(warehouse.regime, warehouse.is_bonded, order.kind)
    check_consignee(consignee, Place(regime, warehouse.country, clock.today(warehouse.time_zone)))
    row = consignee_row(order.id, consignee)
    if not any(name in consignee for name in extras.BUYERS):  # not said again: they are the order's still
        row = {name: value for name, value in row.items() if not name.startswith("tax_ids")}
    session().execute(update(Consignee).where(Consignee.order_id == order.id).values(**row, erased_at=None))


def _change_service(order: Order, code: str) -> None:
    service = service_by_code(order.warehouse_id, code)
    if service is None:
        raise invalid("/service", "unknown_service")
    order.service_id = service.id
    place = _CUT_OFF.first({"warehouse": order.warehouse_id, "service": service.id})
    promised = deadlines(order.created_at, order.ordered_at, cut_off_of(place), place.time_zone, place.closed)
    order.release_by, order.ship_by = promised.release_by, promised.ship_by


_CUT_OFF = Statement(
    "SELECT w.time_zone, c.orders_until, c.truck_at, c.work_minutes, c.weekdays,"
    " ARRAY(SELECT day FROM closed_day WHERE warehouse_id = w.id) AS closed FROM warehouse w"
    " JOIN service s ON s.id = :service LEFT JOIN LATERAL (SELECT * FROM cut_off WHERE warehouse_id = w.id"
    "  AND carrier_id = s.carrier_id AND (service_id = s.id OR service_id IS NULL) ORDER BY service_id NULLS LAST LIMIT 1)"
    " c ON true WHERE w.id = :warehouse"
)


def _renew_waybill(actor: Actor, order: Order) -> None:
    """The number that was drawn is given back and its paper is void; on a walk or behind it another is made at once, by
    a job. Before the wave the wave does that.
    """
    if order.shipment_id is None:
        return
    parcels = [parcel.id for parcel in live_parcels(order.shipment_id)]
    shipping.void_shipment(actor, order.shipment_id, "order_changed")
    printing.void_documents("parcel", parcels)
    order.shipment_id = None
    if order.state in rules.NEEDS_WAYBILL:
        key = f"{waybills.PREPARE_TOPIC}:{order.id}:{order.version}"
        add_job(waybills.PREPARE_TOPIC, {"order_id": str(order.id)}, dedupe_key=key)


def prepare_order(order_id: uuid.UUID) -> bool:
    """A waybill for one order that is being worked on; False when it needs none.

    Safe to run twice. Where the carrier gives none the order is held by the system; ending that hold tries again. A
    carrier that does not answer is asked again by the outbox.
    """
    order = lock_one(Rank.DOCUMENT, Order, order_id)
    if order is None or order.service_id is None or order.state not in rules.NEEDS_WAYBILL:
        return False
    try:
        with attempt():
            waybills.prepare([order])
    except Refused as refusal:
        if refusal.next_step == "retry":
            raise
        session().expire_all()  # what the try had begun is undone
        order_holds.place_hold(SYSTEM, order.id, "no_waybill", note=refusal.code)
        return False
    return True
