"""An order that goes in parts: what its page tells of the others, and cancelling them with it."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask_babel import ngettext

from wms.core.refusals import Refused
from wms.outbound.models import Order
from wms.outbound.queries import OtherPart, other_parts
from wms.outbound.service.orders import cancel_order
from wms.outbound.workflow import ORDER
from wms.platform import commands
from wms.platform.access import actor
from wms.platform.pages import show_refusal


def shown(order: Order) -> dict[str, Any]:
    """What the order's page needs: its other parts, and those that can be cancelled with it. A part in a warehouse that its
    reader does not see is told of, and no more.
    """
    parts = other_parts(order)
    return {"parts": parts, "parts_to_cancel": [each for each in parts if _may_cancel(each)]}


def cancel_with(order: Order, reason: str) -> None:
    """Cancel the other parts of an order that was cancelled: each a command of its own, as items of a bulk request are.

    Says how many were, and of each that could not be why. A form that is sent again finds every part at its old place.
    """
    cancelled = 0
    for place, part in enumerate(other_parts(order)):
        if not _may_cancel(part):
            continue
        outcome = _cancel(part, place, reason)
        if isinstance(outcome, Refused):
            flash(f"{part.number}: {show_refusal(outcome)}", "warn")
        else:
            cancelled += 1
    if cancelled:
        said = ngettext("%(num)s other part is cancelled too.", "%(num)s other parts are cancelled too.", cancelled)
        flash(said, "ok")


def _cancel(part: OtherPart, place: int, reason: str) -> commands.Outcome:
    command = commands.command_for(
        actor(), f"{request.form['command_id']}#{place}", "orders.cancel", {"id": part.id, "reason": reason}
    )
    return commands.execute(
        command, lambda: cancel_order(actor(), part.id, None, reason), lambda found: {"id": str(found.id)}
    )


def _may_cancel(part: OtherPart) -> bool:
    return actor().sees_warehouse(part.warehouse_id) and ORDER.permitted("cancel", part.state)
