"""Stops of walks as the picker sees them, and the one they work on under lock: each in one round trip.

A stop never changes its place, product, order or walk; what is read of those without a lock is true for good.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from wms.catalog.queries import PICTURE
from wms.core.actor import Actor
from wms.core.refusals import not_found
from wms.inventory.rules import Stock
from wms.outbound.service import totes
from wms.outbound.service.held import COLUMNS, OrderAtWork, order_at_work
from wms.platform.locks import Rank, claim
from wms.platform.statements import Statement, pipelined


@dataclass(frozen=True)
class Sight:
    """A stop as a screen shows it. `codes`: units by barcode of its product, as its owner registered them, oldest first.
    `wall`: its goods are sorted there; `is_lane`: they are single pieces. `tote` is then the walk's, and `quantity` and
    `picked` are of all that want some of this row or have had it, `orders` those that still do.
    `container`: its goods stand in the bin in this one. `batch`, `expires_on`: of the goods that were chosen, where they
    have any. `others`: further totes of its order, which were full. `stops_left`: open stops of its walk, itself among them;
    None where that was not asked.
    """

    id: uuid.UUID
    batch_id: uuid.UUID
    order_id: uuid.UUID
    location_id: uuid.UUID
    product_id: uuid.UUID
    quantity: int
    picked: int
    state: str
    order_number: str
    order_state: str
    interception: str
    tote_id: uuid.UUID | None
    tote: str | None
    owner_id: uuid.UUID
    sku: str
    name_en: str
    name_zh: str
    picture: str | None
    serial_control: str
    codes: Mapping[str, int]
    location: str
    location_barcode: str
    wall: str | None
    is_lane: bool
    orders: int
    container: str | None
    batch: str | None
    expires_on: date | None
    others: Sequence[str] | None
    stops_left: int | None

    @property
    def is_together(self) -> bool:
        """Whether what several orders want of this row is taken at once (`together`)."""
        return self.wall is not None or self.is_lane

    @property
    def left(self) -> int:
        return self.quantity - self.picked

    @property
    def unit_code(self) -> str | None:
        """The code that is printed on one unit."""
        return next((code for code, units in self.codes.items() if units == 1), None)


# Of a row of `pick_batch`: whether its goods are picked together, into its own container. And where those of a stop go.
IS_SHARED = "({walk}.wall IS NOT NULL OR {walk}.is_lane)"
TOTE_OF = f"CASE WHEN {IS_SHARED} THEN {{walk}}.tote_id ELSE {{order}}.tote_id END"
_SHARED = IS_SHARED.format(walk="h")
_SEEN = [each.name for each in fields(Sight)]
_SIGHT = (  # to be completed with what is said of `stops_left`
    "SELECT t.id, t.batch_id, t.order_id, t.location_id, t.product_id, coalesce(k.quantity, t.quantity) AS quantity,"
    " coalesce(k.picked, t.picked) AS picked, t.state, o.number, o.state AS order_state, o.interception,"
    f" u.id AS tote_id, u.code AS tote, p.owner_id, p.sku, p.name_en, p.name_zh, {PICTURE}, p.serial_control,"
    " c.codes, l.code AS location, l.barcode, h.wall, h.is_lane, coalesce(k.orders, 1) AS orders, v.code AS container,"
    f" g.batch, g.expires_on, CASE WHEN NOT {_SHARED} THEN {totes.OTHERS} END AS others,"
    " {} AS stops_left, c.units"
    " FROM pick_task t JOIN outbound_order o ON o.id = t.order_id JOIN product p ON p.id = t.product_id"
    " JOIN location l ON l.id = t.location_id JOIN pick_batch h ON h.id = t.batch_id"
    " LEFT JOIN balance y ON y.id = t.balance_id LEFT JOIN handling_unit v ON v.id = y.handling_unit_id"
    " LEFT JOIN lot g ON g.id = y.lot_id"
    f" LEFT JOIN handling_unit u ON u.id = {TOTE_OF.format(walk='h', order='o')}"
    " LEFT JOIN LATERAL (SELECT sum(x.quantity)::int AS quantity, sum(x.picked)::int AS picked,"
    "  count(DISTINCT x.order_id) FILTER (WHERE x.state = 'open')::int AS orders FROM pick_task x"
    "  WHERE x.batch_id = t.batch_id AND x.balance_id = t.balance_id AND x.state IN ('open', 'done')) k"
    f"  ON {_SHARED} AND t.state = 'open'"
    " CROSS JOIN LATERAL (SELECT array_agg(barcode ORDER BY created_at, id) AS codes,"
    "  array_agg(quantity ORDER BY created_at, id) AS units FROM product_barcode WHERE product_id = p.id) c"
)
# As the picker makes them: in the fast lane one for a row of stock.
ONE_STOP = "CASE WHEN {walk}.is_lane THEN {task}.balance_id::text ELSE {task}.id::text END"
_STOPS = f"count(DISTINCT {ONE_STOP})::int"
_LEFT = (
    f"(SELECT {_STOPS.format(walk='h', task='x')} FROM pick_task x WHERE x.batch_id = t.batch_id AND x.state = 'open'"
    "{})"
)
_OF_STOP = Statement(f"{_SIGHT.format('NULL::int')} WHERE t.id = :stop")
# In walking order, skipped ones at the end.
_NEXT = Statement(
    f"{_SIGHT.format(_LEFT.format(''))} WHERE t.id = (SELECT id FROM pick_task WHERE batch_id = :batch AND state = 'open'"
    " ORDER BY skipped, walk_order, id LIMIT 1)"
)


def _sight(row: Any) -> Sight | None:
    if row is None:
        return None
    *facts, units = row
    values = dict(zip(_SEEN, facts, strict=True))
    return Sight(**values | {"codes": dict(zip(values["codes"] or (), units or (), strict=True))})


def see(stop_id: uuid.UUID) -> Sight | None:
    """The stop as it is now."""
    return _sight(_OF_STOP.first({"stop": stop_id}))


_STAND_IN = Statement(
    f"{_SIGHT.format('NULL::int')} WHERE t.id = (SELECT x.id FROM pick_task s JOIN pick_task x ON x.batch_id = s.batch_id"
    " AND x.balance_id = s.balance_id AND x.state = 'open' WHERE s.id = :stop ORDER BY x.walk_order, x.id LIMIT 1)"
)


def see_together(stop_id: uuid.UUID) -> Sight | None:
    """The stop as it is now; where several orders want goods of its row at once and it is done or gone itself, another one of
    them that is open.
    """
    stop = see(stop_id)
    if stop is None or stop.state == "open" or not stop.is_together:
        return stop
    return _sight(_STAND_IN.first({"stop": stop_id})) or stop


def next_stop(batch_id: uuid.UUID) -> Sight | None:
    """The next open stop of a walk; None at its end."""
    return _sight(_NEXT.first({"batch": batch_id}))


_OPEN_IN = Statement(
    f"SELECT {_STOPS.format(walk='b', task='t')} AS stops,"
    " count(DISTINCT t.order_id) AS orders FROM pick_task t JOIN pick_batch b ON b.id = t.batch_id"
    " WHERE t.batch_id = :batch AND t.state = 'open'"
)
_WAITING = Statement(
    "SELECT count(*) AS walks, coalesce(bool_or(zone_id IS NOT NULL), false) AS by_zone,"
    " EXISTS (SELECT 1 FROM replenish_task WHERE warehouse_id = :warehouse AND state IN ('open', 'walking')) AS faces"
    " FROM pick_batch WHERE warehouse_id = :warehouse AND state = 'open'"
)


def open_in(batch_id: uuid.UUID) -> Any:
    """How many `stops` of a walk are open, of how many `orders`."""
    return _OPEN_IN.first({"batch": batch_id})


def work_waiting(warehouse_id: uuid.UUID) -> Any:
    """How many `walks` nobody has taken, whether some are parted `by_zone`, and whether any pick `faces` are to be filled."""
    return _WAITING.first({"warehouse": warehouse_id})


@dataclass(frozen=True)
class HeldWalk:
    id: uuid.UUID
    warehouse_id: uuid.UUID
    wave_id: uuid.UUID
    state: str
    picker_id: uuid.UUID | None
    lease_until: datetime | None
    picker: str | None


@dataclass(frozen=True)
class HeldStop:
    """A stop under lock, with its walk, and its order where that was asked for.

    `goods`: where its units lie, `on_hand` of them as the lock was asked for. `missing`: units of the order that no tote
    holds yet. `following`: the walk's next open stop besides this one.
    """

    id: uuid.UUID
    demand_id: uuid.UUID
    allocation_id: uuid.UUID
    balance_id: int
    quantity: int
    picked: int
    state: str
    walk: HeldWalk
    order: OrderAtWork | None
    goods: Stock
    on_hand: int
    order_state: str
    interception: str
    tote_place: uuid.UUID | None
    missing: int
    following: Sight | None


_OF = "(SELECT {} FROM pick_task WHERE id = :stop)"
_HOLD_ORDER = Statement(
    f"SELECT {COLUMNS} FROM outbound_order o JOIN warehouse w ON w.id = o.warehouse_id"
    f" WHERE o.id = {_OF.format('order_id')} FOR NO KEY UPDATE OF o"
)
_HOLD_WALK = Statement(
    "SELECT b.id, b.warehouse_id, b.wave_id, b.state, b.picker_id, b.lease_until,"
    " (SELECT name FROM app_user a WHERE a.id = b.picker_id) AS picker FROM pick_batch b"
    f" WHERE b.id = {_OF.format('batch_id')} FOR NO KEY UPDATE OF b"
)
_KEYS = tuple(each.name for each in fields(Stock))
_HOLD_STOP = Statement(
    "SELECT t.id, t.demand_id, t.allocation_id, t.balance_id, t.quantity, t.picked, t.state, b.on_hand,"
    f" {', '.join(f'b.{name}' for name in _KEYS)} FROM pick_task t JOIN balance b ON b.id = t.balance_id"
    " WHERE t.id = :stop FOR NO KEY UPDATE OF t"
)
# Behind the locks: a tote bound or a unit picked while we waited is seen.
_AROUND = Statement(
    "SELECT o.state, o.interception, u.location_id AS tote_place,"
    " (SELECT sum(d.quantity - d.picked) FROM demand d WHERE d.order_id = o.id)"
    " AS missing FROM outbound_order o LEFT JOIN handling_unit u ON u.id = o.tote_id"
    f" WHERE o.id = {_OF.format('order_id')}"
)
_FOLLOWING = Statement(
    f"{_SIGHT.format(_LEFT.format(' AND x.id <> :stop'))} WHERE t.id = (SELECT id FROM pick_task"
    f" WHERE batch_id = {_OF.format('batch_id')} AND state = 'open' AND id <> :stop"
    " ORDER BY skipped, walk_order, id LIMIT 1)"
)


def hold_stop(actor: Actor, stop_id: uuid.UUID, *, with_order: bool) -> HeldStop:
    """A stop under lock, behind its walk and (`with_order`) its order; 404 outside the actor's warehouses."""
    parameters = {"stop": stop_id}
    claim(Rank.DOCUMENT if with_order else Rank.TASK)
    with pipelined():
        ordered = _HOLD_ORDER.send(parameters) if with_order else None
        claim(Rank.TASK)
        walked, answer = _HOLD_WALK.send(parameters), _HOLD_STOP.send(parameters)
        around, following = _AROUND.send(parameters), _FOLLOWING.send(parameters)
    row, walk = answer.first(), walked.first()
    if row is None or not actor.sees_warehouse(walk.warehouse_id):
        raise not_found("task")
    about = around.first()
    return HeldStop(
        id=row.id, demand_id=row.demand_id, allocation_id=row.allocation_id, balance_id=row.balance_id,
        quantity=row.quantity, picked=row.picked, state=row.state, walk=HeldWalk(*walk),
        order=order_at_work(actor, ordered.first()) if ordered is not None else None, goods=Stock(*row[8:]), on_hand=row.on_hand,
        order_state=about.state, interception=about.interception, tote_place=about.tote_place, missing=int(about.missing),
        following=_sight(following.first()),
    )  # fmt: skip
