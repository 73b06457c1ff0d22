"""Carton labels: asked for by the seller who will stick them on, or by the dock for a carton that came without."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select

from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import invalid, not_found
from wms.inbound.models import Booking, Carton
from wms.inbound.queries import load_booking
from wms.inbound.service.loading import refused_now
from wms.inbound.workflow import BookingState
from wms.platform.database import session
from wms.platform.locks import Rank, lock_one
from wms.printing import service as printing
from wms.printing.service import DocumentDraft
from wms.printing.sets import LabelSet, open_set


def request_carton_labels(actor: Actor, booking_id: uuid.UUID, numbers: Sequence[int] | None = None) -> list[uuid.UUID]:
    """Labels of a booking's cartons (all, or these numbers), in their order; returns the bundles that hold them.

    A carton has one valid label: asked for again, it is found where it is. Refused for a cancelled booking.
    """
    if not actor.may(Permission.LABELS_READ):
        raise not_found("booking")
    load_booking(actor, booking_id)
    booking = lock_one(Rank.DOCUMENT, Booking, booking_id)  # its cartons stay as they are while labels are asked for
    if booking is None:
        raise not_found("booking")
    if booking.state == BookingState.CANCELLED:
        raise refused_now("label", booking.state)
    rows = session().execute(
        select(Carton.id, Carton.number, Carton.barcode).where(Carton.booking_id == booking_id).order_by(Carton.number)
    )
    cartons = {row.number: row for row in rows}
    for index, number in enumerate(numbers or ()):
        if number not in cartons:
            raise invalid(f"/cartons/{index}", "too_large", max=len(cartons))
    drafts = [
        DocumentDraft("carton", "carton", cartons[number].id, booking.owner_id, cartons[number].barcode,
                      ("booking", booking_id))
        for number in (numbers or cartons)
    ]  # fmt: skip
    return printing.request_documents(actor, booking.warehouse_id, drafts)


def request_carton_label_set(actor: Actor, booking_id: uuid.UUID, numbers: Sequence[int] | None = None) -> LabelSet:
    """The same, with a set that tells how far all of them are."""
    bundles = request_carton_labels(actor, booking_id, numbers)
    booking = load_booking(actor, booking_id)
    return open_set(actor, booking.owner_id, booking.number, bundles)
