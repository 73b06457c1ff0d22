"""Reads of customs."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text

from wms.customs.models import BookReceipt, Outcome, Release, ReleaseLine
from wms.inventory import unaccounted
from wms.inventory.models import BookItem
from wms.inventory.queries import Scope
from wms.inventory.unaccounted import TOLD_APART
from wms.platform.database import session

_UNBOOKED = text(
    "SELECT k.id, k.item_number, k.unbooked - x.over AS unbooked, k.booked, k.booked_at, (SELECT string_agg(DISTINCT s.code"
    "  || ' ' || p.sku, ', ' ORDER BY s.code || ' ' || p.sku) FROM balance b JOIN product p ON p.id = b.product_id"
    "  JOIN seller s ON s.id = b.owner_id WHERE b.book_item_id = k.id AND b.is_there) AS goods"
    " FROM book_item k CROSS JOIN LATERAL (SELECT coalesce(sum(i.over - o.over), 0) AS over FROM location l JOIN balance b"
    f"  ON b.location_id = l.id AND b.book_item_id = k.id AND b.is_there{TOLD_APART}"
    "  WHERE l.warehouse_id = k.warehouse_id AND l.kind = 'unaccounted') x"
    " WHERE k.warehouse_id = :warehouse AND k.unbooked > x.over ORDER BY k.item_number LIMIT :limit"
)


def unbooked_items(warehouse_id: uuid.UUID, limit: int = 200) -> Sequence[Row[Any]]:
    """Items of a book with goods that customs has not booked yet: id, item_number, unbooked, booked, goods. Without units
    that are over: they have a declaration of their own.
    """
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


_SETTLEMENTS = text(
    "SELECT x.id, x.number, x.warehouse_id, x.balance_id, x.kind, x.quantity, x.serials, x.note, x.state, x.declared_at,"
    " x.answered_at, x.settled_at, w.code AS warehouse, s.code AS seller, p.sku, p.name_en, p.name_zh, k.item_number,"
    " u.name AS declared_by, r.document, r.outcome, r.reason FROM customs_settlement x"
    " JOIN warehouse w ON w.id = x.warehouse_id JOIN seller s ON s.id = x.owner_id JOIN product p ON p.id = x.product_id"
    " JOIN book_item k ON k.id = x.book_item_id LEFT JOIN app_user u ON u.id = x.declared_by"
    " LEFT JOIN LATERAL (SELECT document, outcome, reason FROM customs_release WHERE subject_kind = 'settlement'"
    "  AND subject_id = x.id ORDER BY outcome = 'released' DESC, created_at DESC, id DESC LIMIT 1) r ON true"
    " WHERE (CAST(:warehouses AS uuid[]) IS NULL OR x.warehouse_id = ANY(CAST(:warehouses AS uuid[])))"
    " AND (CAST(:sellers AS uuid[]) IS NULL OR x.owner_id = ANY(CAST(:sellers AS uuid[])))"
    " AND (NOT :open OR x.state IN ('declared', 'accepted'))"
    " AND (CAST(:moment AS timestamptz) IS NULL OR (x.declared_at, x.id) < (:moment, CAST(:key AS uuid)))"
    " ORDER BY x.declared_at DESC, x.id DESC LIMIT :limit"
)


def settlements(
    scope: Scope,
    *,
    only_open: bool = False,
    after: tuple[datetime, uuid.UUID] | None = None,
    limit: int = 50,
) -> Sequence[Row[Any]]:
    """Declarations of what is unaccounted, the newest first, with customs' last word: `document`, `outcome`, `reason`."""
    values = {
        "open": only_open, "moment": after[0] if after else None, "key": after[1] if after else None, "limit": limit,
        **scope.parameters(),
    }  # fmt: skip
    return session().execute(_SETTLEMENTS, values).all()


_DECLARED = text(
    "SELECT balance_id, sum(quantity) FILTER (WHERE kind = 'duty')::int AS missing,"
    " sum(quantity) FILTER (WHERE kind <> 'duty')::int AS over FROM customs_settlement"
    " WHERE balance_id = ANY(CAST(:rows AS bigint[])) AND state IN ('declared', 'accepted') GROUP BY 1"
)


def declared_units(balance_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """(missing, over) units of unaccounted rows that are declared and not settled."""
    rows = session().execute(_DECLARED, {"rows": list(balance_ids)})
    return {row.balance_id: (row.missing or 0, row.over or 0) for row in rows}


def unaccounted_goods(scope: Scope) -> list[dict[str, Any]]:
    """Goods in bond that are missing or over (`inventory.unaccounted.rows_seen`), with what of them is declared."""
    rows = unaccounted.rows_seen(scope)
    declared = declared_units([row.id for row in rows])
    return [
        {**row._mapping, "declared_missing": missing, "declared_over": over}
        for row in rows
        for missing, over in [declared.get(row.id, (0, 0))]
    ]
