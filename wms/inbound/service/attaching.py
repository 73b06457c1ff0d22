"""Photos of the dock and papers of a booking. The bytes lie in the store already when these commands begin."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select

from wms.catalog.models import Product
from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, not_found
from wms.inbound import rules
from wms.inbound.models import Booking, Carton, InboundFile
from wms.inbound.queries import load_booking
from wms.inbound.rules import FileKind
from wms.platform import files
from wms.platform.database import session
from wms.platform.files import Kept
from wms.platform.locks import Rank, lock_one

_BY_STAFF = (Permission.FLOOR_WORK, Permission.BOOKINGS_WRITE)


def attach(
    actor: Actor, booking_id: uuid.UUID, kind: str, kept: Kept, name: str, *, carton_id: uuid.UUID | None = None,
    product_id: uuid.UUID | None = None, note: str = "",
) -> InboundFile:  # fmt: skip
    """A photo or paper more for a booking of the actor's, at most `rules.MAX_FILES` of each.

    Sellers add papers and photos of what they packed; the warehouse's people photos of what came, of a carton or of one
    product in it. Refuses `too_many_files`, and a carton that is not this booking's, or a product of others (404).
    """
    if kind not in set(FileKind):
        raise invalid("/kind", "invalid")
    booking = load_booking(actor, booking_id)
    wanted = _BY_STAFF if actor.is_staff else (Permission.BOOKINGS_WRITE,)
    if not any(actor.may(each) for each in wanted):
        raise not_found("booking")
    lock_one(Rank.DOCUMENT, Booking, booking_id)  # so that the bound holds
    if carton_id is not None:
        carton = session().get(Carton, carton_id)
        if carton is None or carton.booking_id != booking_id:
            raise not_found("carton")
    if product_id is not None:
        product = session().get(Product, product_id)
        if carton_id is None or product is None or product.owner_id != booking.owner_id:
            raise not_found("product")
    held = session().scalar(select(func.count()).where(InboundFile.booking_id == booking_id))
    if (held or 0) >= rules.MAX_FILES:
        raise Refused("too_many_files", {"most": rules.MAX_FILES})
    row = InboundFile(
        id=new_id(), owner_id=booking.owner_id, booking_id=booking_id, carton_id=carton_id, product_id=product_id,
        kind=kind, name=name, note=note, file_id=files.name_file(kept), added_by=actor.id, added_at=clock.now(),
    )  # fmt: skip
    session().add(row)
    session().flush()
    return row
