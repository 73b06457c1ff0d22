"""What follows from a change of a carton: the booking's computed state, its times and its facts."""

from __future__ import annotations

import uuid

from wms.core import clock
from wms.inbound import rules
from wms.inbound.events import BookingClosed, BookingCompleted, BookingReceived, TransferReceived
from wms.inbound.workflow import BookingState, CartonState
from wms.platform.events import record
from wms.platform.statements import Statement

_STATES = ", ".join(f"'{state.value}'" for state in CartonState)
_READ = Statement(
    "SELECT b.owner_id, b.warehouse_id, b.own_state, b.state, b.received_at, b.completed_at, b.closed_at, b.transfer_order_id,"
    " (SELECT true FROM difference d WHERE d.booking_id = b.id AND d.state IN ('noted', 'open', 'decided')"
    "  LIMIT 1) AS waiting,"
    # One look for each state there is, not one at each carton: a booking has hundreds, and this is asked after each.
    f" ARRAY(SELECT s.state FROM unnest(ARRAY[{_STATES}]) s(state) WHERE (SELECT true FROM carton c"
    "  WHERE c.booking_id = b.id AND c.state = s.state LIMIT 1)) AS cartons FROM booking b WHERE b.id = :booking"
)
_WRITE = Statement(
    "UPDATE booking SET state = :state,"
    " received_at = CASE WHEN :received THEN coalesce(received_at, :now) END,"
    " completed_at = CASE WHEN :completed THEN coalesce(completed_at, :now) END,"
    " closed_at = CASE WHEN :closed THEN coalesce(closed_at, :now) END WHERE id = :booking"
)
_RECEIVED = frozenset({BookingState.RECEIVED, BookingState.PUTAWAY, BookingState.COMPLETED})


def settle(booking_id: uuid.UUID) -> BookingState:
    """Compute the state of a locked booking anew and announce what it has newly reached. It is closed when it is
    complete and no difference waits: for the seller's word, or for the warehouse to do it.
    """
    row = _READ.first({"booking": booking_id})
    state = rules.booking_state(row.own_state, row.cartons)
    received, completed = state in _RECEIVED, state is BookingState.COMPLETED
    closed = completed and not row.waiting
    if state == row.state and closed == (row.closed_at is not None):
        return state
    values = {"state": state.value, "received": received, "completed": completed, "closed": closed}
    _WRITE.run({"booking": booking_id, "now": clock.now(), **values})
    subject = {"subject_id": booking_id, "warehouse_id": row.warehouse_id, "owner_id": row.owner_id}
    if received and row.received_at is None:
        record(BookingReceived(**subject))
    if completed and row.completed_at is None:
        record(BookingCompleted(**subject))
    if closed and row.closed_at is None:
        record(BookingClosed(**subject))
        if row.transfer_order_id is not None:
            record(TransferReceived(**subject))
    return state
