"""What no booking announces: written down with photos at the dock, claimed by its seller, settled by a supervisor."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select, update

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, not_found
from wms.identity.queries import choose_owner
from wms.inbound import rules
from wms.inbound.models import Booking, InboundFile, UnidentifiedArrival
from wms.inbound.rules import FileKind
from wms.inbound.workflow import UNKNOWN
from wms.platform import files
from wms.platform.database import session
from wms.platform.files import Kept
from wms.platform.locks import Rank, lock_one

OUTCOMES = frozenset({"claimed", "sent_back", "destroyed"})


def register_arrival(actor: Actor, warehouse_id: uuid.UUID, code: str, remark: str = "") -> UnidentifiedArrival:
    """Write down something that no booking announces. It is nobody's stock until it is claimed."""
    if not (actor.is_staff and actor.may(Permission.FLOOR_WORK) and actor.sees_warehouse(warehouse_id)):
        raise not_found("warehouse")
    arrival = UnidentifiedArrival(
        id=new_id(), warehouse_id=warehouse_id, code=code, remark=remark, registered_by=actor.id,
        registered_at=clock.now(),
    )  # fmt: skip
    session().add(arrival)
    session().flush()
    return arrival


def settle_arrival(
    actor: Actor, arrival_id: uuid.UUID, outcome: str, booking_id: uuid.UUID | None = None
) -> UnidentifiedArrival:
    """Close an entry of the register: claimed by a booking of that warehouse (which it is then received under), sent
    back, or destroyed. Photos of what is claimed go with it to the booking. Refuses `claimed_by_another` when a seller
    has claimed it and the booking is another one's.
    """
    arrival = lock_one(Rank.DOCUMENT, UnidentifiedArrival, arrival_id)
    allowed = actor.is_staff and actor.may(Permission.EXCEPTIONS_MANAGE)
    if arrival is None or not allowed or not actor.sees_warehouse(arrival.warehouse_id):
        raise not_found("arrival")
    if arrival.closed_at is not None:
        raise Refused("arrival_closed", {})
    if outcome not in OUTCOMES or (outcome == "claimed") != (booking_id is not None):
        raise invalid("/outcome", "invalid")
    if booking_id is not None:
        booking = session().get(Booking, booking_id)
        if booking is None or booking.warehouse_id != arrival.warehouse_id:
            raise not_found("booking")
        if arrival.claimed_owner_id not in (None, booking.owner_id):
            raise Refused("claimed_by_another", {})
        session().execute(
            update(InboundFile).where(InboundFile.arrival_id == arrival_id)
            .values(arrival_id=None, booking_id=booking.id, owner_id=booking.owner_id)
        )  # fmt: skip
    arrival.state = UNKNOWN.apply("settle", arrival.state).value
    arrival.outcome, arrival.booking_id = outcome, booking_id
    arrival.closed_by, arrival.closed_at = actor.id, clock.now()
    session().flush()
    return arrival


def photograph_arrival(actor: Actor, arrival_id: uuid.UUID, kept: Kept, name: str, note: str = "") -> InboundFile:
    """A photo more of an open entry. Refuses `arrival_closed`, `too_many_files`."""
    arrival = lock_one(Rank.DOCUMENT, UnidentifiedArrival, arrival_id)
    allowed = actor.is_staff and actor.may(Permission.FLOOR_WORK)
    if arrival is None or not allowed or not actor.sees_warehouse(arrival.warehouse_id):
        raise not_found("arrival")
    if arrival.closed_at is not None:
        raise Refused("arrival_closed", {})
    held = session().scalar(select(func.count()).where(InboundFile.arrival_id == arrival_id))
    if (held or 0) >= rules.MAX_ARRIVAL_PHOTOS:
        raise Refused("too_many_files", {"most": rules.MAX_ARRIVAL_PHOTOS})
    row = InboundFile(
        id=new_id(), arrival_id=arrival_id, kind=FileKind.PHOTO.value, name=name, note=note,
        file_id=files.name_file(kept), added_by=actor.id, added_at=clock.now(),
    )  # fmt: skip
    session().add(row)
    session().flush()
    return row


def claim_arrival(
    actor: Actor, arrival_id: uuid.UUID, code: str, *, seller: str | None = None, note: str = ""
) -> UnidentifiedArrival:
    """A seller says that it is theirs. Who claims has to know what its label says, to the letter: the register is never
    listed to sellers. The dock then looks, and settles it with a booking or refuses the claim.

    Refuses `not_allowed_now` when somebody has claimed it before.
    """
    arrival = lock_one(Rank.DOCUMENT, UnidentifiedArrival, arrival_id)
    allowed = not actor.is_staff and actor.may(Permission.BOOKINGS_WRITE)
    if arrival is None or not allowed or arrival.code != code.strip() or arrival.closed_at is not None:
        raise not_found("arrival")
    if not actor.sees_warehouse(arrival.warehouse_id):
        raise not_found("arrival")
    owner = choose_owner(actor, seller)
    arrival.state = UNKNOWN.apply("claim", arrival.state).value
    arrival.claimed_owner_id, arrival.claim_note, arrival.claimed_at = owner.id, note, clock.now()
    session().flush()
    return arrival


def refuse_claim(actor: Actor, arrival_id: uuid.UUID) -> UnidentifiedArrival:
    """It is not what the seller thought: it waits again."""
    arrival = lock_one(Rank.DOCUMENT, UnidentifiedArrival, arrival_id)
    allowed = actor.is_staff and actor.may(Permission.EXCEPTIONS_MANAGE)
    if arrival is None or not allowed or not actor.sees_warehouse(arrival.warehouse_id):
        raise not_found("arrival")
    arrival.state = UNKNOWN.apply("refuse_claim", arrival.state).value
    arrival.claimed_owner_id = arrival.claimed_at = None
    session().flush()
    return arrival
