"""A pallet at the dock (按托收货): every carton on it that nobody has begun is received as announced, in one transaction, and
taken back in one.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.inbound.service import differing, inspecting, tallying, undoing
from wms.inbound.service.arrivals import arrive_booking
from wms.inbound.service.closing import close_in
from wms.inbound.service.loading import work_on_carton
from wms.inbound.service.progress import settle
from wms.inbound.service.whole import count_remains
from wms.inbound.workflow import CARTON, CartonState
from wms.inventory import ledger
from wms.inventory.models import Posting
from wms.inventory.summaries import together
from wms.platform.locks import Rank, lock
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
    """How many cartons and units were received, and how many differences the carton in hand had. `acts`: the count of each
    carton by its id, None where everything had been counted before; what `undo_pallet` takes back.
    """

    pallet: int
    cartons: int
    units: int
    differences: int
    acts: dict[uuid.UUID, uuid.UUID | None]


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
    differences, acts = 0, dict[uuid.UUID, uuid.UUID | None]()
    with together():
        for row in rows:
            acts[row.id] = count_remains(actor, booking, row.id).counted.act_id if row.left else None
        for row in rows:
            differences += len(close_in(actor, booking, row.id).differences)
    return PalletReceived(held.pallet, len(rows), sum(row.left for row in rows), differences, acts)


# As they were left when the pallet was received, each with its last count.
_RECEIVED = Statement(
    "SELECT c.id, c.number, c.state, (SELECT true FROM inspection i WHERE i.carton_id = c.id AND i.state = 'open' LIMIT 1)"
    " AS inspected, (SELECT true FROM difference d WHERE d.booking_id = c.booking_id AND d.carton_id = c.id"
    "  AND d.decision IS NOT NULL LIMIT 1) AS decided, r.act_id, r.posting_id FROM carton c LEFT JOIN LATERAL"
    " (SELECT o.act_id, o.posting_id FROM receipt o WHERE o.carton_id = c.id AND o.undone_by IS NULL ORDER BY o.id DESC"
    "  LIMIT 1) r ON true WHERE c.id = ANY(CAST(:cartons AS uuid[])) ORDER BY c.number"
)
_OPEN_AGAIN = Statement(
    "UPDATE carton AS c SET state = CASE WHEN (SELECT true FROM receipt r WHERE r.carton_id = c.id AND r.undone_by IS NULL"
    "  LIMIT 1) THEN :reopen ELSE :unreceive END, counted_at = NULL WHERE c.id = ANY(CAST(:cartons AS uuid[]))"
)


def undo_pallet(actor: Actor, acts: Mapping[uuid.UUID, uuid.UUID | None]) -> int:
    """A pallet was received by mistake: its cartons are as they were before, by one reversal each, all or nothing. They stay
    at the dock. Returns how many.

    Refuses `pallet_gone_on`, naming the carton of which something was put away, counted anew or decided since, and what
    the mirror postings refuse: goods that moved, or that customs has booked (`customs_permit_needed`).
    """
    booking = work_on_carton(actor, min(acts), action="reopen")
    rows = _RECEIVED.all({"cartons": list(acts)})
    for row in rows:
        counted_since = acts[row.id] is not None and row.act_id != acts[row.id]
        if not CARTON.permitted("reopen", row.state) or row.decided or counted_since:
            raise Refused("pallet_gone_on", {"number": row.number})
    undone = [row for row in rows if acts[row.id] is not None]
    lock(Rank.DOCUMENT, Posting, [row.posting_id for row in undone])
    with together():
        inspected = [row.id for row in rows if row.inspected]
        if inspected:
            inspecting.drop(actor, booking, *inspected)
        for row in undone:
            posted = ledger.post(actor, ledger.mirror_of(booking.warehouse_id, row.posting_id))
            undoing.write_back(actor, booking, row.id, row.act_id, posted.posting_id)
        for row in rows:
            differing.rewrite(actor, booking.id, row.id, differing.lines_of(row.id, closed=False), closed=False)
    states = {action: CARTON.apply(action, CartonState.COUNTED).value for action in ("reopen", "unreceive")}
    _OPEN_AGAIN.run({"cartons": list(acts), **states})
    settle(booking.id)
    return len(rows)
