"""Orders that their consignee fetches (自提): a code that the consignee says, how long it waits, and that it was fetched.

How it is handed out: `service/counter.py`.
"""

from __future__ import annotations

import secrets
import uuid
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from wms.core import clock
from wms.core.actor import Actor
from wms.outbound.kinds.models import PickUp
from wms.outbound.models import Order
from wms.platform.database import session
from wms.platform.statements import Statement

KEPT = timedelta(days=7)  # at the counter, until a supervisor is reminded
MOST_WRONG = 5  # codes said wrongly; then only a document counts


class Checked(StrEnum):
    """How it was made sure that the right person stands there."""

    CODE = "code"
    DOCUMENT = "document"  # with the name that is on the slip


def write(order_id: uuid.UUID) -> None:
    """Six digits that cannot be guessed: one try in a million, and five tries."""
    session().add(PickUp(order_id=order_id, code=f"{secrets.randbelow(1_000_000):06}"))
    session().flush()


_READY = Statement(
    "UPDATE pick_up SET ready_at = :now, keep_until = :until, reminded_at = NULL WHERE order_id = :order"
)


def ready(order_id: uuid.UUID) -> None:
    """It is packed and stands at the counter from now on."""
    now = clock.now()
    _READY.run({"order": order_id, "now": now, "until": now + KEPT})


def facts(order: Order) -> dict[str, Any] | None:
    """What everybody may know of a pick-up; None for other kinds."""
    found = session().get(PickUp, order.id, populate_existing=True) if order.kind == "pick_up" else None
    if found is None:
        return None
    return {name: getattr(found, name) for name in ("ready_at", "keep_until", "collected_at", "checked")}


def code_for(actor: Actor, order_id: uuid.UUID) -> str | None:
    """The code, for the seller who passes it on to the consignee. Never for the warehouse: it asks for it."""
    if actor.is_staff:
        return None
    return session().scalar(select(PickUp.code).where(PickUp.order_id == order_id))
