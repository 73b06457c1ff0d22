"""Containers within containers, and goods that change theirs: nest, take out, split, merge, repack (拆箱 / 合箱).

All of it happens at one place: carrying a container elsewhere is `units.move_unit`. Goods keep their row's age; claims and
holds stand on rows, so allocated and held goods are refused as in any move.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.facility.models import HandlingUnit, HandlingUnitKind, Location
from wms.inventory import ledger
from wms.inventory.ledger import PostingDraft
from wms.inventory.rules import COUNTING_LOCATIONS, MoveDraft, Reason, Stock
from wms.inventory.service import Subject
from wms.inventory.units import check_free, content, lock_trees, within
from wms.platform.database import session
from wms.platform.statements import Statement

# What may stand in what. A carton in a carton is an overbox; nothing stands in a parcel.
_K = HandlingUnitKind
HOLDS = {
    _K.PALLET.value: frozenset({_K.CARTON.value, _K.INNER.value, _K.TOTE.value}),
    _K.CARTON.value: frozenset({_K.CARTON.value, _K.INNER.value}),
    _K.TOTE.value: frozenset({_K.INNER.value}),
}
MOST_DEPTH = 8

_ABOVE = Statement(
    "WITH RECURSIVE above AS (SELECT id, parent_id FROM handling_unit WHERE id = :unit UNION SELECT h.id, h.parent_id"
    " FROM handling_unit h JOIN above a ON h.id = a.parent_id) SELECT id FROM above"
)


@dataclass(frozen=True)
class Part:
    """Some of one row of a container. `serials`: which numbers, where not all of a numbered row goes."""

    stock: Stock
    quantity: int
    serials: Sequence[str] = ()


@dataclass(frozen=True)
class Repacked:
    """What one act changed, as `take_back` wants it: `unit_ids` containers that took part, `posting_id` of the goods (of
    so many `units`) that went from one to another; `parents`: what each container stood in before that stands in
    `into_id` (or by itself) since.
    """

    unit_ids: tuple[uuid.UUID, ...] = ()
    units: int = 0
    posting_id: uuid.UUID | None = None
    into_id: uuid.UUID | None = None
    parents: Mapping[uuid.UUID, uuid.UUID | None] = field(default_factory=dict)


def take_back(actor: Actor, warehouse_id: uuid.UUID, done: Repacked) -> None:
    """Everything as it was: containers stand where they stood, and a mirror posting brings the goods back.

    Refuses `unit_changed` when one of them stands otherwise since, `unit_gone`, `unit_in_use`, `already_reversed`, and what
    the ledger refuses (the goods moved on, or were claimed).
    """
    former = {parent for parent in done.parents.values() if parent is not None}
    known = lock_trees(actor, {*done.unit_ids, *done.parents, *former})
    for unit_id in {*done.unit_ids, *done.parents}:
        check_free(known[unit_id])
    for unit_id, parent_id in done.parents.items():
        unit = known[unit_id]
        if unit.parent_id != done.into_id or parent_id in within(unit_id):
            raise Refused("unit_changed", {})
        if parent_id is not None:
            check_free(known[parent_id])
            _check_fits(unit, known[parent_id])
        unit.parent_id = parent_id
    session().flush()
    if done.posting_id is not None:
        ledger.post(actor, ledger.mirror_of(warehouse_id, done.posting_id))


def nest(actor: Actor, unit_id: uuid.UUID, into_id: uuid.UUID) -> Repacked:
    """A container is set into another one at the same place (a carton on a pallet, an inner in a carton), with all that
    is in it. Nothing is posted: its goods stay in it, where it stands.

    Refuses `unit_loop` (into itself or something within it), `unit_does_not_hold`, `unit_elsewhere`, `unit_gone`,
    `unit_in_use`.
    """
    above = set(_ABOVE.column({"unit": into_id}))
    known = lock_trees(actor, [unit_id, into_id, *above])  # who is above it may not change meanwhile
    unit, into = known[unit_id], known[into_id]
    for each in (unit, into):
        check_free(each)
    above = set(_ABOVE.column({"unit": into_id}))
    if unit_id in above:
        raise Refused("unit_loop", {"unit": unit.code, "into": into.code})
    _check_fits(unit, into)
    if len(above) + 1 > MOST_DEPTH:
        raise Refused("unit_does_not_hold", {"unit": unit.code, "into": into.code})
    before, unit.parent_id = unit.parent_id, into_id
    session().flush()
    return Repacked((unit_id, into_id), into_id=into_id, parents={unit_id: before})


def _check_fits(unit: HandlingUnit, into: HandlingUnit) -> None:
    if unit.kind not in HOLDS.get(into.kind, frozenset()):
        raise Refused("unit_does_not_hold", {"unit": unit.code, "into": into.code})
    _check_together(unit, into)


def _check_together(unit: HandlingUnit, into: HandlingUnit) -> None:
    if unit.warehouse_id != into.warehouse_id or unit.location_id != into.location_id:
        raise Refused("unit_elsewhere", {"unit": into.code})


def take_out(actor: Actor, unit_id: uuid.UUID) -> Repacked:
    """A container is taken out of the one it stands in, and stands beside it. Refuses `unit_stands_alone`."""
    unit = lock_trees(actor, [unit_id])[unit_id]
    check_free(unit)
    if unit.parent_id is None:
        raise Refused("unit_stands_alone", {"unit": unit.code})
    before, unit.parent_id = unit.parent_id, None
    session().flush()
    return Repacked((unit_id,), parents={unit_id: before})


def split(
    actor: Actor, unit_id: uuid.UUID, parts: Sequence[Part], into_id: uuid.UUID | None, subject: Subject
) -> Repacked:
    """Some of a container's goods go into another one at the same place, or (None) loose into the bin: one posting.

    Refuses `unit_is_there` (the same container), `unit_elsewhere`, `unit_gone`, `unit_in_use`, `location_wrong_kind`
    (loose goods are found in bins only), and what the ledger refuses.
    """
    if into_id == unit_id:
        raise Refused("unit_is_there", {})
    known = lock_trees(actor, [unit_id] if into_id is None else [unit_id, into_id])
    unit = known[unit_id]
    check_free(unit)
    if into_id is None:
        check_bin(unit.location_id)
    else:
        check_free(known[into_id])
        _check_together(unit, known[into_id])
    moves = [
        MoveDraft(part.stock, replace(part.stock, handling_unit_id=into_id), part.quantity, serials=part.serials)
        for part in parts
    ]
    if any(part.stock.handling_unit_id != unit_id for part in parts):
        raise ValueError("a part of another container")
    posted = ledger.post(actor, PostingDraft(Reason.MOVE, subject.kind, subject.id, moves))
    units = sum(part.quantity for part in parts)
    return Repacked(tuple(each for each in (unit_id, into_id) if each is not None), units, posted.posting_id)


def pack(actor: Actor, location_id: uuid.UUID, parts: Sequence[Part], into_id: uuid.UUID, subject: Subject) -> Repacked:
    """Goods that lie loose in a bin go into a container that stands in it: one posting.

    Refuses `unit_elsewhere`, `unit_gone`, `unit_in_use`, `location_wrong_kind`, and what the ledger refuses.
    """
    into = lock_trees(actor, [into_id])[into_id]
    check_free(into)
    check_bin(location_id)
    if into.location_id != location_id:
        raise Refused("unit_elsewhere", {"unit": into.code})
    if any(part.stock.handling_unit_id is not None or part.stock.location_id != location_id for part in parts):
        raise ValueError("a part that does not lie loose in this bin")
    moves = [
        MoveDraft(part.stock, replace(part.stock, handling_unit_id=into_id), part.quantity, serials=part.serials)
        for part in parts
    ]
    posted = ledger.post(actor, PostingDraft(Reason.MOVE, subject.kind, subject.id, moves))
    return Repacked((into_id,), sum(part.quantity for part in parts), posted.posting_id)


def check_bin(location_id: uuid.UUID) -> None:
    """Loose goods are found in bins only: elsewhere they are some document's. Refuses `location_wrong_kind`."""
    place = session().get_one(Location, location_id)
    if place.kind not in COUNTING_LOCATIONS:
        raise Refused("location_wrong_kind", {"code": place.code, "kind": place.kind})


