"""A pallet at the dock (按托收货): every carton on it that nobody has begun is received as announced, in one transaction."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.inbound.service import tallying
from wms.inbound.service.arrivals import arrive_booking
from wms.inbound.service.closing import close_in
from wms.inbound.service.loading import work_on_carton
from wms.inbound.service.whole import count_remains
from wms.inbound.workflow import CARTON, CartonState
from wms.inventory.summaries import together
from wms.platform.statements import Statement

# The carton in hand, whatever was counted of it, and those on its pallet that nobody has begun.
_ON_IT = Statement(
    f"SELECT c.id, c.state, c.pallet, {tallying.IS_BLIND} AS is_blind, (SELECT coalesce(sum(greatest(0,"
    "  l.declared - l.received_good - l.received_damaged)), 0)::int FROM carton_line l WHERE l.carton_id = c.id) AS left"
    " FROM carton h JOIN carton c ON c.booking_id = h.booking_id AND (c.id = h.id OR (c.pallet = h.pallet"
    "  AND c.state IN ('declared', 'arrived'))) WHERE h.id = :carton ORDER BY c.number"
)


@dataclass(frozen=True)
class PalletReceived:
    """How many cartons and units were received, and how many differences the carton in hand had."""

    pallet: int
    cartons: int
    units: int
    differences: int


def receive_pallet(actor: Actor, carton_id: uuid.UUID) -> PalletReceived:
    """The carton in hand and all on its pallet are here, hold what is announced and are closed: all or nothing. One whose
    count somebody has begun is left to them.

    Refuses `not_on_a_pallet`, `count_is_blind`, `not_allowed_now` (the carton in hand is closed), and what
    `count_as_declared` refuses.
    """
    booking = work_on_carton(actor, carton_id, action="count")
    rows = _ON_IT.all({"carton": carton_id})
    (held,) = [row for row in rows if row.id == carton_id]
    CARTON.apply("close", held.state)
    if held.pallet is None:
        raise Refused("not_on_a_pallet", {})
    if any(row.is_blind for row in rows):
        raise Refused("count_is_blind", {})
    if any(row.state == CartonState.DECLARED for row in rows):
        arrive_booking(actor, booking.id, pallet=held.pallet)
    differences = 0
    with together():
        for row in rows:
            if row.left:
                count_remains(actor, booking, row.id)
        for row in rows:
            differences += len(close_in(actor, booking, row.id).differences)
    return PalletReceived(held.pallet, len(rows), sum(row.left for row in rows), differences)
