"""Plans of waves as they are shown before the release, and whether they are still so."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused, not_found
from wms.outbound import carts
from wms.outbound.carts import Plan, Selection
from wms.outbound.models import Wave, WavePlan
from wms.outbound.service.waves import release_plan
from wms.platform.database import session
from wms.platform.locks import Rank, lock_one
from wms.platform.statements import Statement

KEPT = timedelta(days=1)

_FREE = Statement(
    "SELECT id, CASE WHEN is_sellable THEN on_hand - allocated ELSE 0 END AS free FROM balance"
    " WHERE id = ANY(CAST(:rows AS bigint[]))"
)
_ORDERS = Statement(
    "SELECT id, number, state, holds > 0 OR interception = 'requested' OR customs_state = 'refused' AS is_stopped"
    " FROM outbound_order WHERE id = ANY(CAST(:orders AS uuid[])) ORDER BY number"
)


def keep_plan(actor: Actor, plan: Plan, selection: Selection) -> WavePlan:
    """Keep a plan for a day. Refuses `nothing_to_wave` when it has no walk and nothing is short."""
    if not plan.walks and not plan.short:
        raise Refused("nothing_to_wave", {})
    row = WavePlan(
        id=new_id(), warehouse_id=plan.warehouse_id, made_by=actor.id, made_at=clock.now(), selection=selection.as_data(),
        plan=carts.as_data(plan),
    )  # fmt: skip
    session().add(row)
    session().flush()
    return row


def load_plan(actor: Actor, plan_id: uuid.UUID) -> WavePlan:
    """404 outside the actor's warehouses."""
    row = session().get(WavePlan, plan_id)
    if row is None or not actor.sees_warehouse(row.warehouse_id):
        raise not_found("plan")
    return row


def release_kept(actor: Actor, plan_id: uuid.UUID) -> Wave:
    """Release exactly what the plan shows. Refuses `plan_changed`, `plan_released`, `nothing_to_wave`."""
    load_plan(actor, plan_id)
    row = lock_one(Rank.DOCUMENT, WavePlan, plan_id)  # nobody releases it twice
    if row is None:
        raise not_found("plan")
    if row.wave_id is not None:
        raise Refused("plan_released", {})
    wave = release_plan(actor, carts.from_data(row.plan), exactly=True)
    row.wave_id = wave.id
    session().flush()
    return wave


@dataclass(frozen=True)
class Gone:
    """An order of a plan that is no longer ready, or `is_robbed`: ready, and others have taken its goods."""

    id: uuid.UUID
    number: str
    state: str
    is_robbed: bool


def changes_of(plan: Plan) -> list[Gone]:
    """What is not as it was planned, without a lock: the release may find more."""
    free = {row.id: row.free for row in _FREE.all({"rows": sorted({stop.balance_id for stop in plan.stops})})}
    lost: set[uuid.UUID] = set()
    for stop in plan.stops:
        if stop.allocation_id is None:
            free[stop.balance_id] = free.get(stop.balance_id, 0) - stop.units
            if free[stop.balance_id] < 0:
                lost.add(stop.order_id)
    rows = _ORDERS.all({"orders": plan.orders})
    return [
        Gone(row.id, row.number, row.state, is_ready)
        for row in rows
        if not (is_ready := row.state == "promised" and not row.is_stopped) or row.id in lost
    ]


def numbers_of(plan: Plan) -> dict[uuid.UUID, str]:
    """The numbers of a plan's orders."""
    return {row.id: row.number for row in _ORDERS.all({"orders": plan.orders})}


def drop_old() -> None:
    """Plans older than a day go: nobody releases them any more."""
    session().execute(delete(WavePlan).where(WavePlan.made_at < clock.now() - KEPT))
