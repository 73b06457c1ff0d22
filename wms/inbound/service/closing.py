"""Closing a carton's count, opening it again, and finishing a carton that is empty."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import update

from wms.core import clock
from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.facility.service import set_unit_state
from wms.inbound.models import Carton
from wms.inbound.service import counting, differing, inspecting, tallying
from wms.inbound.service.loading import BookingAtWork, work_on_carton
from wms.inbound.service.progress import settle
from wms.inbound.workflow import CARTON, CartonState
from wms.inventory.summaries import together
from wms.platform.database import session
from wms.platform.statements import Statement


@dataclass(frozen=True)
class Closed:
    """`differences`: (product, kind, quantity) of the carton. `left`: units in it that wait to be put away. `again`: it was
    counted blind and is not what was announced; it stays open and is counted once more, from nothing.
    """

    booking_id: uuid.UUID
    booking_state: str
    version: int
    carton_id: uuid.UUID
    carton_state: str
    differences: tuple[tuple[uuid.UUID, str, int], ...]
    left: int
    again: bool = False


_CARTON = Statement(
    f"SELECT c.state, c.recount_at, {tallying.IS_BLIND} AS is_blind,"
    " c.handling_unit_id, coalesce((SELECT sum(b.on_hand) FROM balance b"
    " WHERE b.handling_unit_id = c.handling_unit_id), 0) AS units,"
    " (SELECT true FROM sampling_plan s WHERE s.warehouse_id = c.warehouse_id AND s.is_active LIMIT 1) AS sampled,"
    " (SELECT true FROM inspection i WHERE i.carton_id = c.id AND i.state = 'open' LIMIT 1) AS inspected"
    " FROM carton c WHERE c.id = :carton"
)


_CLOSE = Statement("UPDATE carton SET state = :state, counted_at = :now, stowed_at = :stowed_at WHERE id = :carton")


def close_carton(actor: Actor, carton_id: uuid.UUID) -> Closed:
    """The count is done: what is still missing is short. A carton with nothing in it is finished at once; one that a
    sampling plan draws is held until somebody has looked into it.

    Counted blind, it is compared with the announcement here. The first time that it is not the same, nothing is posted
    and nobody told what differs: it is counted once more (`Closed.again`), and what that count says is so.
    """
    booking = work_on_carton(actor, carton_id, action="close")
    with together():
        return close_in(actor, booking, carton_id)


def close_in(actor: Actor, booking: BookingAtWork, carton_id: uuid.UUID) -> Closed:
    """The same under the booking's lock, and among others that change stock: `together`."""
    carton = _CARTON.first({"carton": carton_id})
    state = CARTON.apply("close", carton.state)
    if carton.is_blind:
        if carton.recount_at is None and tallying.differs(carton_id):
            return _count_again(booking, carton_id, carton.state)
        _post_tally(actor, booking, carton_id)
        carton = _CARTON.first({"carton": carton_id})
    found = differing.close(actor, booking, carton_id)
    now = clock.now()
    if carton.units == 0:
        state = CARTON.apply("finish", state.value)
        set_unit_state(carton.handling_unit_id, "gone")
    stowed_at = now if state is CartonState.STOWED else None
    _CLOSE.run({"carton": carton_id, "state": state.value, "now": now, "stowed_at": stowed_at})
    booking_state = settle(booking.id)
    if carton.units and carton.sampled:
        inspecting.draw(actor, booking, carton_id, carton.handling_unit_id)
    differences = tuple((each.product_id, each.kind, each.quantity) for each in found)
    return Closed(
        booking.id, booking_state.value, booking.version, carton_id, state.value, differences, int(carton.units)
    )


def _count_again(booking: BookingAtWork, carton_id: uuid.UUID, before: str) -> Closed:
    state = CARTON.apply("recount", before).value
    tallying.ask_again(carton_id, state)
    return Closed(booking.id, settle(booking.id).value, booking.version, carton_id, state, (), 0, again=True)


def _post_tally(actor: Actor, booking: BookingAtWork, carton_id: uuid.UUID) -> None:
    """What the blind count said becomes stock, as one act."""
    drafts = tallying.drafts_of(carton_id)
    if drafts:
        counting.count_in(actor, booking, carton_id, drafts, tallied=True)
    tallying.keep_first_count(carton_id)


_GONE = Statement(
    "SELECT coalesce((SELECT true FROM difference WHERE booking_id = :booking AND carton_id = :carton"
    " AND posting_id IS NOT NULL LIMIT 1), false)"
)


def reopen_carton(actor: Actor, carton_id: uuid.UUID) -> Closed:
    """The count was closed too early: it goes on, and shortages are taken back. What the seller decided about this
    carton is decided anew when it is closed again. It is counted guided from here on, blind or not before.

    Refuses `carton_partly_settled`: goods of it were sent back, destroyed or converted, so that what is in it is no
    longer all.
    """
    booking = work_on_carton(actor, carton_id, action="reopen")
    carton = _CARTON.first({"carton": carton_id})
    state = CARTON.apply("reopen", carton.state)
    if _GONE.scalar({"booking": booking.id, "carton": carton_id}):
        raise Refused("carton_partly_settled", {})
    differing.rewrite(actor, booking.id, carton_id, differing.lines_of(carton_id, closed=False), closed=False)
    session().execute(
        update(Carton).where(Carton.id == carton_id).values(state=state.value, counted_at=None, counting="guided")
    )
    booking_state = settle(booking.id)
    if carton.inspected:
        inspecting.drop(actor, booking, carton_id)
    return Closed(booking.id, booking_state.value, booking.version, carton_id, state.value, (), int(carton.units))


def finish_carton(actor: Actor, carton_id: uuid.UUID) -> Closed:
    """A counted carton that was emptied otherwise (its goods were lost or moved at the dock) is done."""
    booking = work_on_carton(actor, carton_id, action="finish")
    carton = _CARTON.first({"carton": carton_id})
    state = CARTON.apply("finish", carton.state)
    if carton.units:
        raise Refused("carton_not_empty", {"left": int(carton.units)})
    set_unit_state(carton.handling_unit_id, "gone")
    values = {"state": state.value, "stowed_at": clock.now()}
    session().execute(update(Carton).where(Carton.id == carton_id).values(**values))
    booking_state = settle(booking.id)
    return Closed(booking.id, booking_state.value, booking.version, carton_id, CartonState.STOWED.value, (), 0)
