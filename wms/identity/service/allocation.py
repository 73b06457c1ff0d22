"""Which of a seller's goods leave first, and how long these have to keep: agreed with the operator."""

from __future__ import annotations

import uuid

from wms.core import clock
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.core.rotation import Rotation
from wms.identity.models import AllocationRule, Seller
from wms.platform.database import session
from wms.platform.locks import Rank, lock_one


def agree_on_allocation(
    actor: Actor, seller_id: uuid.UUID, rotation: Rotation, least_shelf_days: int, reason: str
) -> AllocationRule:
    """A new rule for what is chosen from now on. Bins that are chosen stay so; goods that do not keep `least_shelf_days`
    any more cease to sell with the next day job, within a minute. Refuses `rule_is_so` where nothing would change.
    """
    if not actor.is_staff or not actor.may(Permission.PEOPLE_MANAGE):
        raise not_found("seller")
    seller = lock_one(Rank.DOCUMENT, Seller, seller_id)
    if seller is None:
        raise not_found("seller")
    if (seller.rotation, seller.least_shelf_days) == (rotation.value, least_shelf_days):
        raise Refused("rule_is_so", {})
    seller.rotation, seller.least_shelf_days = rotation.value, least_shelf_days
    made = AllocationRule(
        seller_id=seller_id, rotation=rotation.value, least_shelf_days=least_shelf_days, reason=reason,
        changed_by=actor.id, changed_at=clock.now(),
    )  # fmt: skip
    session().add(made)
    session().flush()
    return made