def merge(actor: Actor, unit_id: uuid.UUID, into_id: uuid.UUID | None, subject: Subject) -> Repacked:
    """Everything in a container goes into another one at the same place, or (None) loose into the bin: its goods in one
    posting, and the containers within it (which then stand in the other one, or alone). It stays, empty.

    Refuses `unit_empty`, `unit_loop` (into something within it), and what `split` and `nest` refuse.
    """
    if into_id == unit_id:
        raise Refused("unit_is_there", {})
    known = lock_trees(actor, [unit_id] if into_id is None else [unit_id, into_id])
    unit, into = known[unit_id], None if into_id is None else known[into_id]
    children = [each for each in known.values() if each.parent_id == unit_id]
    rows = content(unit_id)
    if not rows and not children:
        raise Refused("unit_empty", {})
    for child in children:
        check_free(child)
        if into is not None and into.id in within(child.id):
            raise Refused("unit_loop", {"unit": unit.code, "into": into.code})
        if into is not None:
            _check_fits(child, into)
        child.parent_id = into_id
    check_free(unit)
    if into is not None:
        check_free(into)
        _check_together(unit, into)
    session().flush()
    nested: dict[uuid.UUID, uuid.UUID | None] = {child.id: unit_id for child in children}
    done = Repacked(tuple(each for each in (unit_id, into_id) if each is not None), into_id=into_id, parents=nested)
    if not rows:
        return done
    goods = split(actor, unit_id, [Part(row.stock, row.quantity) for row in rows], into_id, subject)
    return replace(done, units=goods.units, posting_id=goods.posting_id)
