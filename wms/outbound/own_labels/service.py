"""A seller says which labels an order has: all of them, each with its tracking number, in one file.

The file is judged before the command (`judged`), the command puts each page into the place of its parcel's waybill. The
order waits for its labels under a hold of the system.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select

from wms.core.actor import SYSTEM, Actor
from wms.core.barcodes import parse_own
from wms.core.refusals import FieldError, Refused, invalid, invalid_fields
from wms.facility.models import Warehouse
from wms.outbound import rules
from wms.outbound.models import Order
from wms.outbound.service.changes import announce
from wms.outbound.service.order_holds import have_labels
from wms.outbound.service.orders import load_order, load_order_to_edit, touched
from wms.outbound.service.waybills import waybill_draft
from wms.outbound.workflow import ENDED
from wms.platform.database import session
from wms.printing import service as printing
from wms.printing.service import LabelPage
from wms.shipping import service as shipping
from wms.shipping.models import Parcel, ParcelState, Service
from wms.shipping.number_formats import is_doubtful
from wms.shipping.number_ranges import ours_to_give
from wms.shipping.queries import brings_labels, live_parcels, load_carrier, load_service

MOST_LABELS = 20


@dataclass(frozen=True)
class Brought:
    """The order with its labels. `doubtful`: numbers that do not look like this carrier's; they count all the same."""

    order: Order
    doubtful: Sequence[str]


def judged(actor: Actor, order_id: uuid.UUID, pdf: bytes, numbers: Sequence[str]) -> list[LabelPage]:
    """The pages of a file, each put into the store, before the command that takes them.

    Refuses what `bring` would refuse without looking at parcels, and `label_file_refused` at `/content`. Raises StoreAway.
    """
    service = _service(load_order(actor, order_id))
    _check_numbers(numbers)
    return printing.keep_label_file(pdf, (service.label_width_mm, service.label_height_mm), numbers, "/content")


def bring(actor: Actor, order_id: uuid.UUID, pages: Sequence[LabelPage]) -> Brought:
    """From now on these are the labels of the order, and no others: a parcel whose number is not named any more is void.

    Refuses `labels_not_yours` where the service draws its own, `edit_too_late`, `label_number_taken`, `one_parcel_order`,
    `label_in_use` where a closed parcel is not named.
    """
    order = load_order_to_edit(actor, order_id)
    service = _service(order)
    numbers = [page.tracking_number for page in pages]
    _check_numbers(numbers)
    if order.state in ENDED or order.state == "packed":
        raise Refused("edit_too_late", {"document": "order", "state": order.state, "fields": ["labels"]})
    house = session().get_one(Warehouse, order.warehouse_id)
    if len(pages) > 1 and rules.regime_of(house.regime, house.is_bonded, order.kind).one_parcel:
        raise Refused("one_parcel_order", {})
    shipment = shipping.open_shipment(SYSTEM, order.warehouse_id, order.owner_id, service.id, "order", order.id)
    shipment = shipping.load_shipment_to_change(SYSTEM, shipment.id)
    live = live_parcels(shipment.id)
    _refuse_unnamed(live, numbers)
    _refuse_taken(order, service, live, numbers)
    for parcel, page in _places(shipment.id, live, pages):
        if parcel.tracking_number is None:
            shipping.take_number(shipment, parcel, page.tracking_number)
        draft = waybill_draft(order, parcel.id, page.tracking_number, (service.label_width_mm, service.label_height_mm))
        printing.add_incoming(SYSTEM, order.warehouse_id, draft, page.kept)
    _drop(live, numbers)
    order.shipment_id = shipment.id
    if all(parcel.tracking_number for parcel in live_parcels(shipment.id)):
        shipping.mark_labelled(SYSTEM, shipment.id)
    have_labels(order)
    announce(order, "labels")
    carrier = load_carrier(service.carrier_id)
    return Brought(touched(order), [each for each in numbers if is_doubtful(carrier.number_format, each)])


def _service(order: Order) -> Service:
    if order.service_id is None or not brings_labels(order.service_id):
        named = load_service(order.service_id).code if order.service_id else "–"
        raise Refused("labels_not_yours", {"service": named})
    return load_service(order.service_id)


def _check_numbers(numbers: Sequence[str]) -> None:
    """No two alike, and none that a scanner would take for a bin or a tote."""
    errors = []
    for place, number in enumerate(numbers):
        pointer = f"/tracking_numbers/{place}"
        if number in numbers[:place]:
            errors.append(FieldError(pointer, "label_number_twice", {}))
        if parse_own(number) is not None:
            errors.append(FieldError(pointer, "label_number_ours", {"number": number}))
    if errors:
        raise invalid_fields(errors)


def _refuse_unnamed(live: Sequence[Parcel], numbers: Sequence[str]) -> None:
    for parcel in live:
        if parcel.state != ParcelState.OPEN.value and parcel.tracking_number not in numbers:
            raise Refused("label_in_use", {"number": parcel.tracking_number})


def _refuse_taken(order: Order, service: Service, live: Sequence[Parcel], numbers: Sequence[str]) -> None:
    """A number is one parcel's, for ever: of its carrier, and in its warehouse, where a scan must find the one that is
    meant. One that a range of ours will give is somebody's too.
    """
    taken = session().scalars(
        select(Parcel.tracking_number).where(
            or_(Parcel.carrier_id == service.carrier_id, Parcel.warehouse_id == order.warehouse_id),
            Parcel.tracking_number.in_(numbers), Parcel.id.not_in([parcel.id for parcel in live]),
        )
    ).first() or next(iter(ours_to_give(numbers)), None)  # fmt: skip
    if taken is not None:
        raise invalid(f"/tracking_numbers/{list(numbers).index(taken)}", "label_number_taken", number=taken)


def _places(
    shipment_id: uuid.UUID, live: Sequence[Parcel], pages: Sequence[LabelPage]
) -> list[tuple[Parcel, LabelPage]]:
    """The parcel of each label: the one that has its number, one that waits for a number, or a new one. The label of a
    closed parcel is on it and stays.
    """
    known = {parcel.tracking_number: parcel for parcel in live if parcel.tracking_number is not None}
    waiting = [parcel for parcel in live if parcel.tracking_number is None]
    found: list[tuple[Parcel, LabelPage]] = []
    for page in pages:
        parcel = known.get(page.tracking_number)
        if parcel is None:
            parcel = waiting.pop(0) if waiting else _one_more(shipment_id)
        if parcel.state == ParcelState.OPEN.value:
            found.append((parcel, page))
    return found


def _one_more(shipment_id: uuid.UUID) -> Parcel:
    """A parcel that waits for the number it is given next."""
    parcel = shipping.add_parcel(SYSTEM, shipment_id)
    shipping.draw_number(SYSTEM, shipment_id)
    return parcel


def _drop(live: Sequence[Parcel], numbers: Sequence[str]) -> None:
    """Open parcels whose number is not named any more; the paper of the old label is refused from now on."""
    for parcel in live:
        if parcel.tracking_number is not None and parcel.tracking_number not in numbers:
            shipping.drop_parcel(SYSTEM, parcel.id)
            printing.void_documents("parcel", [parcel.id])
