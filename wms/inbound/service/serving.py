"""An added service for a carton that is here: photographed, counted, made strong, before or after it is counted."""

from __future__ import annotations

import uuid

from wms.added_services import catalogue
from wms.added_services import service as added
from wms.added_services.models import ServiceRequest
from wms.added_services.service import About
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, not_found
from wms.inbound.models import Booking, Carton
from wms.inbound.workflow import CartonState
from wms.platform.database import session
from wms.platform.locks import Rank, lock_one

KIND = "carton"
MOST = 1_000_000


def ask_for_carton(
    actor: Actor, booking_id: uuid.UUID, carton_id: uuid.UUID, service: str, quantity: int = 1, note: str = ""
) -> ServiceRequest:
    """Ask for a service (by its code), so many in its unit, on a carton of a booking.

    Refuses `carton_not_here` until it has arrived, `carton_empty` when all of it is put away, `service_needs_product`
    for a service that changes the book, and an unknown service at its field; 404 outside the actor's scope.
    """
    booking = lock_one(Rank.DOCUMENT, Booking, booking_id)
    if booking is None or not actor.may(Permission.SERVICES_WRITE):
        raise not_found("booking")
    if not (actor.sees_seller(booking.owner_id) and actor.sees_warehouse(booking.warehouse_id)):
        raise not_found("booking")
    carton = session().get(Carton, carton_id, populate_existing=True)
    if carton is None or carton.booking_id != booking.id:
        raise not_found("carton")
    if not 1 <= quantity <= MOST:
        raise invalid("/quantity", "not_between", min=1, max=MOST)
    if carton.handling_unit_id is None:
        raise Refused("carton_not_here", {})
    if carton.state == CartonState.STOWED.value:
        raise Refused("carton_empty", {"number": carton.number})
    about = About(KIND, carton.id, carton.handling_unit_id)
    wanted = catalogue.service_by_code(service)
    return added.ask_about(actor, booking.warehouse_id, booking.owner_id, wanted, quantity, about, note)
