"""What the stock's API reads and answers."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from wms.inventory.expiry import LotLine
from wms.inventory.layers.queries import AgeLine, LayerLine
from wms.inventory.layers.rules import TIERS
from wms.inventory.month_ends import PastRow
from wms.inventory.queries import MAX_PAGE, PAGE, MoveEnd, MoveLine, NetworkLine, StockLine
from wms.platform.schemas import CodedSchema, Day, Moment, Text, Whole

_CURSOR = {"description": "`next_cursor` of the page before."}
_ID = "01932c07-4a5e-7c3a-9d2e-5f1b8a6c7d10"


class StockQuery(CodedSchema):
    warehouse = Text(16, load_default=None, metadata={"example": "LAX1", "description": "A warehouse's code."})
    sku = Text(40, load_default=None, metadata={"example": "T-SHIRT-01"})
    limit = Whole(1, MAX_PAGE, load_default=PAGE, metadata={"example": 50})
    cursor = Text(400, load_default=None, metadata=_CURSOR)


class NetworkQuery(CodedSchema):
    sku = Text(40, load_default=None, metadata={"example": "T-SHIRT-01"})
    limit = Whole(1, MAX_PAGE, load_default=PAGE, metadata={"example": 50})
    cursor = Text(400, load_default=None, metadata=_CURSOR)


class MovesQuery(CodedSchema):
    warehouse = Text(16, load_default=None, metadata={"example": "LAX1", "description": "A warehouse's code."})
    limit = Whole(1, MAX_PAGE, load_default=PAGE, metadata={"example": 50})
    cursor = Text(400, load_default=None, metadata=_CURSOR)


class CountsQuery(MovesQuery):
    sku = Text(40, load_default=None, metadata={"example": "T-SHIRT-01"})


class CountedAnswer(CodedSchema):
    """What a cycle count changed of one kind of goods in one bin."""

    id = fields.Integer(metadata={"example": 118})
    number = fields.String(metadata={"example": "CTLAX1-261124-0003", "description": "The count."})
    counted_at = fields.AwareDateTime(metadata={"example": "2026-11-24T08:15:00Z"})
    product_id = fields.UUID(metadata={"example": _ID})
    sku = fields.String(metadata={"example": "T-SHIRT-01"})
    warehouse = fields.String(metadata={"example": "LAX1"})
    location = fields.String(metadata={"example": "A-03-12-2"})
    batch = fields.String(allow_none=True, metadata={"example": None})
    expires_on = Day(allow_none=True, metadata={"example": None})
    condition = fields.String(metadata={"example": "good"})
    book = fields.Integer(metadata={"example": 36, "description": "What the book said when it was counted."})
    counted = fields.Integer(metadata={"example": 35})
    variance = fields.Integer(metadata={"example": -1})
    posting_id = fields.UUID(metadata={"example": _ID, "description": "The posting that put the book right."})


class CountedPage(CodedSchema):
    data = fields.List(fields.Nested(CountedAnswer))
    next_cursor = fields.String(allow_none=True)


class SerialQuery(CodedSchema):
    number = Text(40, required=True, metadata={"example": "SN-000123"})
    sku = Text(40, load_default=None)


class SerialStep(CodedSchema):
    """Where a number went with one posting. `party` stands in for the end outside the building."""

    at = fields.AwareDateTime(attribute="created_at")
    reason = fields.String(metadata={"example": "putaway"})
    warehouse = fields.String(metadata={"example": "LAX1"})
    from_location = fields.String(allow_none=True)
    to_location = fields.String(allow_none=True)
    to_unit = fields.String(allow_none=True, metadata={"description": "Container it was put into."})
    party = fields.String(allow_none=True, metadata={"example": "supplier"})
    document_kind = fields.String(allow_none=True, attribute="subject_kind", metadata={"example": "order"})
    document_id = fields.UUID(allow_none=True, attribute="subject_id")
    is_reversal = fields.Boolean()


class SerialAnswer(CodedSchema):
    """One unit. Of a product whose numbers are read at the bench only, there are no steps."""

    number = fields.String()
    sku = fields.String(metadata={"example": "T-SHIRT-01"})
    state = fields.String(metadata={"example": "in_stock", "description": "in_stock, shipped or void."})
    warehouse = fields.String(allow_none=True)
    location = fields.String(allow_none=True)
    unit = fields.String(allow_none=True)
    condition = fields.String(allow_none=True)
    batch = fields.String(allow_none=True)
    expires_on = Day(allow_none=True)
    is_held = fields.Boolean()
    document_kind = fields.String(allow_none=True, attribute="subject_kind")
    document_id = fields.UUID(allow_none=True, attribute="subject_id")
    steps = fields.List(fields.Nested(SerialStep))


class SerialPage(CodedSchema):
    data = fields.List(fields.Nested(SerialAnswer))
    next_cursor = fields.String(allow_none=True)


class AgeTier(CodedSchema):
    first_day = fields.Integer(metadata={"example": 31})
    last_day = fields.Integer(allow_none=True, metadata={"example": 60, "description": "Null: and older."})
    units = fields.Integer(metadata={"example": 40})


class AgeAnswer(CodedSchema):
    """A product in a warehouse by age; the day of putaway is day 1. Tiers and `waiting` add up to `on_hand`."""

    product_id = fields.UUID(metadata={"example": _ID})
    sku = fields.String(metadata={"example": "T-SHIRT-01"})
    warehouse = fields.String(metadata={"example": "LAX1"})
    on_hand = fields.Integer(metadata={"example": 176})
    tiers = fields.List(fields.Nested(AgeTier))
    waiting = fields.Integer(metadata={"example": 12, "description": "Not put away yet: without an age."})
    oldest_days = fields.Integer(allow_none=True, metadata={"example": 57})


class AgePage(CodedSchema):
    data = fields.List(fields.Nested(AgeAnswer))
    next_cursor = fields.String(allow_none=True)


class LayerAnswer(CodedSchema):
    """Goods put away together, oldest first."""

    warehouse_id = fields.UUID(metadata={"example": _ID})
    put_away_on = Day(metadata={"example": "2026-10-02"})
    age_days = fields.Integer(metadata={"example": 54})
    put_away = fields.Integer(metadata={"example": 60})
    remaining = fields.Integer(metadata={"example": 40})
    subject_kind = fields.String(metadata={"example": "carton", "description": "What they came with."})
    subject_id = fields.UUID(allow_none=True, metadata={"example": _ID})
    book_item = fields.String(allow_none=True, metadata={"example": None})


class LayersPage(CodedSchema):
    data = fields.List(fields.Nested(LayerAnswer))
    next_cursor = fields.String(allow_none=True)


class LotsQuery(CodedSchema):
    warehouse = Text(16, load_default=None, metadata={"example": "LAX1", "description": "A warehouse's code."})
    sku = Text(40, load_default=None, metadata={"example": "VITC-60"})
    within_days = Whole(
        0, 3_650, load_default=None,
        metadata={"example": 30, "description": "Only lots whose last sale day is at most so far away, or past."},
    )  # fmt: skip
    limit = Whole(1, MAX_PAGE, load_default=PAGE, metadata={"example": 50})
    cursor = Text(400, load_default=None, metadata=_CURSOR)


class LotAnswer(CodedSchema):
    product_id = fields.UUID(metadata={"example": _ID})
    sku = fields.String(metadata={"example": "VITC-60"})
    warehouse = fields.String(metadata={"example": "LAX1"})
    batch = fields.String(allow_none=True, metadata={"example": "B2291"})
    expires_on = Day(metadata={"example": "2027-06-30"})
    last_sale_on = Day(
        metadata={"example": "2027-04-01", "description": "The last day of sale; from the day after it is not sold."}
    )
    days_left = fields.Integer(metadata={"example": 127})
    on_hand = fields.Integer(metadata={"example": 80})
    sellable = fields.Integer(metadata={"example": 74})


class LotsPage(CodedSchema):
    data = fields.List(fields.Nested(LotAnswer))
    next_cursor = fields.String(allow_none=True)


class AsOfQuery(CodedSchema):
    moment = Moment(load_default=None, metadata={"example": "2026-10-31T23:59:59Z", "description": "Without it: now."})


class PastRowAnswer(CodedSchema):
    """What was in a place at that moment."""

    warehouse = fields.String(metadata={"example": "LAX1"})
    location = fields.String(metadata={"example": "A-03-12-2"})
    handling_unit = fields.String(allow_none=True, metadata={"example": None})
    batch = fields.String(allow_none=True, metadata={"example": None})
    expires_on = Day(allow_none=True, metadata={"example": None})
    condition = fields.String(metadata={"example": "good"})
    customs_status = fields.String(metadata={"example": "none"})
    on_hand = fields.Integer(metadata={"example": 36})


class AsOfAnswer(CodedSchema):
    moment = fields.AwareDateTime(metadata={"example": "2026-10-31T23:59:59Z"})
    on_hand = fields.Integer(metadata={"example": 36})
    rows = fields.List(fields.Nested(PastRowAnswer))


class NetworkAnswer(CodedSchema):
    """A product over all warehouses the reader sees."""

    product_id = fields.UUID(metadata={"example": _ID})
    sku = fields.String(metadata={"example": "T-SHIRT-01"})
    name_en = fields.String(metadata={"example": "T-shirt, white, M"})
    name_zh = fields.String(metadata={"example": "白色T恤 M"})
    warehouses = fields.List(fields.String(), metadata={"example": ["LAX1", "DE1"]})
    on_hand = fields.Integer(metadata={"example": 312})
    buckets = fields.Nested(lambda: StockBuckets())
    promised = fields.Integer(metadata={"example": 12})
    short = fields.Integer(metadata={"example": 0})


class NetworkPage(CodedSchema):
    data = fields.List(fields.Nested(NetworkAnswer))
    next_cursor = fields.String(allow_none=True)


class StockBuckets(CodedSchema):
    """Disjoint; they add up to `on_hand`."""

    available = fields.Integer(metadata={"example": 120, "description": "可售: can be ordered."})
    outbound = fields.Integer(metadata={"example": 14, "description": "待出库: promised to orders or on its way out."})
    pending = fields.Integer(metadata={"example": 40, "description": "待上架: in the building, not on sale yet."})
    unqualified = fields.Integer(metadata={"example": 2, "description": "不合格: damaged, graded or expired."})
    frozen = fields.Integer(metadata={"example": 0, "description": "冻结: held."})


class StockLineAnswer(CodedSchema):
    product_id = fields.UUID(metadata={"example": _ID})
    sku = fields.String(metadata={"example": "T-SHIRT-01"})
    name_en = fields.String(metadata={"example": "T-shirt, white, M"})
    name_zh = fields.String(metadata={"example": "白色T恤 M"})
    warehouse_id = fields.UUID(metadata={"example": _ID})
    warehouse = fields.String(metadata={"example": "LAX1"})
    on_hand = fields.Integer(metadata={"example": 176})
    buckets = fields.Nested(StockBuckets)
    promised = fields.Integer(metadata={"example": 12, "description": "Promised to orders, not picked yet."})
    short = fields.Integer(metadata={"example": 0, "description": "缺货: promised, but no longer there."})


class StockPage(CodedSchema):
    data = fields.List(fields.Nested(StockLineAnswer))
    next_cursor = fields.String(allow_none=True)


class MoveEndAnswer(CodedSchema):
    """A place, with what is there after the move; or a counter-party."""

    party = fields.String(allow_none=True, metadata={"example": None, "description": "supplier, customer, …"})
    location = fields.String(allow_none=True, metadata={"example": "A-03-12-2"})
    handling_unit = fields.String(allow_none=True, metadata={"example": None})
    condition = fields.String(allow_none=True, metadata={"example": "good"})
    batch = fields.String(allow_none=True, metadata={"example": None})
    expires_on = Day(allow_none=True, metadata={"example": None})
    balance_after = fields.Integer(allow_none=True, metadata={"example": 36})


class MoveAnswer(CodedSchema):
    id = fields.Integer(metadata={"example": 41873})
    at = fields.AwareDateTime(metadata={"example": "2026-11-24T08:15:00Z"})
    business_date = Day(metadata={"example": "2026-11-24"})
    warehouse = fields.String(metadata={"example": "LAX1"})
    posting_id = fields.UUID(metadata={"example": _ID})
    reason = fields.String(metadata={"example": "putaway"})
    reverses_id = fields.UUID(allow_none=True, metadata={"example": None})
    subject_kind = fields.String(metadata={"example": "booking"})
    subject_id = fields.UUID(allow_none=True, metadata={"example": _ID})
    actor_kind = fields.String(metadata={"example": "user"})
    quantity = fields.Integer(metadata={"example": 12})
    source = fields.Nested(MoveEndAnswer)
    target = fields.Nested(MoveEndAnswer)


class MovesPage(CodedSchema):
    data = fields.List(fields.Nested(MoveAnswer))
    next_cursor = fields.String(allow_none=True)


def dump_line(line: StockLine) -> dict[str, Any]:
    return {
        "product_id": line.product_id,
        "sku": line.sku,
        "name_en": line.name_en,
        "name_zh": line.name_zh,
        "warehouse_id": line.warehouse_id,
        "warehouse": line.warehouse_code,
        "on_hand": line.on_hand,
        "buckets": {
            "available": line.available,
            "outbound": line.outbound,
            "pending": line.pending,
            "unqualified": line.unqualified,
            "frozen": line.frozen,
        },
        "promised": line.promised,
        "short": line.short,
    }


def dump_move(move: MoveLine) -> dict[str, Any]:
    """Who of the warehouse's people it was stays in the house: a seller reads the kind of actor only."""
    return {
        "id": move.id,
        "at": move.at,
        "business_date": move.business_date,
        "warehouse": move.warehouse_code,
        "posting_id": move.posting_id,
        "reason": move.reason,
        "reverses_id": move.reverses_id,
        "subject_kind": move.subject_kind,
        "subject_id": move.subject_id,
        "actor_kind": move.actor_kind,
        "quantity": move.quantity,
        "source": _dump_end(move.source),
        "target": _dump_end(move.target),
    }


