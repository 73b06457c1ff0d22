"""What waits on the floor of a warehouse, and the words and codes of goods that screens show."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from wms.catalog.models import Product
from wms.catalog.queries import barcodes_of, picture_address
from wms.core import clock
from wms.core.actor import Actor
from wms.floor.models import FloorTask
from wms.platform.database import session
from wms.platform.statements import Statement

# One statement of indexed counts: the task home is opened often.
_WAITING = Statement(
    "SELECT"
    " (SELECT count(*) FROM carton c JOIN booking b ON b.id = c.booking_id WHERE c.warehouse_id = :warehouse"
    "   AND c.state IN ('declared', 'arrived', 'counting') AND b.state NOT IN ('draft', 'cancelled', 'completed'))"
    "   AS receive,"
    " (SELECT count(*) FROM carton c JOIN booking b ON b.id = c.booking_id WHERE c.warehouse_id = :warehouse"
    "   AND c.state IN ('counted', 'stowing') AND b.state <> 'completed') AS putaway,"
    " (SELECT count(*) FROM pick_batch WHERE warehouse_id = :warehouse AND state IN ('open', 'picking')) AS pick,"
    " (SELECT count(*) FROM outbound_order WHERE warehouse_id = :warehouse AND state = 'promised') AS orders,"
    " (SELECT count(*) FROM outbound_order WHERE warehouse_id = :warehouse AND state = 'picked') AS pack,"
    " (SELECT count(*) FROM handling_unit u JOIN outbound_order o ON o.tote_id = u.id AND o.state = 'picked'"
    "   WHERE u.warehouse_id = :warehouse AND u.subject_kind = 'lane') AS lane,"
    " (SELECT count(*) FROM outbound_order WHERE warehouse_id = :warehouse AND state = 'packed') AS handover,"
    " (SELECT count(*) FROM outbound_order WHERE warehouse_id = :warehouse AND state = 'packed' AND kind = 'pick_up')"
    "   AS pickup,"
    " (SELECT count(*) FROM bag WHERE warehouse_id = :warehouse AND state IN ('open', 'closed')) AS bag,"
    " (SELECT count(*) FROM handling_unit WHERE warehouse_id = :warehouse AND subject_kind = 'put_back')"
    "   + (SELECT count(*) FROM handling_unit WHERE warehouse_id = :warehouse AND subject_kind = 'damage') AS putback,"
    " (SELECT count(*) FROM handling_unit WHERE warehouse_id = :warehouse AND subject_kind = 'batch') AS sort,"
    " (SELECT count(*) FROM return_order WHERE warehouse_id = :warehouse AND state IN ('announced', 'receiving'))"
    "   AS returns,"
    " (SELECT count(*) FROM count_task WHERE warehouse_id = :warehouse AND state IN ('open', 'counting')) AS counts,"
    " (SELECT count(*) FROM service_request r LEFT JOIN order_line l ON r.subject_kind = 'order_line' AND l.id = r.subject_id"
    "   LEFT JOIN outbound_order o ON o.id = l.order_id WHERE r.warehouse_id = :warehouse AND r.state IN ('accepted', 'working')"
    "   AND (r.state = 'working' OR o.id IS NULL OR o.state = 'picked')) AS service,"
    " (SELECT count(*) FROM move_task WHERE warehouse_id = :warehouse AND state IN ('open', 'moving')) AS move,"
    " (SELECT count(*) FROM replenish_task WHERE warehouse_id = :warehouse AND state IN ('open', 'walking')) AS replenish"
)


def waiting(warehouse_id: uuid.UUID) -> dict[str, int]:
    """How much of each kind of work waits; `orders` are those that no wave has taken yet."""
    row = _WAITING.first({"warehouse": warehouse_id})
    counts = {name: int(number) for name, number in row._asdict().items()}
    counts["pack"] -= counts["lane"]  # they are packed there
    counts["handover"] -= counts["pickup"]  # they go over the counter
    counts["return"], counts["count"] = counts.pop("returns"), counts.pop("counts")
    return counts


def open_tasks(actor: Actor, warehouse_id: uuid.UUID) -> dict[str, FloorTask]:
    """What the person is in the middle of, by kind; the one touched last comes first."""
    rows = session().scalars(
        select(FloorTask)
        .where(FloorTask.user_id == actor.id, FloorTask.warehouse_id == warehouse_id, FloorTask.closed_at.is_(None))
        .order_by(FloorTask.updated_at.desc(), FloorTask.id)
        .execution_options(populate_existing=True)
    )
    return {task.kind: task for task in rows}


LATELY = timedelta(minutes=10)
_LAST = Statement(
    "SELECT coalesce(data->>'here', data->>'location_id') FROM floor_task WHERE user_id = :user AND closed_at IS NULL"
    " AND warehouse_id = :warehouse AND updated_at > :since AND coalesce(data->>'here', data->>'location_id') IS NOT NULL"
    " ORDER BY updated_at DESC LIMIT 1"
)


def last_place(actor: Actor, warehouse_id: uuid.UUID) -> uuid.UUID | None:
    """The bin this person scanned last, whatever the work was; None when that was long ago."""
    found = _LAST.scalar({"user": actor.id, "warehouse": warehouse_id, "since": clock.now() - LATELY})
    return None if found is None else uuid.UUID(found)


def named(row: Any) -> dict[str, Any]:
    """A product of a row that has these columns, as every screen shows it; `picture` by `catalog.queries.PICTURE`."""
    return {"sku": row.sku, "name_en": row.name_en, "name_zh": row.name_zh, "picture": row.picture}


def goods(product_id: uuid.UUID | str | None) -> dict[str, Any]:
    """A product as a screen shows it, with the code that is printed on one unit; nothing without an id."""
    product = None if product_id is None else session().get(Product, uuid.UUID(str(product_id)))
    if product is None:
        return {"sku": None, "name_en": None, "name_zh": None, "picture": None, "barcode": None}
    codes = [each.barcode for each in barcodes_of([product.id]).get(product.id, []) if each.quantity == 1]
    return {
        "sku": product.sku, "name_en": product.name_en, "name_zh": product.name_zh,
        "picture": picture_address(product), "barcode": codes[0] if codes else None,
    }  # fmt: skip
