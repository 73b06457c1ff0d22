"""A whole carton in one scan: counted as declared, put away into one bin, loose or as it is, or moved. One posting each,
and as many statements for two lines as for twenty.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from wms.catalog.queries import products_by_ids
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.facility.service import set_unit_state
from wms.inbound.lots import lots_of, remaining
from wms.inbound.queries.lots import ANNOUNCED, CAME, NUMBERS_READ
from wms.inbound.service import tallying
from wms.inbound.service.counted import CONDITIONS, CountDraft, Counted
from wms.inbound.service.counting import count_in
from wms.inbound.service.loading import BookingAtWork, work_on_carton
from wms.inbound.service.progress import settle
from wms.inbound.service.stowing import Stowed, add_and_set
from wms.inbound.workflow import CARTON, CartonState
from wms.inventory import units
from wms.inventory.putaway import service as putaway
from wms.inventory.putaway.rules import Suggestion
from wms.inventory.service import Subject
from wms.inventory.units import MovedUnit
from wms.platform.statements import Statement


@dataclass(frozen=True)
class StowedWhole:
    """The putaway, and how many units it took in."""

    stowed: Stowed
    units: int


@dataclass(frozen=True)
class CountedWhole:
    """The count, and how many units and lines it took in."""

    counted: Counted
    units: int
    lines: int


_REMAINS = Statement(
    f"SELECT c.state, {tallying.IS_BLIND} AS is_blind,"
    " l.product_id, l.declared - l.received_good - l.received_damaged AS quantity, a.lots,"
    f" CASE WHEN a.lots IS NOT NULL THEN ({CAME}) END AS came,"
    " CASE WHEN a.lots IS NOT NULL AND p.serial_control = 'full' THEN (SELECT json_agg(n.serial_numbers ORDER BY n.position)"
    "  FROM announced_lot n WHERE n.carton_line_id = l.id) END AS numbers,"
    f" CASE WHEN a.lots IS NOT NULL AND p.serial_control = 'full' THEN ({NUMBERS_READ}) END AS read FROM carton c"
    " LEFT JOIN carton_line l ON l.carton_id = c.id AND l.declared > l.received_good + l.received_damaged"
    f" LEFT JOIN product p ON p.id = l.product_id LEFT JOIN LATERAL ({ANNOUNCED}) a ON true"
    " WHERE c.id = :carton ORDER BY l.position, l.id"
)


def count_as_declared(actor: Actor, carton_id: uuid.UUID, *, condition: str = "good") -> CountedWhole:
    """Whatever the carton declares and is not counted yet is in it: counted as one act, undone as one (整箱按预报收). With
    the batches, days and serial numbers that were announced.

    Never a surplus, so nothing goes to *unaccounted*. Refuses `count_is_blind` (nobody is to know what is announced),
    `nothing_left_to_count`, `not_allowed_now` (not arrived, or closed), and, naming the product, what the declaration
    does not say: `lot_required`, `expiry_required`, `item_needs_serials`.
    """
    if condition not in CONDITIONS:
        raise ValueError(f"no such condition: {condition}")
    return count_remains(actor, work_on_carton(actor, carton_id, action="count"), carton_id, condition=condition)


def count_remains(
    actor: Actor, booking: BookingAtWork, carton_id: uuid.UUID, *, condition: str = "good"
) -> CountedWhole:
    """The same under the booking's lock."""
    rows = _REMAINS.all({"carton": carton_id})
    CARTON.apply("count", rows[0].state)
    if rows[0].is_blind:
        raise Refused("count_is_blind", {})
    drafts = [draft for row in rows if row.product_id is not None for draft in _drafts(row, condition)]
    if not drafts:
        raise Refused("nothing_left_to_count", {})
    counted = count_in(actor, booking, carton_id, drafts, as_announced=True)
    return CountedWhole(counted, sum(draft.quantity for draft in drafts), len(rows))


