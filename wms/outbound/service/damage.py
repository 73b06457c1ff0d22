"""Damage found at the pick: the units become *damaged* where they lie, and whoever counted on them is served elsewhere. Then
they are set down in a place for such goods, put into a tote that is brought there, or left in their bin.

A loss like any other: it breaks the newest claims that the rest of the row cannot serve, and each demand that lost its bin is
looked after by `shortage.reallocate`. The picker goes on with what is left, or with the next stop.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, text

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused, invalid, not_found
from wms.facility.models import HandlingUnit, Location, LocationKind
from wms.inventory import ledger, units
from wms.inventory import service as inventory
from wms.inventory.models import Allocation, Balance, Condition, Move, Serial, SerialMove
from wms.outbound.models import PickBatch, PickDamage, PickTask
from wms.outbound.service import walks
from wms.outbound.service.picking import LEASE, is_slot, work_on
from wms.outbound.workflow import TASK, TaskState
from wms.platform import files
from wms.platform.database import session
from wms.platform.files import Kept
from wms.platform.locks import Rank, lock, lock_one

SUBJECT = "pick_damage"
REASONS = ("broken", "wet", "dirty", "package", "expired", "other")
TAKEN_BACK_FOR = timedelta(minutes=10)
TOTE = "damage"  # what a tote for such goods is bound to
SET_DOWN = frozenset({LocationKind.INSPECTION.value, LocationKind.RETURNS.value})


@dataclass(frozen=True)
class Reported:
    """`left`: units of the stop that its row can still give; with none the walk goes on elsewhere."""

    id: uuid.UUID
    left: int


def report(actor: Actor, task_id: uuid.UUID, quantity: int, serials: Sequence[str] = ()) -> Reported:
    """So many units in the bin of a stop are damaged. Refuses as `picking.work_on`, `quantity_too_large` when the row holds
    fewer, `serials_required` and `serial_not_here`.
    """
    if quantity < 1:
        raise invalid("/quantity", "too_small", min=1)
    stop = work_on(actor, task_id)
    batch = lock_one(Rank.TASK, PickBatch, stop.walk.id)
    assert batch is not None  # held with the stop
    tasks = _open_on(batch.id, stop.balance_id)
    there = session().get_one(Balance, stop.balance_id, populate_existing=True)
    if quantity > there.on_hand:
        raise Refused("quantity_too_large", {"left": there.on_hand})
    seen = next(task for task in tasks if task.id == task_id)
    found = PickDamage(
        id=new_id(), warehouse_id=batch.warehouse_id, order_id=seen.order_id, product_id=there.product_id,
        location_id=there.location_id, quantity=quantity, reason="other", note="", actor_id=actor.id,
        created_at=clock.now(),
    )  # fmt: skip
    posted = inventory.recondition(
        actor, stop.goods, Condition.DAMAGED, quantity, inventory.Subject(SUBJECT, found.id), serials=serials
    )
    found.posting_id = posted.posting_id
    session().add(found)
    left = sum(_shrink(task) for task in tasks)
    batch.picker_id, batch.lease_until = actor.id, clock.now() + LEASE
    session().flush()
    walks.finish_if_done([batch])
    return Reported(found.id, left)


def _open_on(batch_id: uuid.UUID, balance_id: int) -> Sequence[PickTask]:
    """All open stops of a walk at one row: where goods are picked together, several orders' ."""
    query = select(PickTask.id).where(
        PickTask.batch_id == batch_id, PickTask.balance_id == balance_id, PickTask.state == TaskState.OPEN.value
    )
    return lock(Rank.TASK, PickTask, session().scalars(query))


def _shrink(task: PickTask) -> int:
    """A stop is for what is still claimed for it; units left to pick. The row is held: claims on it stand still."""
    query = select(Allocation.open_quantity).where(Allocation.id == task.allocation_id)
    claimed = session().scalar(query.execution_options(populate_existing=True)) or 0
    if task.picked + claimed == 0:
        task.state = TASK.apply("report_short", task.state).value
    elif task.picked + claimed < task.quantity:
        task.quantity = task.picked + claimed
        if claimed == 0:
            task.state = TASK.apply("finish", task.state).value
    return claimed


