"""What the operator has agreed with a seller about receiving."""

from __future__ import annotations

import uuid

from sqlalchemy.dialects.postgresql import insert

from wms.core import clock
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import FieldError, invalid_fields, not_found
from wms.identity.models import Seller
from wms.inbound import rules
from wms.inbound.models import InboundTerms
from wms.platform.database import session


def set_terms(actor: Actor, owner_id: uuid.UUID, terms: rules.Terms) -> InboundTerms:
    """New terms for one seller. Deadlines that run already stay as they are. Every wrong field is named (422)."""
    if not (actor.is_staff and actor.may(Permission.EXCEPTIONS_MANAGE)) or session().get(Seller, owner_id) is None:
        raise not_found("seller")
    faults = rules.terms_faults(terms)
    if faults:
        raise invalid_fields([FieldError(*fault) for fault in faults])
    values = {**vars(terms), "changed_by": actor.id, "changed_at": clock.now()}
    statement = insert(InboundTerms).values(owner_id=owner_id, **values)
    session().execute(statement.on_conflict_do_update(index_elements=["owner_id"], set_=values))
    return session().get_one(InboundTerms, owner_id, populate_existing=True)
