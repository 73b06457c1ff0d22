"""Loading and authorising in one call. The booking's row is locked first; it guards its cartons, lines and receipts."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wms.core import clock
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.inbound.models import Booking
from wms.inbound.workflow import BOOKING, WORKABLE, BookingState
from wms.platform.locks import Rank, claim, lock_one
from wms.platform.statements import Statement


def load_booking_to_edit(actor: Actor, booking_id: uuid.UUID) -> Booking:
    """A booking of the actor's, locked; 404 outside their sellers and warehouses."""
    booking = lock_one(Rank.DOCUMENT, Booking, booking_id)
    if booking is None or not may_write(actor, booking.owner_id, booking.warehouse_id):
        raise not_found("booking")
    return booking


def may_write(actor: Actor, owner_id: uuid.UUID, warehouse_id: uuid.UUID) -> bool:
    allowed = actor.may(Permission.BOOKINGS_WRITE)
    return allowed and actor.sees_seller(owner_id) and actor.sees_warehouse(warehouse_id)


@dataclass(frozen=True)
class BookingAtWork:
    """A booking under lock, whose version this command has moved on."""

    id: uuid.UUID
    number: str
    owner_id: uuid.UUID
    warehouse_id: uuid.UUID
    own_state: str
    state: str
    version: int
    transfer_order_id: uuid.UUID | None


_TOUCH = (
    "UPDATE booking SET version = version + 1, updated_at = :now WHERE id = {which}"
    " RETURNING id, number, owner_id, warehouse_id, own_state, state, version, transfer_order_id"
)
_TOUCH_BY_CARTON = Statement(_TOUCH.format(which="(SELECT booking_id FROM carton WHERE id = :key)"))
_TOUCH_BY_DIFFERENCE = Statement(_TOUCH.format(which="(SELECT booking_id FROM difference WHERE id = :key)"))
_TOUCH_BY_ID = Statement(_TOUCH.format(which=":key"))


def work_on_carton(
    actor: Actor, carton_id: uuid.UUID, permission: Permission = Permission.FLOOR_WORK, action: str = "receive"
) -> BookingAtWork:
    """The booking of a carton, for the warehouse's people: locked and its version moved on, in one statement."""
    return _work(actor, _TOUCH_BY_CARTON, carton_id, permission, action, "carton")


def work_on_booking(
    actor: Actor, booking_id: uuid.UUID, permission: Permission = Permission.FLOOR_WORK, action: str = "arrive"
) -> BookingAtWork:
    return _work(actor, _TOUCH_BY_ID, booking_id, permission, action, "booking")


def work_on_difference(actor: Actor, difference_id: uuid.UUID, permission: Permission) -> BookingAtWork:
    return _work(actor, _TOUCH_BY_DIFFERENCE, difference_id, permission, "settle", "difference")


def _work(
    actor: Actor, statement: Statement, key: uuid.UUID, permission: Permission, action: str, what: str
) -> BookingAtWork:
    if not (actor.is_staff and actor.may(permission)):
        raise not_found(what)
    claim(Rank.DOCUMENT)
    row = statement.first({"key": key, "now": clock.now()})
    if row is None or not actor.sees_warehouse(row.warehouse_id):
        raise not_found(what)
    if row.state not in WORKABLE:
        raise refused_now(action, row.state)
    return BookingAtWork(*row)


# In so many words, as its index has them.
_AT_WORK = ", ".join(f"'{state.value}'" for state in sorted(WORKABLE - {BookingState.COMPLETED}))
_HOLD = Statement(f"SELECT id FROM booking WHERE owner_id = :owner AND state IN ({_AT_WORK}) ORDER BY id FOR SHARE")


def hold_counts(owner_id: uuid.UUID) -> None:
    """Until this transaction ends no carton of a seller's is counted, and what was being counted is in the book: whoever
    counts moves the booking's version on first. Not waited for: a carton given up that turns up at this moment where all else
    of its booking is complete.
    """
    claim(Rank.DOCUMENT)
    _HOLD.all({"owner": owner_id})


def refused_now(action: str, state: str) -> Refused:
    """The refusal of a workflow, for actions that a set of states allows."""
    possible = sorted(name for name in BOOKING.moves if BOOKING.permitted(name, state))
    params: Mapping[str, Any] = {"document": "booking", "action": action, "state": state, "possible": possible}
    return Refused("not_allowed_now", params)
