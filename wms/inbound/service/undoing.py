"""Undoing the last count of a carton, by the mirror image of its posting."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update

from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.customs import settling
from wms.inbound.models import Carton, Receipt
from wms.inbound.service import differing, tallying
from wms.inbound.service.counted import Counted, LineNow
from wms.inbound.service.loading import BookingAtWork, work_on_carton
from wms.inbound.workflow import CARTON
from wms.inventory import ledger
from wms.inventory.models import Move
from wms.platform.database import session
from wms.platform.statements import Statement

_TAKE = Statement(
    "UPDATE carton_line l SET received_good = l.received_good - r.good,"
    " received_damaged = l.received_damaged - r.damaged, unaccounted = l.unaccounted - r.surplus,"
    " unlabelled = l.unlabelled - r.unlabelled, mixed = l.mixed - r.mixed"
    " FROM (SELECT carton_line_id, coalesce(sum(quantity) FILTER (WHERE condition = 'good'), 0) AS good,"
    "  coalesce(sum(quantity) FILTER (WHERE condition <> 'good'), 0) AS damaged,"
    "  coalesce(sum(quantity) FILTER (WHERE is_surplus), 0) AS surplus,"
    "  coalesce(sum(quantity) FILTER (WHERE finding = 'unlabelled'), 0) AS unlabelled,"
    "  coalesce(sum(quantity) FILTER (WHERE finding = 'mixed'), 0) AS mixed FROM receipt WHERE act_id = :act"
    "  GROUP BY carton_line_id) r JOIN product p ON true WHERE l.id = r.carton_line_id AND p.id = l.product_id"
    " RETURNING l.id, l.product_id, p.sku, l.declared, l.received_good, l.received_damaged, l.unaccounted"
)


def uncount(actor: Actor, carton_id: uuid.UUID, act_id: uuid.UUID | None = None) -> Counted:
    """Take back the last count of a carton that is still open; with `act_id`, only if that is the last one.

    Refuses `nothing_to_undo`, `not_allowed_now`, `surplus_declared` (customs was told of it), and what the ledger refuses:
    goods that customs has booked stay in the zone (`customs_permit_needed`).
    """
    booking = work_on_carton(actor, carton_id, action="uncount")
    state = session().execute(select(Carton.state).where(Carton.id == carton_id)).scalar_one()
    CARTON.apply("uncount", state)
    if tallying.is_blind(carton_id):
        return _untally(booking, carton_id, act_id, state)
    last = _last(carton_id)
    if not last or act_id not in {None, last[0].act_id}:
        raise Refused("nothing_to_undo", {})
    posted = ledger.reverse(actor, booking.warehouse_id, last[0].posting_id)
    act, lines = last[0].act_id, write_back(actor, booking, carton_id, last[0].act_id, posted.posting_id)
    return Counted(act, booking.id, booking.state, booking.version, carton_id, state, lines)


def write_back(
    actor: Actor, booking: BookingAtWork, carton_id: uuid.UUID, act: uuid.UUID, posting_id: uuid.UUID
) -> tuple[LineNow, ...]:
    """An act whose posting was reversed by this one is taken out of its lines; those that it was of. Refuses
    `surplus_declared`.
    """
    settling.refuse_declared(_surplus_of(posting_id))
    session().execute(update(Receipt).where(Receipt.act_id == act).values(undone_by=posting_id))
    rows = _TAKE.all({"act": act})
    touched = {row.id for row in rows}
    lines = [line for line in differing.lines_of(carton_id, closed=False) if line.id in touched]
    differing.rewrite(actor, booking.id, carton_id, lines, closed=False)
    return tuple(LineNow(row.product_id, row.sku, row.declared, row.received_good, row.received_damaged, row.unaccounted)
                 for row in rows)  # fmt: skip


def _untally(booking: BookingAtWork, carton_id: uuid.UUID, act_id: uuid.UUID | None, state: str) -> Counted:
    act, products = tallying.take_back(carton_id, act_id)
    left = tallying.sums(carton_id)
    lines = tuple(
        LineNow(key, left[key].sku, None, left[key].good, left[key].damaged, 0) for key in products & left.keys()
    )
    return Counted(act, booking.id, booking.state, booking.version, carton_id, state, lines)


def _surplus_of(posting_id: uuid.UUID) -> Sequence[int]:
    """The unaccounted rows that this posting took a surplus back from."""
    rows = select(Move.from_balance_id).where(Move.posting_id == posting_id, Move.to_party == "adjustment").distinct()
    return [row_id for row_id in session().scalars(rows) if row_id is not None]


def _last(carton_id: uuid.UUID) -> Sequence[Any]:
    open_ones = select(Receipt.act_id, Receipt.posting_id).where(
        Receipt.carton_id == carton_id, Receipt.undone_by.is_(None)
    )
    return session().execute(open_ones.order_by(Receipt.id.desc()).limit(1)).all()
