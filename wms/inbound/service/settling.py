"""The warehouse does what a seller decided about goods that differ: label them anew, send them back, destroy them,
count again.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wms.catalog.queries import ProductFacts, products_by_ids
from wms.core import clock
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.facility.service import set_unit_state
from wms.inbound.events import DifferenceSettled
from wms.inbound.models import Difference
from wms.inbound.queries.lots import OTHERS
from wms.inbound.rules import LEAVING, Decision, DifferenceKind
from wms.inbound.service.closing import reopen_carton
from wms.inbound.service.following import drop
from wms.inbound.service.loading import BookingAtWork, work_on_difference
from wms.inbound.service.progress import settle
from wms.inbound.service.stowing import set_state
from wms.inbound.workflow import CARTON, DIFFERENCE, CartonState, DifferenceState
from wms.inventory import ledger
from wms.inventory import service as stock_service
from wms.inventory.converting.rules import RecipeKind, one_to_one
from wms.inventory.ledger import Posted, PostingDraft
from wms.inventory.models import Balance, Lot
from wms.inventory.rules import MoveDraft, Reason, Stock
from wms.inventory.service import Subject
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.statements import Statement


@dataclass(frozen=True)
class CarriedOut:
    """`state`: settled, or noted where the carton is being counted again."""

    difference_id: uuid.UUID
    booking_id: uuid.UUID
    booking_state: str
    version: int
    state: str
    posting_id: uuid.UUID | None


def carry_out(actor: Actor, difference_id: uuid.UUID, *, moves_stock: bool = True) -> CarriedOut:
    """A supervisor says that it is done. Sent back or destroyed units leave the stock, units that become another
    product are converted and lie loose where their carton stands; a recount opens the carton again.

    `moves_stock=False`: the book says so already, or nothing changes in it (a new label of the same product, a count
    made in the bin). Goods are taken from their carton, damaged ones from any bin; what has been put away as good may
    be promised to orders and is not taken from under them: `difference_goods_away`. Duty-suspended goods need a permit.
    A service that was asked for with the decision and that nobody has done is withdrawn; one in work is finished first
    (`not_allowed_now`).
    """
    booking = work_on_difference(actor, difference_id, Permission.EXCEPTIONS_MANAGE)
    difference = session().get(Difference, difference_id, populate_existing=True)
    if difference is None:
        raise not_found("difference")
    state = DIFFERENCE.apply("carry_out", difference.state)
    decision = Decision(difference.decision or "")
    drop(difference_id)
    if decision is Decision.RECOUNT and moves_stock:
        return _count_again(actor, booking, difference)
    posted = None
    if moves_stock and (decision in LEAVING or difference.relabel_to is not None):
        posted = _move(actor, difference, decision)
    difference.state, difference.settled_by, difference.settled_at = state.value, actor.id, clock.now()
    difference.posting_id = posting_id = posted.posting_id if posted else None
    session().flush()
    record(
        DifferenceSettled(booking.id, booking.warehouse_id, booking.owner_id, difference.carton_id, difference_id,
                          decision.value, difference.quantity, posting_id)
    )  # fmt: skip
    now = settle(booking.id)
    return CarriedOut(difference_id, booking.id, now.value, booking.version, state.value, posting_id)


def _count_again(actor: Actor, booking: BookingAtWork, difference: Difference) -> CarriedOut:
    """The carton is open again; its differences are written anew when it is closed, with a new deadline."""
    key, carton_id = difference.id, difference.carton_id
    session().expunge(difference)
    opened = reopen_carton(actor, carton_id)
    return CarriedOut(key, booking.id, opened.booking_state, opened.version, DifferenceState.NOTED.value, None)


_SOURCES = Statement(
    "SELECT b.id, b.lot_id, b.on_hand - b.allocated AS free, b.handling_unit_id = c.handling_unit_id AS inside,"
    " (SELECT coalesce(sum(o.on_hand), 0) FROM balance o WHERE o.handling_unit_id = c.handling_unit_id) AS in_carton,"
    " hu.location_id AS place FROM carton c JOIN handling_unit hu ON hu.id = c.handling_unit_id"
    " JOIN balance b ON b.warehouse_id = c.warehouse_id AND b.owner_id = c.owner_id"
    "  AND b.product_id = CAST(:product AS uuid) AND b.is_there AND b.on_hand > b.allocated AND b.held_by = 0"
    "  AND (:of_any OR (b.condition <> 'good') = :damaged)"
    "  AND (b.handling_unit_id = c.handling_unit_id OR (:damaged AND b.handling_unit_id IS NULL))"
    " WHERE c.id = :carton ORDER BY b.handling_unit_id = c.handling_unit_id DESC NULLS LAST, b.id"
)
_OTHERS = Statement(OTHERS.format(which="AND r.carton_line_id = :line"))
_INSPECTED = Statement("SELECT true FROM inspection WHERE carton_id = :carton AND state = 'open' LIMIT 1")
_PRODUCT = Statement("SELECT product_id FROM carton_line WHERE id = :line")
_STATE = Statement("SELECT state, handling_unit_id FROM carton WHERE id = :carton")


def _move(actor: Actor, difference: Difference, decision: Decision) -> Posted:
    if _INSPECTED.scalar({"carton": difference.carton_id}):
        raise Refused("carton_in_inspection", {})
    product_id = _PRODUCT.scalar({"line": difference.carton_line_id})
    of_lots = difference.kind == DifferenceKind.OTHER_LOT
    values = {"carton": difference.carton_id, "product": product_id, "damaged": difference.kind == "damaged",
              "of_any": of_lots}  # fmt: skip
    rows = _SOURCES.all(values)
    most = {row.lot_id: row.more for row in _OTHERS.all({"line": difference.carton_line_id})} if of_lots else None
    taken = _take(rows, difference.quantity, most)
    inside = sum(units for row, units in taken if row.inside)
    if inside and inside == rows[0].in_carton:
        _finish(difference.carton_id)
    stocks = [(ledger.stock_of(session().get_one(Balance, row.id)), units) for row, units in taken]
    subject = Subject("difference", difference.id)
    if difference.relabel_to is not None:
        product = products_by_ids([difference.relabel_to])[difference.relabel_to]
        return _convert(actor, stocks, product, rows[0].place, subject)
    reason, target = (Reason.SHIP, "supplier") if decision is Decision.RETURN else (Reason.SCRAP, "scrap")
    moves = [MoveDraft(stock, target, units) for stock, units in stocks]
    return ledger.post(actor, PostingDraft(reason, subject.kind, subject.id, moves))


def _take(rows: Sequence[Any], wanted: int, most: Mapping[uuid.UUID, int] | None = None) -> list[tuple[Any, int]]:
    """From these rows, in their order, as many units as are wanted; of a lot no more than `most` says, where it is given."""
    taken: list[tuple[Any, int]] = []
    left = wanted
    of_lot = None if most is None else dict(most)
    for row in rows:
        units = min(left, row.free, row.free if of_lot is None else of_lot.get(row.lot_id, 0))
        if units:
            if of_lot is not None:
                of_lot[row.lot_id] -= units
            taken.append((row, units))
            left -= units
    if left:
        raise Refused("difference_goods_away", {"left": wanted - left, "wanted": wanted})
    return taken


def _finish(carton_id: uuid.UUID) -> None:
    """The last goods of a counted carton go: it is done."""
    carton = _STATE.first({"carton": carton_id})
    state = CARTON.apply("finish", carton.state)
    set_unit_state(carton.handling_unit_id, "gone")
    set_state(carton_id, CartonState(state))


def _convert(
    actor: Actor, stocks: Sequence[tuple[Stock, int]], product: ProductFacts, place: uuid.UUID, subject: Subject
) -> Posted:
    """One to one into the other product, of the same batch and expiry where that one asks for them."""
    yielded = []
    recipe = one_to_one(RecipeKind.RELABEL, stocks[0][0].product_id, product.id)
    for stock, units in stocks:
        lot = session().get(Lot, stock.lot_id) if stock.lot_id else None
        lot_id = stock_service.lot_of(product, lot.batch if lot else None, lot.expires_on if lot else None)
        made = replace(stock, product_id=product.id, lot_id=lot_id, location_id=place, handling_unit_id=None)
        yielded.append((made, units))
    return stock_service.convert(actor, stocks, yielded, subject, recipe)
