"""Orders as a step of the floor works on them: locked and read in one round trip, as facts and not as rows to edit.

What a scan changes is written by statements of its own service (decision 033). Whoever edits orders takes the row:
`orders.load_order_to_edit`.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from wms.core import clock
from wms.core.actor import Actor
from wms.core.refusals import Refused, not_found
from wms.outbound import rules
from wms.outbound.workflow import ORDER, InterceptionState, OrderState
from wms.platform.locks import Rank, claim
from wms.platform.statements import Answer, Statement, pipelined


@dataclass(frozen=True)
class OrderAtWork:
    """What a step has to know of its order. `before_release`: what its warehouse allows before customs has spoken."""

    id: uuid.UUID
    number: str
    owner_id: uuid.UUID
    warehouse_id: uuid.UUID
    state: str
    customs_state: str
    tote_id: uuid.UUID | None
    shipment_id: uuid.UUID | None
    before_release: str
    kind: str
    holds: int
    interception: str

    def refuse_stopped(self) -> None:
        """Refuses `intercepted` and `order_held`: whose hands hold it learn it from their next scan."""
        if self.interception == InterceptionState.REQUESTED.value:
            raise Refused("intercepted", {})
        if self.holds:
            raise Refused("order_held", {})

    def refuse_cancelled(self) -> None:
        if self.state == OrderState.CANCELLED.value:
            raise Refused("order_cancelled", {})

    def check_release(self, step: rules.Step) -> None:
        """Whether customs lets this step happen now (law 6 and the warehouse's own rule)."""
        if self.customs_state in ("none", "released"):
            return
        if self.customs_state == "refused" or not rules.may_before_release(step, self.before_release):
            raise Refused("customs_not_released", {})


# The warehouse's columns are not locked with the order: none of them is read that could change with it.
COLUMNS = (
    "o.id, o.number, o.owner_id, o.warehouse_id, o.state, o.customs_state, o.tote_id, o.shipment_id, w.before_release,"
    " o.kind, o.holds, o.interception"
)
_FACTS = fields(OrderAtWork)
_HOLD = Statement(
    f"SELECT {COLUMNS} FROM outbound_order o JOIN warehouse w ON w.id = o.warehouse_id WHERE o.id = :order"
    " FOR NO KEY UPDATE OF o"
)


Read = tuple[Statement, Mapping[str, Any]]


def hold_order(actor: Actor, order_id: uuid.UUID, *reads: Read) -> tuple[OrderAtWork, list[Answer]]:
    """The order under lock, and the answers of `reads`, which see what is true behind the lock; 404 outside the actor's
    scope.
    """
    claim(Rank.DOCUMENT)
    with pipelined():
        answer = _HOLD.send({"order": order_id})
        answers = [statement.send(parameters) for statement, parameters in reads]
    return order_at_work(actor, answer.first()), answers


_HOLD_ALL = Statement(
    f"SELECT {COLUMNS} FROM outbound_order o JOIN warehouse w ON w.id = o.warehouse_id"
    " WHERE o.id = ANY(CAST(:orders AS uuid[])) ORDER BY o.id FOR NO KEY UPDATE OF o"
)


def hold_orders(actor: Actor, order_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, OrderAtWork]:
    """Several at once, by id; 404 outside the actor's scope."""
    claim(Rank.DOCUMENT)
    rows = _HOLD_ALL.all({"orders": list(order_ids)})
    found = {row.id: order_at_work(actor, row) for row in rows}
    if found.keys() != set(order_ids):
        raise not_found("order")
    return found


def order_at_work(actor: Actor, row: Any) -> OrderAtWork:
    """The row (or None) of a statement that begins with COLUMNS; 404 outside the actor's scope."""
    if row is None or not (actor.sees_seller(row.owner_id) and actor.sees_warehouse(row.warehouse_id)):
        raise not_found("order")
    return OrderAtWork(*row[: len(_FACTS)])


_MOVE = Statement(
    "UPDATE outbound_order SET state = :state, version = version + 1, updated_at = :now,"
    " tote_id = CASE WHEN :keeps_tote THEN tote_id END, shipped_at = coalesce(:shipped_at, shipped_at)"
    " WHERE id = :order"
)


def move_order(order: OrderAtWork, *actions: str, keeps_tote: bool = True, shipped_at: datetime | None = None) -> None:
    """Apply actions of the workflow to a held order, one after the other."""
    state = order.state
    for action in actions:
        state = ORDER.apply(action, state).value
    values = {
        "order": order.id, "state": state, "now": clock.now(), "keeps_tote": keeps_tote, "shipped_at": shipped_at,
    }  # fmt: skip
    _MOVE.run(values)