def _drafts(row: Any, condition: str) -> list[CountDraft]:
    """What is left of a line, as its paper says it: by batch, with days and, where the product keeps them, numbers."""
    if not row.lots:
        return [CountDraft(row.product_id, row.quantity, condition)]
    announced, read = lots_of(row.lots), set(row.read or ())
    drafts = []
    for place, left in enumerate(remaining(announced, lots_of(row.came), row.quantity)):
        if left:
            lot = announced[place]
            unread = [number for number in row.numbers[place] if number not in read] if row.numbers else []
            drafts.append(
                CountDraft(row.product_id, left, condition, lot.batch, lot.expires_on, unread[:left], None, lot.made_on)
            )
    return drafts


_CARTON = Statement(
    "SELECT state, warehouse_id, handling_unit_id, (SELECT true FROM inspection i WHERE i.carton_id = c.id AND i.state = 'open'"
    " LIMIT 1) AS inspected FROM carton c WHERE id = :carton"
)


def put_away_all(actor: Actor, carton_id: uuid.UUID, location_id: uuid.UUID, *, overruled: bool = False) -> StowedWhole:
    """Everything still in a counted carton goes into one bin, loose: one posting, all or nothing (拆箱上架).

    Loose as `put_away` leaves it, and not inside the carton: a picker is sent to a bin and would not see a carton in
    it. What is to stay unopened is put away by `put_away_unopened`.

    Refuses `not_allowed_now` (not yet counted), `nothing_to_put_away`, and for each row what the bin refuses
    (see `put_away`); a carton of several products needs a bin that mixes products.
    """
    booking = work_on_carton(actor, carton_id, action="stow")
    carton = _CARTON.first({"carton": carton_id})
    state = CARTON.apply("stow", carton.state)
    if carton.inspected:
        raise Refused("carton_in_inspection", {})
    rows = units.content(carton.handling_unit_id)
    if not rows:
        raise Refused("nothing_to_put_away", {})
    set_unit_state(carton.handling_unit_id, "gone")
    products = products_by_ids({row.stock.product_id for row in rows})
    contents = [(row.stock, row.quantity) for row in rows]
    subject = Subject("carton", carton_id)
    posted = putaway.place_all(actor, contents, location_id, subject, products, overruled=overruled)
    state = CARTON.apply("finish", state.value)
    add_and_set(carton_id, [(row.stock.product_id, row.quantity) for row in rows], state)
    booking_state = settle(booking.id)
    stowed = Stowed(booking.id, booking_state.value, booking.version, carton_id, state.value, posted.posting_id, 0)
    return StowedWhole(stowed, sum(row.quantity for row in rows))


# One look at all that keeps a carton from being put away as it is.
_UNOPENED = Statement(
    "SELECT c.state, c.handling_unit_id, (SELECT true FROM inspection i WHERE i.carton_id = c.id AND i.state = 'open'"
    " LIMIT 1) AS inspected, (SELECT true FROM difference d WHERE d.booking_id = c.booking_id AND d.carton_id = c.id"
    "  AND d.state <> 'settled' LIMIT 1) AS undecided,"
    " (SELECT sum(b.on_hand)::int FROM balance b WHERE b.handling_unit_id = c.handling_unit_id) AS units,"
    " (SELECT true FROM balance b WHERE b.handling_unit_id = c.handling_unit_id AND b.is_there AND b.held_by > 0 LIMIT 1)"
    " AS held FROM carton c WHERE c.id = :carton"
)


def check_unopened(carton_id: uuid.UUID) -> int:
    """How many units are in a carton that may be put away as it is. Refuses what `put_away_unopened` refuses before it
    knows the bin.
    """
    return int(_unopened(carton_id).units)


def _unopened(carton_id: uuid.UUID) -> Any:
    carton = _UNOPENED.first({"carton": carton_id})
    if carton.state == CartonState.STOWING:
        raise Refused("carton_begun", {})
    CARTON.apply("stow", carton.state)
    if carton.inspected:
        raise Refused("carton_in_inspection", {})
    if carton.undecided:
        raise Refused("carton_undecided", {})
    if carton.held:
        raise Refused("stock_is_held", {})
    if not carton.units:
        raise Refused("nothing_to_put_away", {})
    return carton


