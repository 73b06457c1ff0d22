"""Waybills of remote carriers: what such a carrier has to know of an order, and its label in the place of ours."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from sqlalchemy import select

from wms.core.actor import SYSTEM
from wms.facility.models import Warehouse
from wms.identity.models import Seller
from wms.outbound.extras.models import OrderExtra
from wms.outbound.extras.rules import share
from wms.outbound.extras.service import open_ids, told_door
from wms.outbound.models import Consignee, Order, OrderLine
from wms.outbound.parcel_goods import ParcelGoods, goods_in
from wms.outbound.service.waybills import waybill_draft
from wms.platform import files
from wms.platform.database import keep_so_far, session
from wms.platform.locks import Rank, lock_one
from wms.printing import service as printing
from wms.shipping import service as shipping
from wms.shipping.carriers.interface import (
    AtTheDoor,
    CarrierFault,
    Content,
    Duties,
    Party,
    WaybillGranted,
    WaybillRequest,
)
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
    goods = goods_in(order.id, parcel)
    return WaybillRequest(
        client_reference=parcel.client_reference,
        warehouse_id=shipment.warehouse_id,
        service_code=service.code,
        weight_g=parcel.weight_g or sum(each.weight_g * each.units for each in goods),
        size_mm=None if None in size else size,  # type: ignore[arg-type]
        label_mm=(service.label_width_mm, service.label_height_mm),
        sender=Party(name=seller.name, company=warehouse.name, country=warehouse.country),
        recipient=_recipient(consignee),
        contents=tuple(
            Content(
                each.description, each.units, each.weight_g, each.value_minor, each.currency, each.product.hs_code,
                each.product.origin_country,
            )
            for each in goods
        ),
        **_besides(order.id, consignee, parcel, goods),
    )  # fmt: skip


def _besides(order_id: uuid.UUID, consignee: Consignee, parcel: Parcel, goods: Sequence[ParcelGoods]) -> dict[str, Any]:
    """Signature, the part of the insured sum that is in this parcel, what the driver does, and what customs is told."""
    extra = session().get(OrderExtra, order_id)
    if extra is None:
        return {}
    insured = None
    if extra.insured_minor is not None:
        ordered = sum(session().scalars(select(OrderLine.quantity).where(OrderLine.order_id == order_id)))
        insured = share(extra.insured_minor, sum(each.units for each in goods), ordered)
    duties = None
    if extra.contents is not None:
        buyer = open_ids(order_id, consignee.tax_ids_sealed)
        duties = Duties(extra.contents, extra.ioss, extra.vat_id, extra.eori, buyer.get("vat_id"), buyer.get("eori"))
    return {
        "signature": extra.signature, "insured_minor": insured, "insured_currency": extra.insured_currency,
        "duties": duties, "door": _door(extra, parcel),
    }  # fmt: skip


def _door(extra: OrderExtra, parcel: Parcel) -> AtTheDoor:
    """The driver collects once, with the first parcel: a second one is often begun when the first has its paper."""
    door = told_door(extra)
    if live_parcels(parcel.shipment_id)[0].id != parcel.id:
        door = replace(door, cod_minor=None, cod_currency=None)
    return door


def _recipient(consignee: Consignee) -> Party:
    return Party(**{each.name: getattr(consignee, each.name) or "" for each in fields(Party)})
