"""What another warehouse sent (调拨): its booking is made when it leaves there, and is nobody's to change."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from wms.catalog.queries import products_by_ids
from wms.core import clock
from wms.core.numbering import DocumentKind
from wms.facility.models import Warehouse
from wms.identity.models import Seller
from wms.identity.queries import Owner
from wms.inbound.events import BookingCancelled, BookingSubmitted
from wms.inbound.models import Booking
from wms.inbound.rules import BookingDraft, CartonDraft, Transport
from wms.inbound.service import bookings
from wms.inbound.workflow import BOOKING, BookingState
from wms.platform.counters import next_number
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.locks import Rank, lock_one


@dataclass(frozen=True)
class Sent:
    """What left: cartons as parcels, each known by the waybill it bears (`reference_box_no`)."""

    order_id: uuid.UUID
    order_number: str
    owner_id: uuid.UUID
    to_warehouse_id: uuid.UUID
    product_ids: Sequence[uuid.UUID]
    cartons: Sequence[CartonDraft]


def booking_of(order_id: uuid.UUID) -> Booking | None:
    """The booking that a transfer made."""
    return session().scalar(select(Booking).where(Booking.transfer_order_id == order_id))


def book(sent: Sent) -> Booking:
    """The booking of a transfer: made once, on its way from the beginning. The caller holds the order.

    Goods are underway: a product that was closed meanwhile, or a warehouse that takes no bookings, does not stop them.
    """
    found = booking_of(sent.order_id)
    if found is not None:
        return found
    seller = session().get_one(Seller, sent.owner_id)
    warehouse = session().get_one(Warehouse, sent.to_warehouse_id)
    owner = Owner(seller.id, seller.code, seller.name, seller.credit_state)
    number = next_number(DocumentKind.BOOKING, owner.id, owner.code, clock.today(warehouse.time_zone))
    free = bookings.is_free(owner.id, sent.order_number)
    draft = BookingDraft(
        warehouse.code, list(sent.cartons), sent.order_number if free else number, transport=Transport.ROAD.value
    )
    booking = bookings.insert_booking(owner, warehouse, draft, number)
    products = {facts.sku: facts for facts in products_by_ids(sent.product_ids).values()}
    bookings.insert_cartons(booking, draft.cartons, products, {})
    booking.transfer_order_id = sent.order_id
    booking.own_state = booking.state = BookingState.IN_TRANSIT.value
    booking.submitted_at = clock.now()
    session().flush()
    record(BookingSubmitted(subject_id=booking.id, warehouse_id=booking.warehouse_id, owner_id=booking.owner_id))
    return booking


def withdraw(order_id: uuid.UUID) -> bool:
    """The goods came off their load before the truck left: nothing will come. False where some of it has been received:
    then the figures say what was found.
    """
    found = booking_of(order_id)
    booking = None if found is None else lock_one(Rank.DOCUMENT, Booking, found.id)
    if booking is None or booking.state == BookingState.CANCELLED.value:
        return True
    if not BOOKING.permitted("cancel", booking.state):
        return False
    booking.own_state = booking.state = BOOKING.apply("cancel", booking.state).value
    booking.cancelled_at = booking.updated_at = clock.now()
    booking.transfer_order_id = None  # the order may leave again, and is booked anew then
    booking.version += 1
    session().flush()
    record(BookingCancelled(subject_id=booking.id, warehouse_id=booking.warehouse_id, owner_id=booking.owner_id))
    return True
