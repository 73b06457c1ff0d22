"""Counting at the dock: each count is one posting, at once, into the carton's handling unit.

The hot path of receiving: Core statements, one for each table, whether one unit is counted or a whole carton.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import insert

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused, invalid_fields
from wms.inbound import rules
from wms.inbound.lots import Lot, date_faults, fits, label, lots_of
from wms.inbound.models import CartonLine
from wms.inbound.queries.lots import ANNOUNCED
from wms.inbound.service import differing, tallying
from wms.inbound.service.counted import CountDraft, Counted, LineNow, check
from wms.inbound.service.differing import LineTotals
from wms.inbound.service.loading import BookingAtWork, work_on_carton
from wms.inbound.service.progress import settle
from wms.inbound.workflow import CARTON, CartonState
from wms.inventory import permits
from wms.inventory import service as stock_service
from wms.inventory.rules import Stock
from wms.inventory.service import Subject
from wms.platform.database import session
from wms.platform.statements import Statement

FULL_CONTROL = "full"
NOT_READ = frozenset({"lot_required", "expiry_required"})


def count(
    actor: Actor,
    carton_id: uuid.UUID,
    product_id: uuid.UUID,
    quantity: int,
    *,
    condition: str = "good",
    batch: str | None = None,
    expires_on: date | None = None,
    serial_numbers: Sequence[str] = (),
    finding: str | None = None,
    made_on: date | None = None,
) -> Counted:
    """Units of one product were counted in a carton. More than declared is recorded as a difference, in a bonded
    warehouse the surplus goes to *unaccounted*. A product of this owner that is not on the booking is received as
    *wrong*; another seller's is refused.

    Refuses `product_not_of_owner`, `expiry_required`, `lot_required`, `lot_made_otherwise`, `shelf_life_short` (good
    units that will not keep as long as the seller's terms ask: they are counted as damaged), `item_needs_serials`,
    `serial_known`, `not_allowed_now` (not arrived, or closed), and days that no goods have at their field.

    Counted blind, it is noted and becomes stock when the carton is closed (`tallying`).
    """
    return count_many(
        actor, carton_id,
        [CountDraft(product_id, quantity, condition, batch, expires_on, serial_numbers, finding, made_on)],
    )  # fmt: skip


def count_many(actor: Actor, carton_id: uuid.UUID, drafts: Sequence[CountDraft]) -> Counted:
    """Several counts of one carton as one act with one posting: all or nothing, undone together."""
    check(drafts)
    return count_in(actor, work_on_carton(actor, carton_id, action="count"), carton_id, drafts)


def count_in(
    actor: Actor,
    booking: BookingAtWork,
    carton_id: uuid.UUID,
    drafts: Sequence[CountDraft],
    *,
    tallied: bool = False,
    as_announced: bool = False,
) -> Counted:
    """The same, of checked drafts and under the booking's lock. `tallied`: what a blind count said, at its end;
    `as_announced`: what its paper says. Of neither is a serial number looked for on the paper: nobody is told of it now.
    """
    read = [] if tallied or as_announced else [number for draft in drafts for number in draft.serial_numbers]
    facts = _read(carton_id, {draft.product_id for draft in drafts}, read)
    state = CARTON.apply("count", facts.state)
    if tallied:  # whether it keeps long enough was asked when it was counted
        facts = replace(facts, min_shelf_days=None)
    elif facts.is_blind:
        return _tally(actor, booking, carton_id, drafts, facts)
    if booking.transfer_order_id is not None and facts.warehouse.is_bonded:
        facts.leave.update(permits.left_of("transfer", booking.transfer_order_id))
    work = _Act(new_id(), actor, booking, carton_id, facts)
    work.add_missing_lines(drafts)
    entries = _entries(drafts, work)
    _post(actor, work, entries)
    _write(work, entries, state)
    booking_state = settle(booking.id).value if facts.state != state else booking.state
    others = _others(drafts, facts)
    lines = tuple(
        LineNow(key, line.product.sku, line.declared, line.good, line.damaged, line.unaccounted, others.get(key))
        for key, line in work.facts.lines.items()
    )  # fmt: skip
    return Counted(work.id, booking.id, booking_state, booking.version, carton_id, state.value, lines)


@dataclass(frozen=True)
class _Product:
    """Facts of the product in the form that stock asks for."""

    id: uuid.UUID
    owner_id: uuid.UUID
    sku: str
    lot_controlled: bool
    expiry_controlled: bool
    customs_item_number: str | None
    serial_control: str


@dataclass
class _Line:
    """A line with its totals, which this act moves on."""

    product: _Product
    id: uuid.UUID
    is_new: bool
    declared: int
    good: int
    damaged: int
    unaccounted: int
    on_booking: bool
    unlabelled: int
    mixed: int
    announced: tuple[Lot, ...]
    strangers: frozenset[str]  # of the numbers given, those that its paper does not name where it names any

    def totals(self) -> LineTotals:
        return LineTotals(
            self.id, self.product.id, self.declared, self.good, self.damaged, self.on_booking, self.unlabelled,
            self.mixed,
        )  # fmt: skip

    def add(self, draft: CountDraft, beyond: int) -> None:
        if draft.condition == "good":
            self.good += draft.quantity
        else:
            self.damaged += draft.quantity
        self.unaccounted += beyond
        self.unlabelled += draft.quantity * (draft.finding == rules.Finding.UNLABELLED)
        self.mixed += draft.quantity * (draft.finding == rules.Finding.MIXED)


@dataclass(frozen=True)
class _Warehouse:
    id: uuid.UUID
    is_bonded: bool


@dataclass(frozen=True)
class _Facts:
    state: str
    handling_unit_id: uuid.UUID | None
    location_id: uuid.UUID | None
    unaccounted_id: uuid.UUID | None
    warehouse: _Warehouse
    time_zone: str
    min_shelf_days: int | None
    is_blind: bool
    lines: dict[uuid.UUID, _Line]
    book_items: dict[str, uuid.UUID] = field(default_factory=dict)  # of the products' item numbers, in bond
    # From zone to zone: the units that customs still lets in, by product. Moved on by this act.
    leave: dict[uuid.UUID, int] = field(default_factory=dict)


_READ = Statement(
    "SELECT c.state, c.handling_unit_id, hu.location_id, w.id AS warehouse_id, w.kind = 'bonded' AS bonded,"
    " w.time_zone, (SELECT t.min_shelf_days FROM inbound_terms t WHERE t.owner_id = c.owner_id) AS min_shelf_days,"
    f" {tallying.IS_BLIND} AS is_blind,"
    " CASE WHEN w.kind = 'bonded' THEN (SELECT u.id FROM location u WHERE u.warehouse_id = w.id"
    "  AND u.kind = 'unaccounted' ORDER BY u.walk_order, u.code LIMIT 1) END AS unaccounted_id,"
    " p.id AS product_id, p.owner_id, p.sku, p.lot_controlled, p.expiry_controlled, p.customs_item_number,"
    " p.serial_control, l.id AS line_id, coalesce(l.declared, 0) AS declared, coalesce(l.received_good, 0) AS good,"
    " coalesce(l.received_damaged, 0) AS damaged, coalesce(l.unaccounted, 0) AS unaccounted,"
    " coalesce(l.unlabelled, 0) AS unlabelled, coalesce(l.mixed, 0) AS mixed,"
    # not EXISTS: in a list of columns that may be answered by reading all lines there are
    " coalesce((SELECT true FROM carton_line o WHERE o.booking_id = c.booking_id AND o.product_id = p.id"
    "  AND o.declared > 0 LIMIT 1), false) AS on_booking,"
    f" CASE WHEN l.declared > 0 THEN ({ANNOUNCED}) END AS announced,"
    " CASE WHEN l.declared > 0 AND p.serial_control = 'full' AND (SELECT true FROM announced_lot n"
    "  WHERE n.carton_line_id = l.id AND n.serial_numbers <> '{}' LIMIT 1) THEN (SELECT array_agg(g.number)"
    "  FROM unnest(CAST(:given AS text[])) AS g(number) WHERE NOT EXISTS (SELECT 1 FROM announced_lot n"
    "   WHERE n.carton_line_id = l.id AND g.number = ANY(n.serial_numbers))) END AS strangers"
    " FROM carton c JOIN warehouse w ON w.id = c.warehouse_id"
    " LEFT JOIN handling_unit hu ON hu.id = c.handling_unit_id"
    " LEFT JOIN product p ON p.owner_id = c.owner_id AND p.id = ANY(CAST(:products AS uuid[]))"
    " LEFT JOIN carton_line l ON l.carton_id = c.id AND l.product_id = p.id WHERE c.id = :carton"
)


def _read(carton_id: uuid.UUID, product_ids: set[uuid.UUID], given: Sequence[str]) -> _Facts:
    """The carton, its warehouse, and the counted products with their lines: one statement. Of the serial numbers on paper
    only whether those `given` are among them: a line may have hundreds, and it is asked at every scan.
    """
    rows = _READ.all({"carton": carton_id, "products": list(product_ids), "given": list(given)})
    first = rows[0]
    lines = {row.product_id: _line(row) for row in rows if row.product_id is not None}
    facts = _Facts(first.state, first.handling_unit_id, first.location_id, first.unaccounted_id,
                   _Warehouse(first.warehouse_id, first.bonded), first.time_zone, first.min_shelf_days,
                   first.is_blind, lines)  # fmt: skip
    if len(lines) != len(product_ids):
        CARTON.apply("count", facts.state)  # the nearer reason, where there are two
        raise Refused("product_not_of_owner", {}, next_step="register_arrival")
    return replace(facts, book_items=_book_items(facts)) if first.bonded else facts


def _book_items(facts: _Facts) -> dict[str, uuid.UUID]:
    """The customs book's lines of all counted products at once."""
    numbers = {line.product.customs_item_number for line in facts.lines.values()}
    return permits.book_items(facts.warehouse.id, [number for number in numbers if number])


def _line(row: Any) -> _Line:
    product = _Product(row.product_id, row.owner_id, row.sku, row.lot_controlled, row.expiry_controlled,
                       row.customs_item_number, row.serial_control)  # fmt: skip
    is_new = row.line_id is None
    return _Line(
        product, row.line_id or new_id(), is_new, row.declared, row.good, row.damaged, row.unaccounted, row.on_booking,
        row.unlabelled, row.mixed, tuple(lots_of(row.announced)), frozenset(row.strangers or ()),
    )  # fmt: skip


def _tally(
    actor: Actor, booking: BookingAtWork, carton_id: uuid.UUID, drafts: Sequence[CountDraft], facts: _Facts
) -> Counted:
    """Note what was counted, refusing all that a count refuses; nothing is posted, and nothing told of what was announced."""
    numbers: dict[uuid.UUID, list[str]] = {}
    for draft in drafts:
        product = facts.lines[draft.product_id].product
        numbers.setdefault(product.id, []).extend(_serials(draft, product))
        _check_days(draft, product, facts)
        stock_service.lot_of(product, draft.batch, draft.expires_on, draft.made_on)
    for product_id, given in numbers.items():
        tallying.refuse_known(product_id, given)
    state = CARTON.apply("count", facts.state).value
    act_id = tallying.add(actor, carton_id, drafts, state)
    booking_state = settle(booking.id).value if facts.state != state else booking.state
    counted = tallying.sums(carton_id)
    lines = tuple(
        LineNow(key, counted[key].sku, None, counted[key].good, counted[key].damaged, 0)
        for key in dict.fromkeys(draft.product_id for draft in drafts)
    )
    return Counted(act_id, booking.id, booking_state, booking.version, carton_id, state, lines)


@dataclass
class _Act:
    """One count under way."""

    id: uuid.UUID
    actor: Actor
    booking: BookingAtWork
    carton_id: uuid.UUID
    facts: _Facts
    posting_id: uuid.UUID | None = None
    before: dict[uuid.UUID, dict[rules.DifferenceKind, int]] = field(default_factory=dict)

    def add_missing_lines(self, drafts: Sequence[CountDraft]) -> None:
        """Products found in a carton that does not declare them get a line with nothing declared."""
        lines = self.facts.lines
        new = [lines[key] for key in dict.fromkeys(draft.product_id for draft in drafts) if lines[key].is_new]
        if new:
            session().execute(insert(CartonLine), [self._new_row(line) for line in new])
        self.before = {key: line.totals().differences(closed=False) for key, line in lines.items()}

    def _new_row(self, line: _Line) -> dict[str, Any]:
        return {
            "id": line.id, "booking_id": self.booking.id, "carton_id": self.carton_id,
            "owner_id": self.booking.owner_id, "product_id": line.product.id, "position": rules.MAX_LINES + 1,
            "declared": 0, "received_good": 0, "received_damaged": 0, "unaccounted": 0, "put_away": 0,
            "unlabelled": 0, "mixed": 0,
        }  # fmt: skip


@dataclass(frozen=True)
class _Entry:
    """What one draft, or the part of it that is bonded surplus, brings in."""

    line: _Line
    stock: Stock
    quantity: int
    is_surplus: bool
    serials: tuple[str, ...]
    finding: str | None


def _entries(drafts: Sequence[CountDraft], work: _Act) -> list[_Entry]:
    return [entry for draft in drafts for entry in _split(draft, work.facts.lines[draft.product_id], work.facts)]


def _split(draft: CountDraft, line: _Line, facts: _Facts) -> list[_Entry]:
    """The draft as one entry, or two where a bonded surplus begins; the line's totals move on."""
    product = line.product
    numbers = _serials(draft, product)
    _check_days(draft, product, facts)
    lot_id = _lot_of(draft, line)
    if facts.location_id is None:  # the workflow lets only cartons be counted that are here
        raise LookupError("an arrived carton has a handling unit")
    stock = stock_service.goods(
        facts.warehouse, product, facts.location_id, lot_id=lot_id, handling_unit_id=facts.handling_unit_id,
        condition=draft.condition, book_items=facts.book_items,
    )  # fmt: skip
    beyond = _beyond(draft, line, facts)
    within = draft.quantity - beyond
    line.add(draft, beyond)
    entries = [_Entry(line, stock, within, False, numbers[:within], draft.finding)] if within else []
    if beyond:
        if facts.unaccounted_id is None:
            raise LookupError("every bonded warehouse is made with an unaccounted location")
        outside = replace(stock, location_id=facts.unaccounted_id, handling_unit_id=None)
        entries.append(_Entry(line, outside, beyond, True, numbers[within:], draft.finding))
    return entries


def _lot_of(draft: CountDraft, line: _Line) -> uuid.UUID | None:
    """The lot of what was counted. Where it was not read, the refusal says what was announced: whoever counts looks whether
    that is what is printed.
    """
    try:
        return stock_service.lot_of(line.product, draft.batch, draft.expires_on, draft.made_on)
    except Refused as refusal:
        told = [lot for lot in line.announced if any(lot[:3])]
        if not told or refusal.code not in NOT_READ:
            raise
        raise Refused(refusal.code, {**refusal.params, "announced": [_offer(lot) for lot in told]}) from refusal


def _others(drafts: Sequence[CountDraft], facts: _Facts) -> dict[uuid.UUID, tuple[rules.DifferenceKind, str]]:
    """By product, the first thing read that its paper does not say (`LineNow.other`). It is asked of what the book keeps of
    it, as at the close.
    """
    found: dict[uuid.UUID, tuple[rules.DifferenceKind, str]] = {}
    for draft in drafts:
        other = _other(draft, facts.lines[draft.product_id])
        if other is not None:
            found.setdefault(draft.product_id, other)
    return found


def _other(draft: CountDraft, line: _Line) -> tuple[rules.DifferenceKind, str] | None:
    for number in draft.serial_numbers:
        if number in line.strangers:
            return rules.DifferenceKind.OTHER_SERIAL, number
    kept = stock_service.kept_of(line.product, draft.batch, draft.expires_on, draft.made_on)
    if line.announced and not any(fits(lot, *kept) for lot in line.announced):
        return rules.DifferenceKind.OTHER_LOT, label(Lot(*kept, draft.quantity))
    return None


def _offer(lot: Lot) -> dict[str, Any]:
    days = {name: None if day is None else day.isoformat() for name, day in
            (("made_on", lot.made_on), ("expires_on", lot.expires_on))}  # fmt: skip
    return {"batch": lot.batch, **days, "units": lot.units}


def _check_days(draft: CountDraft, product: _Product, facts: _Facts) -> None:
    """Days that cannot be, and goods that will not keep long enough to be sold."""
    if draft.made_on is None and draft.expires_on is None:
        return
    today = clock.today(facts.time_zone)
    faults = date_faults(draft.made_on, draft.expires_on, today)
    if faults:
        raise invalid_fields(faults)
    wanted = facts.min_shelf_days
    if wanted is None or draft.expires_on is None or not product.expiry_controlled or draft.condition != "good":
        return
    left = (draft.expires_on - today).days
    if left < wanted:
        raise Refused(
            "shelf_life_short", {"sku": product.sku, "left": left, "wanted": wanted}, next_step="count_as_damaged"
        )


def _beyond(draft: CountDraft, line: _Line, facts: _Facts) -> int:
    """How many of these units are a surplus in bond: more than the carton declares; from another zone, more than customs
    still lets in. The list names no cartons, and what was given up and entered as missing used up its leave.
    """
    if not facts.warehouse.is_bonded:
        return 0
    if line.product.id not in facts.leave:
        return rules.surplus(line.declared, line.good + line.damaged, draft.quantity)
    within = min(draft.quantity, facts.leave[line.product.id])
    facts.leave[line.product.id] -= within
    return draft.quantity - within


def _serials(draft: CountDraft, product: _Product) -> tuple[str, ...]:
    if product.serial_control == FULL_CONTROL:
        if len(draft.serial_numbers) != draft.quantity:
            raise Refused(
                "item_needs_serials", {"sku": product.sku, "wanted": draft.quantity, "given": len(draft.serial_numbers)}
            )
    elif draft.serial_numbers:
        raise Refused("serials_not_kept", {"sku": product.sku})
    return tuple(draft.serial_numbers)


def _post(actor: Actor, work: _Act, entries: Sequence[_Entry]) -> None:
    # What another warehouse sent is on its way; everything else comes from outside. From zone to zone it comes under its
    # list, which is one of two that customs let it go with.
    sent = work.booking.transfer_order_id
    leave = permits.of_subject("transfer", sent) if sent is not None and work.facts.warehouse.is_bonded else {}
    posted = stock_service.receive_many(
        actor,
        [(entry.stock, entry.quantity, entry.serials) for entry in entries if not entry.is_surplus],
        Subject("carton", work.carton_id),
        [(entry.stock, entry.quantity, entry.serials) for entry in entries if entry.is_surplus],
        source="supplier" if sent is None else "transit",
        permits=leave,
    )
    work.posting_id = posted.posting_id


_WRITE = Statement(
    "WITH d AS (SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:lines AS uuid[]), CAST(:products AS uuid[]),"
    " CAST(:lots AS uuid[]), CAST(:conditions AS text[]), CAST(:quantities AS int[]), CAST(:surplus AS boolean[]),"
    " CAST(:findings AS text[])) AS d(id, line_id, product_id, lot_id, condition, quantity, is_surplus, finding)),"
    " added AS (UPDATE carton_line l SET received_good = l.received_good + s.good,"
    "  received_damaged = l.received_damaged + s.damaged, unaccounted = l.unaccounted + s.surplus,"
    "  unlabelled = l.unlabelled + s.unlabelled, mixed = l.mixed + s.mixed FROM ("
    "   SELECT line_id, coalesce(sum(quantity) FILTER (WHERE condition = 'good'), 0) AS good,"
    "   coalesce(sum(quantity) FILTER (WHERE condition <> 'good'), 0) AS damaged,"
    "   coalesce(sum(quantity) FILTER (WHERE is_surplus), 0) AS surplus,"
    "   coalesce(sum(quantity) FILTER (WHERE finding = 'unlabelled'), 0) AS unlabelled,"
    "   coalesce(sum(quantity) FILTER (WHERE finding = 'mixed'), 0) AS mixed FROM d GROUP BY line_id) s"
    "  WHERE l.id = s.line_id),"
    " begun AS (UPDATE carton SET state = :state WHERE id = :carton AND state <> :state)"
    " INSERT INTO receipt (id, act_id, booking_id, carton_id, carton_line_id, product_id, lot_id, condition, quantity,"
    "  is_surplus, finding, posting_id, counted_by, counted_at) SELECT id, :act, :booking, :carton, line_id, product_id, lot_id,"
    "  condition, quantity, is_surplus, finding, :posting, :actor, :now FROM d"
)


def _write(work: _Act, entries: Sequence[_Entry], state: CartonState) -> None:
    """Receipts, line totals and the carton's state in one statement; differences only where they changed."""
    _WRITE.run(
        {
            "ids": [new_id() for _ in entries],
            "lines": [entry.line.id for entry in entries],
            "products": [entry.line.product.id for entry in entries],
            "lots": [entry.stock.lot_id for entry in entries],
            "conditions": [entry.stock.condition for entry in entries],
            "quantities": [entry.quantity for entry in entries],
            "surplus": [entry.is_surplus for entry in entries],
            "findings": [entry.finding for entry in entries],
            "act": work.id,
            "booking": work.booking.id,
            "carton": work.carton_id,
            "state": state.value,
            "posting": work.posting_id,
            "actor": work.actor.id,
            "now": clock.now(),
        }
    )
    changed = [
        totals
        for key, totals in ((key, line.totals()) for key, line in work.facts.lines.items())
        if totals.differences(closed=False) != work.before[key]
    ]
    differing.rewrite(work.actor, work.booking.id, work.carton_id, changed, closed=False)
