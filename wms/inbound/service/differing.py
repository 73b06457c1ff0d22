"""Difference rows of lines: computed by `rules.differences`, written when they change."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.inbound import lots, rules
from wms.inbound.events import DifferenceFound
from wms.inbound.models import Difference
from wms.inbound.queries.lots import ANNOUNCED, CAME, NUMBERS_READ
from wms.inbound.service.loading import BookingAtWork
from wms.inbound.workflow import DIFFERENCE
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.statements import Statement


@dataclass(frozen=True)
class LineTotals:
    """What a line declares and what has been counted of it. `on_booking`: some carton of the booking declares it."""

    id: uuid.UUID
    product_id: uuid.UUID
    declared: int
    good: int
    damaged: int
    on_booking: bool
    unlabelled: int
    mixed: int
    other_lot: int = 0
    other_serial: int = 0

    def differences(self, closed: bool) -> dict[rules.DifferenceKind, int]:
        return rules.differences(
            declared=self.declared, received=self.good + self.damaged, damaged=self.damaged,
            on_booking=self.on_booking, closed=closed, unlabelled=self.unlabelled, mixed=self.mixed,
            other_lot=self.other_lot, other_serial=self.other_serial,
        )  # fmt: skip


# Not EXISTS: in a list of columns that may be answered by reading all lines there are. Lots and numbers, on paper and come,
# only where the carton is closed: before that nothing is told of them.
_LINES = Statement(
    "SELECT l.id, l.product_id, l.declared, l.received_good, l.received_damaged, coalesce("
    "(SELECT true FROM carton_line o WHERE o.booking_id = l.booking_id AND o.product_id = l.product_id"
    "  AND o.declared > 0 LIMIT 1), false) AS on_booking, l.unlabelled, l.mixed, a.lots, u.numbers,"
    f" CASE WHEN a.lots IS NOT NULL THEN ({CAME}) END AS came, CASE WHEN u.numbers IS NOT NULL THEN ({NUMBERS_READ}) END AS read"
    f" FROM carton_line l LEFT JOIN LATERAL ({ANNOUNCED} AND :closed) a ON true"
    " LEFT JOIN LATERAL (SELECT array_agg(s.number) AS numbers FROM announced_lot n CROSS JOIN LATERAL"
    "   unnest(n.serial_numbers) AS s(number) WHERE n.carton_line_id = l.id AND :closed) u ON true"
    " WHERE l.carton_id = :carton ORDER BY l.position, l.id"
)


def lines_of(carton_id: uuid.UUID, *, closed: bool) -> list[LineTotals]:
    """The lines of a carton; `closed`: with the units of other lots and numbers than announced, which the close tells."""
    return [_totals(row) for row in _LINES.all({"carton": carton_id, "closed": closed})]


def _totals(row: Any) -> LineTotals:
    """What came of other lots and numbers than announced; what is too many anyway is told as that."""
    over = max(0, row.received_good + row.received_damaged - row.declared)
    return LineTotals(
        row.id, row.product_id, row.declared, row.received_good, row.received_damaged, row.on_booking, row.unlabelled,
        row.mixed, lots.units_of_others(lots.lots_of(row.lots), lots.lots_of(row.came), over),
        lots.numbers_of_others(row.numbers or (), row.read or (), over),
    )  # fmt: skip


_FORGET = Statement("DELETE FROM difference WHERE carton_line_id = ANY(CAST(:lines AS uuid[]))")
# Those of a closed carton are the seller's to decide until the hours of their terms are over.
_NOTE = Statement(
    "INSERT INTO difference (id, booking_id, carton_id, carton_line_id, kind, quantity, found_by, found_at, state,"
    " due_at, remark, by_default) SELECT d.id, :booking, :carton, d.line_id, d.kind, d.quantity, :actor, :now, :state,"
    " CASE WHEN :closed THEN CAST(:now AS timestamptz) + make_interval(hours => coalesce((SELECT t.decide_hours"
    "  FROM inbound_terms t JOIN booking b ON b.owner_id = t.owner_id WHERE b.id = :booking), :hours)) END, '', false"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:lines AS uuid[]), CAST(:kinds AS text[]), CAST(:quantities AS int[]))"
    " AS d(id, line_id, kind, quantity)"
)


def rewrite(
    actor: Actor, booking_id: uuid.UUID, carton_id: uuid.UUID, lines: Sequence[LineTotals], *, closed: bool
) -> None:
    """Write the differences of these lines anew."""
    if not lines:
        return
    _FORGET.run({"lines": [line.id for line in lines]})
    found = [(line.id, kind, units) for line in lines for kind, units in line.differences(closed).items()]
    if not found:
        return
    state = DIFFERENCE.apply("announce", DIFFERENCE.initial) if closed else DIFFERENCE.initial
    ids, kinds = [new_id() for _ in found], [kind.value for _, kind, _ in found]
    values = {"booking": booking_id, "carton": carton_id, "actor": actor.id, "now": clock.now(), "state": state,
              "closed": closed, "hours": rules.TERMS.decide_hours, "ids": ids, "lines": [line for line, _, _ in found],
              "kinds": kinds, "quantities": [units for _, _, units in found]}  # fmt: skip
    _NOTE.run(values)


def close(actor: Actor, booking: BookingAtWork, carton_id: uuid.UUID) -> list[DifferenceFound]:
    """A carton is closed or given up: its shortages show, and every difference is announced."""
    lines = lines_of(carton_id, closed=True)
    rewrite(actor, booking.id, carton_id, lines, closed=True)
    found = [
        DifferenceFound(
            booking.id, booking.warehouse_id, booking.owner_id, carton_id, line.product_id, kind.value, units
        )
        for line in lines
        for kind, units in line.differences(closed=True).items()
    ]
    for event in found:
        record(event)
    return found


def clear(carton_ids: Sequence[uuid.UUID]) -> None:
    """Cartons given up have turned up: nothing is short any more."""
    if carton_ids:
        session().execute(delete(Difference).where(Difference.carton_id.in_(carton_ids)))
