"""Gate passes (核放单): the document that lets one vehicle with one load out of the zone. The clerk records what customs' system
issued; what the paper says of the load is asked of the load when it is drawn.

A pass that was issued anew takes the place of the load's earlier one, which stays on record.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused, not_found
from wms.customs.models import GatePass
from wms.customs.service import load_bonded
from wms.platform.database import session


@dataclass(frozen=True)
class GatePassDraft:
    """As it is typed. `number`: customs', up to 24 characters; the plate is mandatory there (reference: bonded customs, SAS121)."""

    number: str
    vehicle: str
    vehicle_weight_kg: int | None = None
    container: str | None = None
    seal: str | None = None
    valid_until: date | None = None


def record_gate_pass(
    actor: Actor, warehouse_id: uuid.UUID, subject: tuple[str, uuid.UUID], draft: GatePassDraft
) -> GatePass:
    """The pass of a load, which the caller has loaded. Refuses `not_bonded`, `gate_pass_taken` (its number is recorded)."""
    warehouse = load_bonded(actor, warehouse_id)
    values = {
        "id": new_id(), "warehouse_id": warehouse.id, "subject_kind": subject[0], "subject_id": subject[1],
        "clerk_id": actor.id, "created_at": clock.now(), **vars(draft),
    }  # fmt: skip
    one_number = [GatePass.warehouse_id, GatePass.number]
    made = session().scalar(
        insert(GatePass).values(values).on_conflict_do_nothing(index_elements=one_number).returning(GatePass)
    )
    if made is None:
        raise Refused("gate_pass_taken", {"number": draft.number})
    return made


def load_gate_pass(actor: Actor, pass_id: uuid.UUID) -> GatePass:
    """For staff; 404 outside the actor's warehouses."""
    found = session().get(GatePass, pass_id)
    if found is None or not (actor.is_staff and actor.sees_warehouse(found.warehouse_id)):
        raise not_found("gate pass")
    return found


def newest_passes(subject_kind: str, subject_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, GatePass]:
    """The pass in force of each load that has one, by the load's id."""
    rows = session().scalars(
        select(GatePass)
        .where(GatePass.subject_kind == subject_kind, GatePass.subject_id.in_(set(subject_ids)))
        .order_by(GatePass.created_at, GatePass.id)
    )
    return {row.subject_id: row for row in rows}
