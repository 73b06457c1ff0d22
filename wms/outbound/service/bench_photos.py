"""Photos of what goes into a parcel, taken at the bench where a seller or a product asks for them; the seller sees them.

Whether one is asked is part of the plan of an order's boxes (`packing`), so it costs no question of its own.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused, not_found
from wms.outbound.models import ParcelPhoto
from wms.outbound.service import packing
from wms.outbound.service.orders import load_order, load_order_to_edit
from wms.outbound.workflow import OrderState
from wms.platform import files
from wms.platform.database import session
from wms.platform.files import Kept
from wms.platform.statements import Statement

MOST = 20  # of one order

_COUNT = Statement("SELECT count(*) FROM parcel_photo WHERE order_id = :order")
_OF_OPEN = Statement(
    "SELECT count(*) FROM parcel_photo f JOIN parcel p ON p.id = f.parcel_id WHERE f.order_id = :order AND p.state = 'open'"
)
_OF_ORDER = Statement(
    "SELECT f.id, f.taken_at, p.tracking_number FROM parcel_photo f JOIN parcel p ON p.id = f.parcel_id"
    " WHERE f.order_id = :order ORDER BY f.taken_at, f.id"
)


def add(actor: Actor, order_id: uuid.UUID, kept: Kept, name: str) -> ParcelPhoto:
    """A photo of the parcel that is open at the bench; its bytes lie in the store already.

    Refuses `photo_no_parcel` where none is being packed, and `too_many_photos`. 404 outside the actor's scope.
    """
    order = load_order_to_edit(actor, order_id)
    parcel = packing.bench(order.id).parcel if order.state == OrderState.PICKED.value else None
    if parcel is None or not actor.is_staff:
        raise Refused("photo_no_parcel", {})
    if _COUNT.scalar({"order": order.id}) >= MOST:
        raise Refused("too_many_photos", {"most": MOST})
    found = ParcelPhoto(
        id=new_id(), warehouse_id=order.warehouse_id, order_id=order.id, parcel_id=parcel.id,
        file_id=files.name_file(kept), name=name, taken_by=actor.id, taken_at=clock.now(),
    )  # fmt: skip
    session().add(found)
    session().flush()
    return found


def of_open_parcel(order_id: uuid.UUID) -> int:
    """How many there are of the parcel that is being packed."""
    return int(_OF_OPEN.scalar({"order": order_id}))


def of_order(order_id: uuid.UUID) -> Sequence[Any]:
    """The photos of an order the caller has loaded, the oldest first, with the parcel's number."""
    return _OF_ORDER.all({"order": order_id})


def content(actor: Actor, order_id: uuid.UUID, photo_id: uuid.UUID) -> tuple[bytes, str, str]:
    """(bytes, media type, name) of a photo; 404 outside the actor's scope. Raises StoreAway."""
    order = load_order(actor, order_id)
    found = session().get(ParcelPhoto, photo_id)
    if found is None or found.order_id != order.id:
        raise not_found("file")
    return files.read_named(found.file_id, found.name, "file")


def erase(order_ids: Sequence[uuid.UUID]) -> int:
    """Forget every photo of these orders' parcels: papers and labels may be on them. Returns how many."""
    photos = session().execute(
        delete(ParcelPhoto).where(ParcelPhoto.order_id.in_(order_ids)).returning(ParcelPhoto.file_id)
    ).scalars().all()  # fmt: skip
    files.forget_files(photos)
    return len(photos)
