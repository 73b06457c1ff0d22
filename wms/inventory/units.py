"""Containers (容器) as wholes: what is in one and in those within it, moving one with everything in it, and back."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from sqlalchemy import select

from wms.catalog.queries import ProductFacts, products_by_ids
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.facility.models import HandlingUnit, LocationKind
from wms.inventory import ledger
from wms.inventory.ledger import PostingDraft
from wms.inventory.models import Move
from wms.inventory.putaway import reservations
from wms.inventory.putaway import service as putaway
from wms.inventory.rules import COUNTING_LOCATIONS, MoveDraft, Reason, Stock
from wms.inventory.service import Subject
from wms.platform.database import session
from wms.platform.locks import Rank, lock
from wms.platform.statements import Answer, Statement

Products = Mapping[uuid.UUID, ProductFacts]

# Besides bins, goods may stand in a container where they wait for a decision; at the places of orders they would pass
# for an order's, and *unaccounted* is customs' matter.
WAITING_PLACES = frozenset({LocationKind.DOCK.value, LocationKind.INSPECTION.value, LocationKind.RETURNS.value})


@dataclass(frozen=True)
class Holding:
    """One balance row in a container, as read."""

    balance_id: int
    stock: Stock
    quantity: int


@dataclass(frozen=True)
class MovedUnit:
    """`posting_id` is None for an empty container: it alone was moved. It came from `from_location_id`, and out of
    `from_parent_id` where it stood in another one.
    """

    unit_id: uuid.UUID
    units: int
    posting_id: uuid.UUID | None
    from_location_id: uuid.UUID
    from_parent_id: uuid.UUID | None = None


_KEYS = tuple(each.name for each in fields(Stock))
_CONTENT = Statement(
    f"SELECT id, on_hand, {', '.join(_KEYS)} FROM balance WHERE handling_unit_id = ANY(CAST(:units AS uuid[]))"
    " AND is_there ORDER BY id"
)
# Of a container and of every tote that names this order: where its goods are is read behind the locks of both.
_CONTENT_OF_ORDER = Statement(
    f"SELECT id, on_hand, {', '.join(_KEYS)} FROM balance WHERE handling_unit_id IN (SELECT CAST(:unit AS uuid) UNION"
    " SELECT h.id FROM handling_unit h WHERE h.kind = 'tote' AND h.subject_kind = 'order' AND h.subject_id = :order)"
    " AND is_there ORDER BY id"
)
_PLACE = Statement("SELECT warehouse_id, code, kind, is_active FROM location WHERE id = :location")
_WITHIN = Statement(
    "WITH RECURSIVE within AS (SELECT CAST(:unit AS uuid) AS id UNION SELECT h.id FROM handling_unit h"
    " JOIN within w ON h.parent_id = w.id) SELECT id FROM within"
)


def content(*unit_ids: uuid.UUID | None) -> list[Holding]:
    """The rows with goods in these containers, not in those within them; not locked."""
    return holdings(send_content(*unit_ids))


def send_content(*unit_ids: uuid.UUID | None) -> Answer:
    """The same question, to be sent with others; `holdings` reads its answer."""
    return _CONTENT.send({"units": [each for each in unit_ids if each is not None]})


def send_content_of_order(order_id: uuid.UUID, unit_id: uuid.UUID | None) -> Answer:
    """What is in the totes that name this order, and in `unit_id` besides, to be sent with others."""
    return _CONTENT_OF_ORDER.send({"order": order_id, "unit": unit_id})


def holdings(answer: Answer) -> list[Holding]:
    return [Holding(row[0], Stock(*row[2:]), row[1]) for row in answer.all()]


def within(unit_id: uuid.UUID) -> list[uuid.UUID]:
    """A container and all that stand in it, whatever the depth."""
    return list(_WITHIN.column({"unit": unit_id}))


def lock_trees(actor: Actor, unit_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, HandlingUnit]:
    """These containers and all within them, locked by id. Refuses `unit_in_use` when somebody re-arranged them
    meanwhile; 404 for whoever does not work on the floor of their warehouse.
    """
    wanted = set(unit_ids)
    found = {each for unit_id in wanted for each in within(unit_id)}
    units = {unit.id: unit for unit in lock(Rank.HANDLING_UNIT, HandlingUnit, found)}
    for unit_id in wanted:
        unit = units.get(unit_id)
        if unit is None or not (actor.is_staff and actor.may(Permission.FLOOR_WORK)):
            raise not_found("handling unit")
        if not actor.sees_warehouse(unit.warehouse_id):
            raise not_found("handling unit")
    if {each for unit_id in wanted for each in within(unit_id)} != found:
        raise Refused("unit_in_use", {})
    return units


def move_unit(
    actor: Actor,
    unit_id: uuid.UUID,
    location_id: uuid.UUID,
    subject: Subject,
    *,
    of_document: str | None = None,
    puts_away: bool = False,
    holder: Subject | None = None,
    overruled: bool = False,
) -> MovedUnit:
    """A container goes to another place with everything in it, those within it included: one posting, or none when all
    are empty. One that stood in another leaves it.

    Nothing but the place changes, so in bond no permit is needed. Claims stay with a row and do not travel: a picker is
    on the way to where it stands, so goods kept for an order are refused (`stock_is_allocated`), and held goods stay
    where they were held (`stock_is_held`). `of_document`: the kind of document that the container came with and whose
    lock the caller holds; its goods go into bins by the document's own putaway only. `puts_away`: this is that putaway,
    into a bin and nowhere else; from then on the container is nobody's document. `holder` and `overruled` as of
    `putaway.place`.

    Refuses `unit_gone`, `unit_in_use` (bound to an order, a put-back, a parcel), `unit_is_there`, `location_foreign`,
    `location_closed`, `location_wrong_kind`, `carton_is_put_away`, what a bin refuses its goods (`putaway.place`), and
    what the ledger refuses.
    """
    tree = lock_trees(actor, [unit_id])
    unit = tree[unit_id]
    for each in tree.values():
        check_free(each, of_document)
    rows = [row for row in content(*tree) if row.stock.location_id != location_id]
    products = products_by_ids({row.stock.product_id for row in rows})
    refusal = _check_target(actor, unit, rows, products, location_id, of_document, overruled, puts_away, holder)
    reason = Reason.PUTAWAY if puts_away else Reason.MOVE
    posting_id = _move_content(actor, rows, location_id, subject, reason) if rows else None
    if posting_id is not None:
        putaway.note_overruled(actor, unit.warehouse_id, location_id, posting_id, refusal)
    if holder is not None:
        reservations.release(holder)
    moved = MovedUnit(unit_id, sum(row.quantity for row in rows), posting_id, unit.location_id, unit.parent_id)
    unit.parent_id = None
    if puts_away:
        unit.subject_kind, unit.subject_id, unit.state = None, None, "open"
    _stand(tree.values(), location_id)
    return moved


def _stand(units: Iterable[HandlingUnit], location_id: uuid.UUID) -> None:
    for unit in units:
        unit.location_id = location_id
    session().flush()


def check_free(unit: HandlingUnit, of_document: str | None = None) -> None:
    """Refuse a container that is gone or in somebody's hands."""
    if unit.state == "gone":
        raise Refused("unit_gone", {})
    if unit.subject_kind != of_document:
        raise Refused("unit_in_use", {})