def take_back(actor: Actor, damage_id: uuid.UUID) -> PickDamage:
    """It was a mistake: the units are good again, as long as they lie there. Whose claim was broken has been served
    elsewhere, or is looked after because stock came.

    Refuses `damage_gone` when they were set down, `nothing_to_take_back` after ten minutes, for another person, and when it
    was taken back; and what the ledger refuses.
    """
    found = _held(actor, damage_id)
    if not _lies_in_its_bin(found):  # others may lie in the bin still
        raise Refused("damage_gone", {})
    late = found.created_at + TAKEN_BACK_FOR < clock.now()
    if late or found.actor_id != actor.id or found.undone_at is not None or found.posting_id is None:
        raise Refused("nothing_to_take_back", {})
    ledger.post(actor, ledger.mirror_of(found.warehouse_id, found.posting_id))
    found.undone_at = clock.now()
    session().flush()
    return found


def set_down(actor: Actor, damage_id: uuid.UUID, location_id: uuid.UUID) -> Location:
    """The damaged units of a report are put into a place for such goods, out of the bin that is picked from.

    Refuses `damage_place` (not of `SET_DOWN`), `damage_gone` for another person's report, one that was taken back, set down
    or put into a tote before, and what the ledger refuses.
    """
    found = _held(actor, damage_id)
    place = _place(found.warehouse_id, location_id)
    _take_out(actor, found, place.id)
    return place


def _place(warehouse_id: uuid.UUID, location_id: uuid.UUID) -> Location:
    place = session().get(Location, location_id)
    if place is None or place.warehouse_id != warehouse_id:
        raise not_found("location")
    if place.kind not in SET_DOWN:
        raise Refused("damage_place", {"code": place.code})
    return place


def _lies_in_its_bin(found: PickDamage) -> bool:
    return found.tote_id is None and session().get_one(Location, found.location_id).kind not in SET_DOWN


def _take_out(actor: Actor, found: PickDamage, location_id: uuid.UUID, tote_id: uuid.UUID | None = None) -> None:
    """Its units leave the bin they were found in. The caller holds the report, and the tote."""
    gone = found.undone_at is not None or found.posting_id is None or not _lies_in_its_bin(found)
    if gone or found.actor_id != actor.id:
        raise Refused("damage_gone", {})
    there = session().scalars(select(Move.to_balance_id).where(Move.posting_id == found.posting_id)).one()
    stock = ledger.stock_of(session().get_one(Balance, there, populate_existing=True))
    inventory.relocate(
        actor, stock, location_id, found.quantity, inventory.Subject(SUBJECT, found.id), handling_unit_id=tote_id,
        serials=_numbers(found),
    )  # fmt: skip
    found.location_id, found.tote_id = location_id, tote_id
    session().flush()


def put_into_tote(actor: Actor, damage_id: uuid.UUID, tote_id: uuid.UUID) -> HandlingUnit:
    """The damaged units of a report leave the bin in a tote for such goods: an empty one, which is one from now on, or one
    that has some already, whoever found them. `bring` takes all of it to a place.

    Refuses `not_a_tote`, `tote_taken`, and as `set_down`.
    """
    found = _held(actor, damage_id)
    tote = lock_one(Rank.HANDLING_UNIT, HandlingUnit, tote_id)
    if tote is None or tote.warehouse_id != found.warehouse_id or tote.kind != "tote" or is_slot(tote.id):
        raise Refused("not_a_tote", {})
    if tote.subject_kind not in (None, TOTE):
        raise Refused("tote_taken", {})
    if tote.subject_kind is None:
        tote.subject_kind, tote.subject_id, tote.state = TOTE, found.id, "in_use"
    session().flush()
    _take_out(actor, found, tote.location_id, tote.id)
    return tote


def is_tote(unit_id: uuid.UUID | None) -> bool:
    """Whether damaged goods lie in this container."""
    unit = None if unit_id is None else session().get(HandlingUnit, unit_id, populate_existing=True)
    return unit is not None and unit.subject_kind == TOTE


