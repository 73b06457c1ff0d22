"""What was decided about goods that differ asks for the work it means: labels are stuck by an added service."""

from __future__ import annotations

import uuid

from wms.added_services import catalogue
from wms.added_services import service as added
from wms.added_services.service import About
from wms.core.actor import Actor
from wms.inbound.models import Booking, Difference
from wms.inbound.rules import Decision
from wms.inbound.workflow import DifferenceState
from wms.platform.statements import Statement

KIND = "difference"

_GOODS = Statement(
    "SELECT l.product_id, c.handling_unit_id FROM carton_line l JOIN carton c ON c.id = l.carton_id WHERE l.id = :line"
)


def follow(actor: Actor, booking: Booking, difference: Difference) -> None:
    """Where the seller wants the goods relabelled, the service that the catalogue names for it is asked for; any other
    word withdraws it. Refuses `not_allowed_now` when somebody works on it already. The caller holds the booking.
    """
    asked = added.request_about(KIND, difference.id)
    wanted = difference.decision == Decision.RELABEL and difference.state == DifferenceState.DECIDED
    if not wanted:
        drop(difference.id)
        return
    service = catalogue.service_for_differences()
    if service is None or asked is not None:
        return
    goods = _GOODS.first({"line": difference.carton_line_id})
    about = About(KIND, difference.id, goods.handling_unit_id, goods.product_id)
    added.ask_about(
        actor, booking.warehouse_id, booking.owner_id, service, difference.quantity, about, difference.remark
    )


def drop(difference_id: uuid.UUID) -> None:
    """Nothing is to be done for it any more: decided otherwise, or done and said so. What was done of it is charged."""
    asked = added.request_about(KIND, difference_id)
    if asked is not None:
        added.withdraw(asked)
