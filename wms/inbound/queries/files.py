"""Photos and papers of bookings, within the actor's scope."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import select

from wms.catalog.models import Product
from wms.core.actor import Actor
from wms.core.refusals import not_found
from wms.inbound.models import Carton, InboundFile
from wms.inbound.queries.bookings import load_booking
from wms.platform.database import session
from wms.platform.files import StoredFile, read_named


def files_of_booking(actor: Actor, booking_id: uuid.UUID) -> list[dict[str, Any]]:
    """The newest first; at most `rules.MAX_FILES`, so in one piece."""
    load_booking(actor, booking_id)
    statement = (
        select(
            InboundFile.id, InboundFile.kind, InboundFile.name, InboundFile.note, InboundFile.added_at,
            Carton.number.label("carton"), Product.sku, StoredFile.size_bytes, StoredFile.media_type,
        )
        .join(StoredFile, StoredFile.id == InboundFile.file_id)
        .outerjoin(Carton, Carton.id == InboundFile.carton_id)
        .outerjoin(Product, Product.id == InboundFile.product_id)
        .where(InboundFile.booking_id == booking_id).order_by(InboundFile.id.desc())
    )  # fmt: skip
    return [dict(row._mapping) for row in session().execute(statement)]


def file_content(actor: Actor, booking_id: uuid.UUID, file_id: uuid.UUID) -> tuple[bytes, str, str]:
    """(bytes, media type, name); 404 outside the actor's scope. Raises StoreAway."""
    load_booking(actor, booking_id)
    row = session().get(InboundFile, file_id)
    if row is None or row.booking_id != booking_id:
        raise not_found("file")
    return read_named(row.file_id, row.name, "file")
