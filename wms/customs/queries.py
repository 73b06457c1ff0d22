"""Reads of customs."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select, text

from wms.customs.models import BookReceipt, Outcome, Release, ReleaseLine
from wms.inventory.models import BookItem
from wms.platform.database import session

_UNBOOKED = text(
    "SELECT i.id, i.item_number, i.unbooked, i.booked, i.booked_at, (SELECT string_agg(DISTINCT s.code || ' ' || p.sku,"
    "  ', ' ORDER BY s.code || ' ' || p.sku) FROM balance b JOIN product p ON p.id = b.product_id"
    "  JOIN seller s ON s.id = b.owner_id WHERE b.book_item_id = i.id AND b.is_there) AS goods"
    " FROM book_item i WHERE i.warehouse_id = :warehouse AND i.unbooked > 0 ORDER BY i.item_number LIMIT :limit"
)


def unbooked_items(warehouse_id: uuid.UUID, limit: int = 200) -> Sequence[Row[Any]]:
    """Items of a book with goods that customs has not booked yet: id, item_number, unbooked, booked, goods."""
    return session().execute(_UNBOOKED, {"warehouse": warehouse_id, "limit": limit}).all()


def recent_receipts(warehouse_id: uuid.UUID, limit: int = 20) -> Sequence[tuple[BookReceipt, str]]:
    """The newest bookings with their item numbers."""
    statement = (
        select(BookReceipt, BookItem.item_number)
        .join(BookItem, BookItem.id == BookReceipt.book_item_id)
        .where(BookReceipt.warehouse_id == warehouse_id)
        .order_by(BookReceipt.created_at.desc(), BookReceipt.id.desc())
    )
    return [(receipt, number) for receipt, number in session().execute(statement.limit(limit))]


def release_of(subject_kind: str, subject_id: uuid.UUID) -> Release | None:
    """The release of a subject; None while customs has not let it go."""
    return session().scalar(
        select(Release).where(
            Release.subject_kind == subject_kind,
            Release.subject_id == subject_id,
            Release.outcome == Outcome.RELEASED.value,
        )
    )


def last_refusal_of(subject_kind: str, subject_id: uuid.UUID) -> Release | None:
    return session().scalar(
        select(Release)
        .where(
            Release.subject_kind == subject_kind,
            Release.subject_id == subject_id,
            Release.outcome == Outcome.REFUSED.value,
        )
        .order_by(Release.created_at.desc(), Release.id.desc())
        .limit(1)
    )


def lines_of(release_id: uuid.UUID) -> Sequence[ReleaseLine]:
    return session().scalars(select(ReleaseLine).where(ReleaseLine.release_id == release_id)).all()


def permit_for(
    subject_kind: str, subject_id: uuid.UUID, product_id: uuid.UUID, book_item_id: uuid.UUID | None
) -> uuid.UUID | None:
    """The permit that lets these goods of a subject leave the zone; None without a release that names them."""
    if book_item_id is None:
        return None
    return permits_of(subject_kind, subject_id).get((product_id, book_item_id))


def permits_of(subject_kind: str, subject_id: uuid.UUID) -> dict[tuple[uuid.UUID, uuid.UUID], uuid.UUID]:
    """All permits of a subject's release, by (product, book item)."""
    rows = session().execute(
        select(ReleaseLine.product_id, ReleaseLine.book_item_id, ReleaseLine.permit_id)
        .join(Release, Release.id == ReleaseLine.release_id)
        .where(
            Release.subject_kind == subject_kind,
            Release.subject_id == subject_id,
            Release.outcome == Outcome.RELEASED.value,
        )
    )
    return {(row.product_id, row.book_item_id): row.permit_id for row in rows}