def suggest_unopened(actor: Actor, carton_id: uuid.UUID, holder: Subject) -> Suggestion | None:
    """The bin for a carton that is put away as it is, with its reason: one in which all that is in it may stand, with room
    for the sum. It is kept for the holder until the putaway. None: there is none.
    """
    carton = _CARTON.first({"carton": carton_id})
    if carton is None or not actor.may(Permission.FLOOR_WORK) or not actor.sees_warehouse(carton.warehouse_id):
        raise not_found("carton")
    rows = units.content(*units.within(carton.handling_unit_id))
    products = products_by_ids({row.stock.product_id for row in rows})
    goods = [
        putaway.goods_of(products[row.stock.product_id], row.quantity, row.stock.lot_id, row.stock.condition,
                         row.stock.customs_status)
        for row in rows
    ]  # fmt: skip
    if not goods:
        raise Refused("nothing_to_put_away", {})
    choice = putaway.suggest_and_keep_for_all(actor, carton.warehouse_id, goods, holder)
    return None if choice is None else choice.suggestion


def put_away_unopened(
    actor: Actor,
    carton_id: uuid.UUID,
    location_id: uuid.UUID,
    *,
    holder: Subject | None = None,
    overruled: bool = False,
) -> StowedWhole:
    """A counted carton is put away as it is, with its goods in it: one posting (整箱上架). It is free stock's container
    from then on, known by the label that it came with: moved, repacked, counted and shipped like any other.

    `holder` and `overruled` as of `put_away`. Only a carton that is what its booking says: what is decided later takes goods
    out of a carton that is still the booking's. Refuses `carton_begun` (some of it is in a bin), `not_allowed_now` (not
    yet counted), `carton_in_inspection`, `carton_undecided` (a difference waits for the seller or the warehouse),
    `stock_is_held`, `nothing_to_put_away`, and what the bin refuses its goods (`put_away_all`).
    """
    booking = work_on_carton(actor, carton_id, action="stow")
    unit_id = _unopened(carton_id).handling_unit_id
    rows = units.content(unit_id)
    moved = units.move_unit(
        actor, unit_id, location_id, Subject("carton", carton_id), of_document="carton", puts_away=True,
        holder=holder, overruled=overruled,
    )  # fmt: skip
    if moved.posting_id is None:
        raise Refused("nothing_to_put_away", {})
    add_and_set(carton_id, [(row.stock.product_id, row.quantity) for row in rows], CartonState.STOWED)
    state, now = CartonState.STOWED.value, settle(booking.id).value
    stowed = Stowed(booking.id, now, booking.version, carton_id, state, moved.posting_id, 0)
    return StowedWhole(stowed, moved.units)


# What a carton may be while it is carried about: not in the middle of a count or a putaway, whose undo looks for the
# goods where they were.
_MOVABLE = frozenset({CartonState.ARRIVED, CartonState.COUNTED})
_NOT_HERE = frozenset({CartonState.DECLARED, CartonState.MISSING})


def move_carton(actor: Actor, carton_id: uuid.UUID, location_id: uuid.UUID, subject: Subject) -> MovedUnit:
    """A carton at the dock goes, with what was counted in it, to another place where goods wait. Into a bin its goods
    are put away, so that their booking knows.

    Refuses `carton_not_here`, `unit_gone`, `unit_in_use` (being counted or put away), `carton_is_put_away`, and what
    `units.move_unit` refuses.
    """
    work_on_carton(actor, carton_id, action="move")
    carton = _CARTON.first({"carton": carton_id})
    check_movable(carton.state)
    return units.move_unit(actor, carton.handling_unit_id, location_id, subject, of_document="carton")


def undo_move_carton(actor: Actor, carton_id: uuid.UUID, moved: MovedUnit, location_id: uuid.UUID) -> None:
    """The carton goes back to where it was taken from, while nobody has begun to count or put it away. Refuses what
    `move_carton` and `units.undo_move` refuse.
    """
    work_on_carton(actor, carton_id, action="move")
    check_movable(_CARTON.first({"carton": carton_id}).state)
    units.undo_move(actor, moved, location_id, of_document="carton")


def check_movable(state: str) -> None:
    """Refuse a carton that is not here (any more) or is being worked on."""
    if state in _NOT_HERE:
        raise Refused("carton_not_here", {})
    if state == CartonState.STOWED:
        raise Refused("unit_gone", {})
    if state not in _MOVABLE:
        raise Refused("unit_in_use", {})