def _check_target(
    actor: Actor,
    unit: HandlingUnit,
    rows: Sequence[Holding],
    products: Products,
    location_id: uuid.UUID,
    of_document: str | None,
    overruled: bool,
    puts_away: bool,
    holder: Subject | None,
) -> Refused | None:
    """Refuse a place the container may not go to; returns what was overruled."""
    place = _PLACE.first({"location": location_id})
    if place is None:
        raise not_found("location")
    if place.warehouse_id != unit.warehouse_id:
        raise Refused("location_foreign", {})
    if location_id == unit.location_id and unit.parent_id is None and not rows and not puts_away:
        raise Refused("unit_is_there", {})
    if not place.is_active:
        raise Refused("location_closed", {"code": place.code})
    if not rows and of_document is None:
        return None  # an empty container may stand anywhere
    if place.kind not in (COUNTING_LOCATIONS if puts_away else COUNTING_LOCATIONS | WAITING_PLACES):
        raise Refused("location_wrong_kind", {"code": place.code, "kind": place.kind})
    if place.kind not in COUNTING_LOCATIONS:
        return None
    if of_document is not None and not puts_away:
        raise Refused("carton_is_put_away", {}, next_step="putaway")
    goods = [(row.stock, row.quantity) for row in rows]
    return putaway.check_all(actor, goods, location_id, products, holder=holder, overruled=overruled)


def _move_content(
    actor: Actor, rows: Sequence[Holding], location_id: uuid.UUID, subject: Subject, reason: Reason
) -> uuid.UUID:
    """Everything stays in the container it is in."""
    moves = [MoveDraft(row.stock, replace(row.stock, location_id=location_id), row.quantity) for row in rows]
    return ledger.post(actor, PostingDraft(reason, subject.kind, subject.id, moves)).posting_id


def undo_move(
    actor: Actor,
    moved: MovedUnit,
    location_id: uuid.UUID,
    *,
    of_document: str | None = None,
    back_to: Subject | None = None,
) -> uuid.UUID | None:
    """The container goes back to where it was taken from, while it and its goods are as they were put down: a mirror
    posting, whose id is returned. It goes back into the container that it stood in, if that is still there. `back_to`:
    the document, under the caller's lock, that it came with and was put away of (`move_unit(puts_away=True)`).

    Refuses `unit_changed` when it went elsewhere or its content changed, and what the ledger refuses.
    """
    wanted = [moved.unit_id, *([moved.from_parent_id] if moved.from_parent_id is not None else [])]
    known = lock_trees(actor, wanted)
    unit = known[moved.unit_id]
    tree = {each: known[each] for each in within(moved.unit_id)}
    for each in tree.values():
        check_free(each, of_document)
    if unit.location_id != location_id or unit.parent_id is not None or not _as_moved(moved, tree):
        raise Refused("unit_changed", {})
    undone = None
    if moved.posting_id is not None:
        undone = ledger.post(actor, ledger.mirror_of(unit.warehouse_id, moved.posting_id)).posting_id
    if back_to is not None:
        unit.subject_kind, unit.subject_id, unit.state = back_to.kind, back_to.id, "in_use"
    parent = known.get(moved.from_parent_id) if moved.from_parent_id is not None else None
    if parent is not None and parent.location_id == moved.from_location_id and parent.state != "gone":
        unit.parent_id = parent.id
    _stand(tree.values(), moved.from_location_id)
    return undone


def _as_moved(moved: MovedUnit, tree: Iterable[uuid.UUID]) -> bool:
    """Whether what is in there now is what the posting moved, no more and no less, and nothing of it is held."""
    there = Counter({row.balance_id: row.quantity for row in content(*tree)})
    came: Counter[int | None] = Counter()
    if moved.posting_id is not None:
        query = select(Move.to_balance_id, Move.quantity).where(Move.posting_id == moved.posting_id)
        for balance_id, quantity in session().execute(query):
            came[balance_id] += quantity
    return there == came
