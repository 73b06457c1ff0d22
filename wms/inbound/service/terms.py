"""What the operator has agreed with a seller about receiving, and what a warehouse does where nothing was agreed."""

from __future__ import annotations

import uuid

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from wms.core import clock
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import FieldError, invalid, invalid_fields, not_found
from wms.facility.models import Warehouse
from wms.identity.models import Seller
from wms.inbound import rules
from wms.inbound.models import Booking, InboundTerms, ReceivingRule
from wms.inbound.service.loading import work_on_booking
from wms.platform.database import session


def set_terms(actor: Actor, owner_id: uuid.UUID, terms: rules.Terms) -> InboundTerms:
    """New terms for one seller. Deadlines that run already stay as they are, and so do counts that have begun. Every
    wrong field is named (422).
    """
    if not (actor.is_staff and actor.may(Permission.EXCEPTIONS_MANAGE)) or session().get(Seller, owner_id) is None:
        raise not_found("seller")
    faults = rules.terms_faults(terms)
    if faults:
        raise invalid_fields([FieldError(*fault) for fault in faults])
    values = {**vars(terms), "changed_by": actor.id, "changed_at": clock.now()}
    statement = insert(InboundTerms).values(owner_id=owner_id, **values)
    session().execute(statement.on_conflict_do_update(index_elements=["owner_id"], set_=values))
    return session().get_one(InboundTerms, owner_id, populate_existing=True)


def set_counting(actor: Actor, warehouse_id: uuid.UUID, counting: str) -> ReceivingRule:
    """How a warehouse counts cartons, where neither their booking nor their seller's terms say otherwise."""
    may = actor.is_staff and actor.may(Permission.EXCEPTIONS_MANAGE) and actor.sees_warehouse(warehouse_id)
    if not may or session().get(Warehouse, warehouse_id) is None:
        raise not_found("warehouse")
    _check(counting)
    values = {"counting": counting, "changed_by": actor.id, "changed_at": clock.now()}
    statement = insert(ReceivingRule).values(warehouse_id=warehouse_id, **values)
    session().execute(statement.on_conflict_do_update(index_elements=["warehouse_id"], set_=values))
    return session().get_one(ReceivingRule, warehouse_id, populate_existing=True)


def choose_counting(actor: Actor, booking_id: uuid.UUID, counting: str | None) -> int:
    """How this booking's cartons are counted, those excepted whose count has begun; None: as its seller's terms or the
    warehouse say. Returns the booking's version. Refuses `not_allowed_now` (a draft, or cancelled).
    """
    if counting is not None:
        _check(counting)
    booking = work_on_booking(actor, booking_id, Permission.EXCEPTIONS_MANAGE, "choose_counting")
    session().execute(update(Booking).where(Booking.id == booking_id).values(counting=counting))
    return booking.version


def _check(counting: str) -> None:
    if counting not in rules.COUNTINGS:
        raise invalid("/counting", "counting_unknown")