def _dump_end(end: MoveEnd) -> dict[str, Any]:
    return {
        "party": end.party,
        "location": end.location_code,
        "handling_unit": end.handling_unit_code,
        "condition": end.condition,
        "batch": end.batch,
        "expires_on": end.expires_on,
        "balance_after": end.balance_after,
    }


def dump_network(line: NetworkLine) -> dict[str, Any]:
    return {
        "product_id": line.product_id,
        "sku": line.sku,
        "name_en": line.name_en,
        "name_zh": line.name_zh,
        "warehouses": line.warehouse_codes,
        "on_hand": line.on_hand,
        "buckets": {bucket.value: quantity for bucket, quantity in line.buckets.items()},
        "promised": line.promised,
        "short": line.short,
    }


def dump_age(line: AgeLine) -> dict[str, Any]:
    return {
        "product_id": line.product_id,
        "sku": line.sku,
        "warehouse": line.warehouse_code,
        "on_hand": line.on_hand,
        "tiers": [
            {"first_day": first, "last_day": last, "units": units}
            for (first, last), units in zip(TIERS, line.tiers, strict=True)
        ],
        "waiting": line.waiting,
        "oldest_days": line.oldest,
    }


def dump_layer(line: LayerLine) -> dict[str, Any]:
    return {
        "warehouse_id": line.warehouse_id,
        "put_away_on": line.opened_on,
        "age_days": line.age,
        "put_away": line.quantity,
        "remaining": line.remaining,
        "subject_kind": line.subject_kind,
        "subject_id": line.subject_id,
        "book_item": line.item_number,
    }


def dump_lot(line: LotLine) -> dict[str, Any]:
    return {
        "product_id": line.product_id,
        "sku": line.sku,
        "warehouse": line.warehouse_code,
        "batch": line.batch,
        "expires_on": line.expires_on,
        "last_sale_on": line.last_sale_on,
        "days_left": line.days_left,
        "on_hand": line.on_hand,
        "sellable": line.sellable,
    }


def dump_past(row: PastRow) -> dict[str, Any]:
    return {
        "warehouse": row.warehouse_code,
        "location": row.location_code,
        "handling_unit": row.handling_unit_code,
        "batch": row.batch,
        "expires_on": row.expires_on,
        "condition": row.condition,
        "customs_status": row.customs_status,
        "on_hand": row.on_hand,
    }
