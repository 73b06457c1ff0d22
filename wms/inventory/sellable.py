"""Keeping the *sellable* property of rows true when something other than a posting changes it: holds, days, booking."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select, text

from wms.core import clock
from wms.inventory import permits, waiting
from wms.inventory.allocations import break_all, break_unsold
from wms.inventory.balances import lock_all, lock_rows
from wms.inventory.models import BookItem
from wms.inventory.rotation import KEEPS
from wms.inventory.rules import figure_of, is_sellable
from wms.inventory.summaries import Change, SummaryKey, change_summaries
from wms.platform.database import session

_FACTS = text(
    "SELECT b.id, b.warehouse_id, b.owner_id, b.product_id, b.customs_status, b.book_item_id, b.on_hand,"
    f" b.is_sellable, b.condition, b.held_by, l.kind, w.time_zone, lot.expires_on, {KEEPS} AS keeps_days,"
    " bi.booked_at IS NOT NULL AS booked"
    " FROM balance b JOIN location l ON l.id = b.location_id JOIN warehouse w ON w.id = b.warehouse_id"
    " JOIN product p ON p.id = b.product_id JOIN seller e ON e.id = b.owner_id LEFT JOIN lot ON lot.id = b.lot_id"
    " LEFT JOIN book_item bi ON bi.id = b.book_item_id WHERE b.id = ANY(CAST(:ids AS bigint[]))"
)
_SET = text("UPDATE balance SET is_sellable = NOT is_sellable WHERE id = ANY(CAST(:ids AS bigint[]))")


def refresh(balance_ids: Sequence[int], *, booked: bool = False) -> None:
    """Recompute the property of these rows and move their quantity in or out of the summaries.

    Rows that stop selling lose the claims on them; rows that begin to, those of who wanted what does not sell.
    `booked`: their book item is being booked for the first time.
    """
    ids = sorted(set(balance_ids))
    if not ids:
        return
    lock_rows(ids)
    gained: list[int] = []
    lost: list[int] = []
    figures: dict[SummaryKey, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in session().execute(_FACTS, {"ids": ids}):
        wanted = is_sellable(
            condition=row.condition, held=row.held_by > 0, location_kind=row.kind, customs_status=row.customs_status,
            expires_on=row.expires_on, keeps_days=row.keeps_days, today=clock.today(row.time_zone),
            book_item_booked=booked or row.booked,
        )  # fmt: skip
        if wanted != row.is_sellable:
            (gained if wanted else lost).append(row.id)
            key = SummaryKey(row.warehouse_id, row.owner_id, row.product_id, row.customs_status, row.book_item_id)
            figures[key][figure_of(row.is_sellable, row.kind)] -= row.on_hand
            figures[key][figure_of(wanted, row.kind)] += row.on_hand
    if lost:
        break_all(lost)
    if gained:
        break_unsold(gained)
    if gained or lost:
        session().execute(_SET, {"ids": gained + lost})
    change_summaries({key: Change(**own) for key, own in figures.items()})


def book(book_item_id: uuid.UUID, quantity: int) -> None:
    """Customs booked this many of the units that waited; from an item's first booking on its stock may be sold.

    Refuses `not_booked_enough` when fewer wait. Rows first, then the book: the order of locks.
    """
    query = select(BookItem.warehouse_id, BookItem.booked_at).where(BookItem.id == book_item_id)
    item = session().execute(query).one_or_none()
    if item is not None and item.booked_at is None:
        rows = text("SELECT id FROM balance WHERE book_item_id = :item")
        values = {"item": book_item_id}
        refresh(lock_all(item.warehouse_id, lambda: session().execute(rows, values).scalars().all()), booked=True)
    permits.mark_booked(book_item_id, quantity)
    waiting.announce_booked(book_item_id)


# Both ways: the days that goods have to keep may be set shorter, too.
_STALE = text(
    "SELECT b.id FROM balance b JOIN lot ON lot.id = b.lot_id JOIN product p ON p.id = b.product_id"
    " JOIN warehouse w ON w.id = b.warehouse_id JOIN location l ON l.id = b.location_id"
    " JOIN seller e ON e.id = b.owner_id LEFT JOIN book_item bi ON bi.id = b.book_item_id"
    " WHERE lot.expires_on IS NOT NULL AND b.is_sellable <> ("
    " b.condition = 'good' AND b.held_by = 0 AND l.kind IN ('storage', 'bulk', 'pick_face', 'cross_dock')"
    " AND b.customs_status IN ('none', 'bonded') AND (b.customs_status <> 'bonded' OR bi.booked_at IS NOT NULL)"
    f" AND lot.expires_on - {KEEPS} >= (CAST(:now AS timestamptz) AT TIME ZONE w.time_zone)::date)"
)


def expire() -> int:
    """The day job: rows past their last sale day stop selling, by their warehouse's calendar. Returns how many changed.

    Claims on them break; nothing is refused. Safe to run at any time and any number of times.
    """
    ids = list(session().execute(_STALE, {"now": clock.now()}).scalars())
    refresh(ids)
    return len(ids)
