"""What an operator sets for the promise of a warehouse, and a seller for theirs: cut-offs, closed days, fill rules."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import invalid, not_found
from wms.facility.queries import load_warehouse
from wms.outbound import rules
from wms.outbound.models import ClosedDay, CutOffRow, OrderTerms
from wms.platform.database import session
from wms.shipping.queries import services_offered

MOST_CLOSED_DAYS = 400
TIMES = ("orders_until", "truck_at", "work_minutes", "weekdays", "priority")


def set_cut_off(
    actor: Actor, warehouse_id: uuid.UUID, carrier: str, service: str | None, times: Mapping[str, int]
) -> CutOffRow:
    """Of a carrier in a warehouse, or of one of its services; the one that stood there before is replaced.

    `times`: the columns of `CutOffRow`. Orders that are there keep what they were promised. Refuses unknown codes, and a
    truck that leaves before orders are taken.
    """
    warehouse = load_warehouse(actor, warehouse_id)
    offered = [(each, by) for each, by in services_offered(warehouse.id) if by.code == carrier]
    if not offered:
        raise invalid("/carrier", "unknown_service")
    chosen = [each for each, _ in offered if each.code == service]
    if service is not None and not chosen:
        raise invalid("/service", "unknown_service")
    if times["orders_until"] >= times["truck_at"]:
        raise invalid("/truck_at", "truck_before_orders")
    service_id = chosen[0].id if chosen else None
    key = {"warehouse_id": warehouse.id, "carrier_id": offered[0][1].id, "service_id": service_id}
    values = {name: times[name] for name in TIMES}
    statement = insert(CutOffRow).values(id=new_id(), **key, **values)
    written = session().scalar(
        statement.on_conflict_do_update(index_elements=list(key), set_=values)
        .returning(CutOffRow)
        .execution_options(populate_existing=True)
    )
    assert written is not None  # inserted or updated
    return written


def drop_cut_off(actor: Actor, cut_off_id: uuid.UUID) -> uuid.UUID:
    found = session().get(CutOffRow, cut_off_id)
    if found is None or not actor.sees_warehouse(found.warehouse_id):
        raise not_found("cut-off")
    session().delete(found)
    session().flush()
    return cut_off_id


def set_closed_days(actor: Actor, warehouse_id: uuid.UUID, days: Collection[date]) -> int:
    """The warehouse's closed days, all of them anew. Refuses more than a year of them."""
    warehouse = load_warehouse(actor, warehouse_id)
    if len(set(days)) > MOST_CLOSED_DAYS:
        raise invalid("/days", "too_many", max=MOST_CLOSED_DAYS)
    session().execute(delete(ClosedDay).where(ClosedDay.warehouse_id == warehouse.id))
    session().add_all([ClosedDay(warehouse_id=warehouse.id, day=day) for day in sorted(set(days))])
    session().flush()
    return len(set(days))


def closed_days(warehouse_id: uuid.UUID) -> Sequence[date]:
    query = select(ClosedDay.day).where(ClosedDay.warehouse_id == warehouse_id)
    return session().scalars(query.order_by(ClosedDay.day)).all()


def set_terms(
    actor: Actor, owner_id: uuid.UUID, rule: rules.Fill, *, pack_photo: bool, pack_slip: bool = False
) -> OrderTerms:
    """What a seller's orders do without enough stock, and whether their parcels are photographed and bear a slip, from now
    on.
    """
    if not actor.sees_seller(owner_id):
        raise not_found("seller")
    values = {"fill_rule": rule.value, "pack_photo": pack_photo, "pack_slip": pack_slip}
    statement = insert(OrderTerms).values(owner_id=owner_id, **values)
    session().execute(statement.on_conflict_do_update(index_elements=["owner_id"], set_=values))
    return session().get_one(OrderTerms, owner_id, populate_existing=True)


def terms_of(owner_id: uuid.UUID) -> OrderTerms | None:
    """None: as every seller begins."""
    return session().get(OrderTerms, owner_id)


def fill_rule_of(owner_id: uuid.UUID) -> str:
    found = session().get(OrderTerms, owner_id)
    return rules.Fill.ALL.value if found is None else found.fill_rule