def bring(actor: Actor, tote_id: uuid.UUID, location_id: uuid.UUID) -> int:
    """All that is in a tote for damaged goods is set down in a place for them, and the tote is free; how many units.

    Refuses `nothing_to_put_back` for another tote, `damage_place`, and what the ledger refuses.
    """
    seen = session().get(HandlingUnit, tote_id)
    if seen is None or not (actor.is_staff and actor.sees_warehouse(seen.warehouse_id)):
        raise not_found("handling unit")
    # Whoever puts goods in holds their report first, and then the tote: a report that is not there yet comes later.
    query = select(PickDamage.id).where(PickDamage.tote_id == tote_id)
    reports = lock(Rank.TASK, PickDamage, session().scalars(query))
    tote = lock_one(Rank.HANDLING_UNIT, HandlingUnit, tote_id)
    if tote is None or tote.subject_kind != TOTE:
        raise Refused("nothing_to_put_back", {})
    if set(session().scalars(query)) != {each.id for each in reports}:
        raise Refused("unit_in_use", {})
    place = _place(tote.warehouse_id, location_id)
    rows = units.content(tote.id)
    subject = inventory.Subject(SUBJECT, reports[0].id)
    inventory.relocate_many(actor, [(row.stock, row.quantity) for row in rows], place.id, subject)
    for each in reports:
        each.location_id, each.tote_id = place.id, None
    tote.subject_kind, tote.subject_id, tote.state = None, None, "open"
    session().flush()
    return sum(row.quantity for row in rows)


def is_place_for(location_id: uuid.UUID | None) -> bool:
    """Whether damaged goods are set down in this place: none is picked from it."""
    place = session().get(Location, location_id) if location_id is not None else None
    return place is not None and place.kind in SET_DOWN


def _numbers(found: PickDamage) -> list[str]:
    """The serial numbers of the units that were reported."""
    query = (
        select(Serial.number).join(SerialMove, SerialMove.serial_id == Serial.id)
        .where(SerialMove.posting_id == found.posting_id).order_by(Serial.number)
    )  # fmt: skip
    return list(session().scalars(query))


def describe(
    actor: Actor, damage_id: uuid.UUID, reason: str, note: str, kept: Kept | None, name: str = ""
) -> PickDamage:
    """Why, and a photo. Again replaces what was said; a photo stays unless another one comes."""
    if reason not in REASONS:
        raise invalid("/reason", "invalid")
    found = _held(actor, damage_id)
    found.reason, found.note = reason, note
    if kept is not None:
        found.file_id, found.file_name = files.name_file(kept), name
    session().flush()
    return found


def load(actor: Actor, damage_id: uuid.UUID) -> PickDamage:
    """404 outside the actor's warehouses."""
    found = session().get(PickDamage, damage_id)
    if found is None or not (actor.is_staff and actor.sees_warehouse(found.warehouse_id)):
        raise not_found("damage")
    return found


def _held(actor: Actor, damage_id: uuid.UUID) -> PickDamage:
    load(actor, damage_id)
    found = lock_one(Rank.TASK, PickDamage, damage_id)
    assert found is not None  # never deleted
    return found


# The newest of each warehouse by the index that orders them: no more is read than is shown.
_NEWEST = text(
    "SELECT x.id, x.quantity, x.reason, x.note, x.file_id, x.created_at, x.undone_at, p.sku, p.name_en, p.name_zh,"
    " s.code AS seller, l.code AS location, t.code AS tote, o.id AS order_id, o.number, u.name AS picker, w.time_zone"
    " FROM unnest(CAST(:warehouses AS uuid[])) AS h(id) CROSS JOIN LATERAL (SELECT * FROM pick_damage d"
    "  WHERE d.warehouse_id = h.id AND d.undone_at IS NULL ORDER BY d.created_at DESC LIMIT :limit) x"
    " JOIN product p ON p.id = x.product_id JOIN seller s ON s.id = p.owner_id JOIN location l ON l.id = x.location_id"
    " JOIN outbound_order o ON o.id = x.order_id JOIN warehouse w ON w.id = x.warehouse_id"
    " LEFT JOIN app_user u ON u.id = x.actor_id LEFT JOIN handling_unit t ON t.id = x.tote_id"
    " ORDER BY x.created_at DESC, x.id DESC LIMIT :limit"
)


def newest(warehouse_ids: Sequence[uuid.UUID], limit: int = 50) -> Sequence[Any]:
    """What pickers found damaged last."""
    return session().execute(_NEWEST, {"warehouses": list(warehouse_ids), "limit": limit}).all()


def photo_of(actor: Actor, damage_id: uuid.UUID) -> tuple[bytes, str, str]:
    """(bytes, media type, name) of a photo; 404 outside the actor's warehouses. Raises StoreAway."""
    found = load(actor, damage_id)
    name = found.file_name or ""
    read = files.read_file(found.file_id) if found.file_id is not None else None
    if read is None:
        raise not_found("file")
    return read[0], read[1], name
