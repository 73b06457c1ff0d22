"""Waybills of remote carriers: what such a carrier has to know of an order, and its label in the place of ours."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select

from wms.catalog.models import Product
from wms.core.actor import SYSTEM
from wms.facility.models import Warehouse
from wms.identity.models import Seller
from wms.outbound.models import Consignee, Order, OrderLine
from wms.outbound.service.waybills import waybill_draft
from wms.platform import files
from wms.platform.database import keep_so_far, session
from wms.platform.locks import Rank, lock_one
from wms.platform.statements import Statement
from wms.printing import service as printing
from wms.shipping import service as shipping
from wms.shipping.carriers.interface import CarrierFault, Content, Party, WaybillGranted, WaybillRequest
from wms.shipping.models import Parcel, Service, Shipment
from wms.shipping.queries import live_parcels


def ask(parcel_id: uuid.UUID) -> None:
    """Get the waybill of a parcel from its carrier and put the label where it is printed. Run twice it buys one.

    Raises CarrierLater when the carrier may give it later, StillAsked while another worker may be asking.
    """
    answered = shipping.ask_for_waybill(parcel_id, request_of)
    if answered is None:
        return
    kept = None
    if isinstance(answered.answer, WaybillGranted) and answered.answer.label_pdf is not None:
        kept = files.keep(answered.answer.label_pdf, "application/pdf")
    shipment = session().get_one(Shipment, answered.shipment_id)
    order = lock_one(Rank.DOCUMENT, Order, shipment.subject_id)  # before its shipment, as everybody does
    settled = shipping.settle_waybill(SYSTEM, answered)
    if isinstance(settled, CarrierFault) and settled.retryable:
        keep_so_far()
        raise shipping.CarrierLater(settled.code)
    if isinstance(settled, CarrierFault) or settled is None or order is None:
        return
    if kept is not None:
        draft = waybill_draft(order, parcel_id, settled.tracking_number, answered.label_mm)
        printing.add_incoming(SYSTEM, order.warehouse_id, draft, kept)
    if all(parcel.tracking_number for parcel in live_parcels(shipment.id)):
        shipping.mark_labelled(SYSTEM, shipment.id)


def request_of(shipment: Shipment, parcel: Parcel) -> WaybillRequest | None:
    """What the carrier is told; None when the buyer has been erased, or it is no order's parcel."""
    order = session().get(Order, shipment.subject_id) if shipment.subject_kind == "order" else None
    consignee = session().get(Consignee, shipment.subject_id)
    if order is None or consignee is None or not consignee.name:
        return None
    service = session().get_one(Service, shipment.service_id)
    warehouse = session().get_one(Warehouse, shipment.warehouse_id)
    seller = session().get_one(Seller, shipment.owner_id)
    size = (parcel.length_mm, parcel.width_mm, parcel.height_mm)
    lines = _lines(order.id, parcel)
    return WaybillRequest(
        client_reference=parcel.client_reference,
        warehouse_id=shipment.warehouse_id,
        service_code=service.code,
        weight_g=parcel.weight_g or sum(_weight(product) * units for _, product, units in lines),
        size_mm=None if None in size else size,  # type: ignore[arg-type]
        label_mm=(service.label_width_mm, service.label_height_mm),
        sender=Party(name=seller.name, company=warehouse.name, country=warehouse.country),
        recipient=_recipient(consignee),
        contents=tuple(
            Content(product.name_en, units, _weight(product), line.unit_value_minor, line.currency)
            for line, product, units in lines
        ),
    )


def _recipient(consignee: Consignee) -> Party:
    names = ("name", "country", "company", "phone", "state", "city", "postcode", "address1", "address2")
    return Party(**{name: getattr(consignee, name) or "" for name in names})


# Units of each line that are in other boxes: closed ones, and an open one that was begun before this.
_ELSEWHERE = Statement(
    "SELECT d.order_line_id, sum(v.quantity)::int AS units FROM demand d JOIN verification v ON v.demand_id = d.id"
    " WHERE d.order_id = :order AND CASE WHEN v.parcel_id IS NULL THEN EXISTS (SELECT 1 FROM parcel p"
    "  WHERE p.shipment_id = :shipment AND p.n < :n AND p.state = 'open') ELSE v.parcel_id <> :parcel END GROUP BY 1"
)


def _lines(order_id: uuid.UUID, parcel: Parcel) -> Sequence[tuple[OrderLine, Product, int]]:
    """What goes into this parcel, as far as is known: everything that is in no other one."""
    values = {"order": order_id, "shipment": parcel.shipment_id, "n": parcel.n, "parcel": parcel.id}
    elsewhere = {row.order_line_id: row.units for row in _ELSEWHERE.all(values)}
    statement = (
        select(OrderLine, Product)
        .join(Product, Product.id == OrderLine.product_id)
        .where(OrderLine.order_id == order_id)
        .order_by(OrderLine.position)
    )
    found = [
        (line, product, line.quantity - elsewhere.get(line.id, 0)) for line, product in session().execute(statement)
    ]
    return [each for each in found if each[2] > 0]


def _weight(product: Product) -> int:
    return product.measured_weight_g or product.declared_weight_g
