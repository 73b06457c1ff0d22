"""Putaway (上架): goods go from their carton, loose, into a bin, and become sellable there. `whole.py` has the putaway
of a carton at once; both are taken back here.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from wms.catalog.queries import products_by_ids
from wms.core import clock
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, not_found
from wms.facility.service import set_unit_state
from wms.inbound.models import CartonLine
from wms.inbound.service.loading import work_on_carton
from wms.inbound.service.progress import settle
from wms.inbound.workflow import CARTON, CartonState
from wms.inventory import ledger, units
from wms.inventory.models import Balance
from wms.inventory.putaway import service as putaway
from wms.inventory.putaway.rules import Suggestion
from wms.inventory.service import Subject
from wms.inventory.units import MovedUnit
from wms.platform.database import session
from wms.platform.statements import Statement


@dataclass(frozen=True)
class Stowed:
    """`left`: units still in the carton, of every product. `back`: rows of the carton, each with the units that an undo took
    out of their bin again.
    """

    booking_id: uuid.UUID
    booking_state: str
    version: int
    carton_id: uuid.UUID
    carton_state: str
    posting_id: uuid.UUID
    left: int
    back: tuple[tuple[int, int], ...] = ()


def put_away(
    actor: Actor,
    carton_id: uuid.UUID,
    product_id: uuid.UUID,
    quantity: int,
    location_id: uuid.UUID,
    *,
    condition: str = "good",
    lot_id: uuid.UUID | None = None,
    serial_numbers: Sequence[str] | None = None,
    holder: Subject | None = None,
    overruled: bool = False,
) -> Stowed:
    """Units of a counted carton go into a bin. `lot_id` only where several lots of the product are in it; `holder` and
    `overruled` as of `putaway.place`.

    Refuses `not_allowed_now` (not yet counted), `carton_in_inspection`, `nothing_to_put_away`, `too_many_to_put_away`,
    `lot_needed`, `serials_required`, and what the bin refuses (`putaway.place`).
    """
    if quantity < 1:
        raise invalid("/quantity", "too_small", min=1)
    booking = work_on_carton(actor, carton_id, action="stow")
    carton = _CARTON.first({"carton": carton_id})
    state = CARTON.apply("stow", carton.state)
    if carton.inspected:
        raise Refused("carton_in_inspection", {})
    rows = _content(carton.handling_unit_id)
    source = _source(rows, product_id, quantity, condition, lot_id)
    left = sum(row.on_hand for row in rows) - quantity
    if left == 0:
        state = CARTON.apply("finish", state.value)
        set_unit_state(carton.handling_unit_id, "gone")
    product = products_by_ids([product_id])[product_id]
    subject = Subject("carton", carton_id)
    posted = putaway.place(
        actor, ledger.stock_of(source), location_id, quantity, subject, product=product, serials=serial_numbers or (),
        holder=holder, overruled=overruled,
    )  # fmt: skip
    add_put_away(carton_id, [(product_id, quantity)])
    booking_state = booking.state
    if state != carton.state:
        set_state(carton_id, state)
        booking_state = settle(booking.id).value
    return Stowed(booking.id, booking_state, booking.version, carton_id, state.value, posted.posting_id, left)


def suggest_place(
    actor: Actor,
    carton_id: uuid.UUID,
    product_id: uuid.UUID,
    quantity: int | None = None,
    *,
    condition: str = "good",
    lot_id: uuid.UUID | None = None,
    holder: Subject | None = None,
    awaited: int = 0,
) -> Suggestion | None:
    """The bin for units of a carton, with its reason; by default for all of the product in it. None: no bin
    has room. With a `holder` the bin is kept for them until the putaway. `awaited`: units that orders wait for.
    """
    carton = _CARTON.first({"carton": carton_id})
    if carton is None or not actor.may(Permission.FLOOR_WORK) or not actor.sees_warehouse(carton.warehouse_id):
        raise not_found("carton")
    source = _source(_content(carton.handling_unit_id), product_id, quantity or 0, condition, lot_id)
    product = products_by_ids([product_id])[product_id]
    goods = putaway.goods_of(
        product, quantity or source.on_hand, source.lot_id, source.condition, source.customs_status, awaited
    )
    if holder is None:
        return putaway.suggest_for(carton.warehouse_id, goods)
    choice = putaway.suggest_and_keep(actor, carton.warehouse_id, goods, holder)
    return None if choice is None else choice.suggestion


def undo_put_away(actor: Actor, carton_id: uuid.UUID) -> Stowed:
    """The last goods put away go back into their carton, while they are still in that bin and in nobody's order; a
    carton put away as it is comes back with them. Refuses `nothing_to_undo`, and what `units.undo_move` refuses.
    """
    booking = work_on_carton(actor, carton_id, action="unstow")
    carton = _CARTON.first({"carton": carton_id})
    last = _LAST.all({"warehouse": booking.warehouse_id, "carton": carton_id})
    if not last:
        raise Refused("nothing_to_undo", {})
    state = CARTON.apply("unstow", carton.state)
    posting_id = _take_back(actor, carton, carton_id, last[0])
    add_put_away(carton_id, [(move.product_id, -move.quantity) for move in last])
    put_away_left = session().scalar(
        select(CartonLine.id).where(CartonLine.carton_id == carton_id, CartonLine.put_away > 0)
    )
    if put_away_left is None:
        state = CARTON.apply("unstow_all", carton.state)
    set_state(carton_id, state)
    booking_state = settle(booking.id)
    left = sum(row.on_hand for row in _content(carton.handling_unit_id))
    back = tuple((move.row_id, move.quantity) for move in last)
    return Stowed(booking.id, booking_state.value, booking.version, carton_id, state.value, posting_id, left, back)


def _take_back(actor: Actor, carton: Any, carton_id: uuid.UUID, move: Any) -> uuid.UUID:
    """The mirror of a putaway; `move` is one of its moves."""
    if move.unit_id is not None:  # it went as it was
        moved = MovedUnit(move.unit_id, 0, move.id, move.from_id)
        undone = units.undo_move(actor, moved, move.to_id, back_to=Subject("carton", carton_id))
        if undone is None:
            raise Refused("unit_changed", {})
        return undone
    if carton.state == CartonState.STOWED:
        set_unit_state(carton.handling_unit_id, "in_use")
    return ledger.reverse(actor, carton.warehouse_id, move.id).posting_id


_CARTON = Statement(
    "SELECT state, warehouse_id, handling_unit_id, (SELECT true FROM inspection i WHERE i.carton_id = c.id"
    " AND i.state = 'open' LIMIT 1) AS inspected FROM carton c WHERE id = :carton"
)
_ADDED = (
    "UPDATE carton_line AS l SET put_away = l.put_away + d.quantity FROM (SELECT product_id, sum(quantity) AS quantity"
    " FROM unnest(CAST(:products AS uuid[]), CAST(:quantities AS int[])) AS k(product_id, quantity) GROUP BY 1) AS d"
    " WHERE l.carton_id = :carton AND l.product_id = d.product_id"
)
_STATE_SET = "UPDATE carton SET state = :state, stowed_at = :stowed_at WHERE id = :carton"
_ADD, _SET_STATE, _ADD_AND_SET = (
    Statement(_ADDED),
    Statement(_STATE_SET),
    Statement(f"WITH added AS ({_ADDED}) {_STATE_SET}"),
)
# The moves of the last putaway: one, or all rows of a whole carton; `unit_id` where they stayed in a container.
_LAST = Statement(
    "SELECT m.posting_id AS id, m.from_balance_id AS row_id, m.product_id, m.quantity, f.location_id AS from_id,"
    " t.location_id AS to_id, t.handling_unit_id AS unit_id FROM stock_move m JOIN balance f ON f.id = m.from_balance_id"
    " JOIN balance t ON t.id = m.to_balance_id WHERE m.posting_id = (SELECT p.id"
    "  FROM stock_posting p WHERE p.warehouse_id = :warehouse AND p.subject_kind = 'carton' AND p.subject_id = :carton"
    "  AND p.reason = 'putaway' AND NOT EXISTS (SELECT 1 FROM stock_posting r WHERE r.reverses_id = p.id)"
    "  ORDER BY p.id DESC LIMIT 1) ORDER BY m.id"
)


def _content(handling_unit_id: uuid.UUID | None) -> Sequence[Balance]:
    """The rows with goods in the carton, read anew."""
    query = select(Balance).where(Balance.handling_unit_id == handling_unit_id, Balance.is_there)
    return session().scalars(query.order_by(Balance.id).execution_options(populate_existing=True)).all()


def _source(
    rows: Sequence[Balance], product_id: uuid.UUID, quantity: int, condition: str, lot_id: uuid.UUID | None
) -> Balance:
    fitting = [row for row in rows if row.product_id == product_id and row.condition == condition]
    if lot_id is not None:
        fitting = [row for row in fitting if row.lot_id == lot_id]
    if not fitting:
        raise Refused("nothing_to_put_away", {})
    if len(fitting) > 1:
        raise Refused("lot_needed", {"lots": [str(row.lot_id) for row in fitting]})
    if fitting[0].on_hand < quantity:
        raise Refused("too_many_to_put_away", {"left": fitting[0].on_hand, "wanted": quantity})
    return fitting[0]


Quantities = Sequence[tuple[uuid.UUID, int]]


def add_put_away(carton_id: uuid.UUID, quantities: Quantities) -> None:
    """Units put away (or, negative, taken back) by product: one statement."""
    _ADD.run(_added(carton_id, quantities))


def set_state(carton_id: uuid.UUID, state: CartonState) -> None:
    _SET_STATE.run(_state_set(carton_id, state))


def add_and_set(carton_id: uuid.UUID, quantities: Quantities, state: CartonState) -> None:
    """Both at once."""
    _ADD_AND_SET.run(_added(carton_id, quantities) | _state_set(carton_id, state))


def _added(carton_id: uuid.UUID, quantities: Quantities) -> dict[str, Any]:
    products = [product_id for product_id, _ in quantities]
    return {"products": products, "quantities": [quantity for _, quantity in quantities], "carton": carton_id}


def _state_set(carton_id: uuid.UUID, state: CartonState) -> dict[str, Any]:
    stowed_at = clock.now() if state is CartonState.STOWED else None
    return {"carton": carton_id, "state": state.value, "stowed_at": stowed_at}
