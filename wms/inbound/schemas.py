"""What the bookings API takes in, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import ValidationError, fields

from wms.inbound.lots import MAX_LOTS, MAX_SERIAL, LotDraft
from wms.inbound.models import Difference, DockAppointment, InboundFile
from wms.inbound.rules import (
    GRID_MINUTES,
    MAX_APPOINTMENT,
    MAX_CARTONS,
    MAX_LINES,
    MAX_QUANTITY,
    MIN_APPOINTMENT,
    MIN_CODE,
    REFERENCE_MAX,
    BookingDraft,
    CartonDraft,
    Decision,
    DifferenceKind,
    FileKind,
    LineDraft,
    Transport,
)
from wms.inbound.workflow import BookingState, CartonState, DifferenceState
from wms.platform.api_shapes import MAY_LACK
from wms.platform.schemas import Choice, CodedSchema, Count, Day, Items, Moment, Range, Text, Whole

MAX_BULK = 50
SANE_DAYS = date(2000, 1, 1), date(2999, 12, 31)
TRANSPORTS = [each.value for each in Transport]


class AnnouncedLotIn(CodedSchema):
    """Units of a line of which the paper says a batch, days or serial numbers."""

    quantity = Count(1, MAX_QUANTITY, required=True, metadata={"example": 24})
    batch = Text(40, allow_none=True, metadata={"example": "L2026-07"})
    made_on = Day(allow_none=True, metadata={"example": "2026-07-01"})
    expires_on = Day(allow_none=True, metadata={"example": "2028-06-30"})
    serial_numbers = Items(Text(MAX_SERIAL), 1, MAX_QUANTITY, allow_none=True,
                           metadata={"description": "One for each unit, or none."})  # fmt: skip


class BookingLineIn(CodedSchema):
    sku = Text(40, required=True, metadata={"example": "MUG-450-BLUE"})
    quantity = Count(1, MAX_QUANTITY, required=True, metadata={"example": 24})
    lots = Items(fields.Nested(AnnouncedLotIn), 1, MAX_LOTS, allow_none=True,
                 metadata={"description": "Batches, days and serial numbers as your paper says them; their quantities add up"
                                          " to the line's. Whoever receives guided is shown them, and what comes"
                                          " otherwise is told as a difference."})  # fmt: skip


class BookingCartonIn(CodedSchema):
    number = Count(1, MAX_CARTONS, required=True, metadata={"example": 1, "description": "Counts from 1, no gap."})
    reference_box_no = Text(50, allow_none=True, metadata={"example": "BOX-7781"})
    weight_g = Count(1, 2_000_000, allow_none=True, metadata={"example": 8200})
    length_mm = Count(1, 10_000, allow_none=True, metadata={"example": 600})
    width_mm = Count(1, 10_000, allow_none=True, metadata={"example": 400})
    height_mm = Count(1, 10_000, allow_none=True, metadata={"example": 400})
    count = Count(1, MAX_CARTONS, load_default=1,
                  metadata={"description": "So many equal cartons, numbered from `number` on."})  # fmt: skip
    pallet = Count(1, MAX_CARTONS, allow_none=True, metadata={"description": "It stands on pallet n, counted from 1."})
    lines = Items(fields.Nested(BookingLineIn), 1, MAX_LINES, required=True)


class _Header(CodedSchema):
    expected_on = Day(allow_none=True, validate=Range(*SANE_DAYS), metadata={"example": "2026-12-01"})
    tracking_number = Text(64, allow_none=True, metadata={"example": "EMS1234567"})
    container_number = Text(16, allow_none=True, metadata={"description": "ISO 6346, with its check digit;"
                                                                  " by sea, rail or road."})  # fmt: skip
    air_waybill = Text(16, allow_none=True, metadata={
                       "description": "With its check digit; by air or express."})  # fmt: skip


class BookingIn(_Header):
    """A booking to create. Without `reference` its number serves as one."""

    reference = Text(REFERENCE_MAX, allow_none=True, metadata={"example": "PO-2026-118"})
    seller = Text(8, allow_none=True, metadata={"description": "Seller code; implied when the key has one seller."})
    warehouse = Text(16, required=True, metadata={"example": "DE1"})
    transport = Choice(TRANSPORTS, load_default=Transport.EXPRESS.value)
    remark = Text(255, min_length=0, load_default="")
    count_blind = fields.Boolean(
        load_default=False,
        metadata={
            "description": "Whoever counts it at the dock is not told what is announced; the warehouse may decide otherwise."
        },
    )
    submit = fields.Boolean(load_default=False, metadata={"description": "Submit at once instead of keeping a draft."})
    cartons = Items(fields.Nested(BookingCartonIn), 1, MAX_CARTONS, required=True)


class BookingPatch(_Header):
    """Fields to change; the others stay. `cartons` replaces the whole set."""

    transport = Choice(TRANSPORTS)
    remark = Text(255, min_length=0)
    count_blind = fields.Boolean(
        metadata={
            "description": "Whoever counts it at the dock is not told what is announced; the warehouse may decide otherwise."
        }
    )
    cartons = Items(fields.Nested(BookingCartonIn), 1, MAX_CARTONS)


class BookingsIn(CodedSchema):
    """Each item is checked and stored by itself, as if it had come alone."""

    bookings = Items(fields.Raw(metadata={"x-schema": "BookingIn"}), 1, MAX_BULK, required=True,
                     metadata={"description": "Up to 50 bookings as of `POST /bookings`.", "example": [
                         {"reference": "PO-2026-119", "warehouse": "DE1",
                          "cartons": [{"number": 1, "lines": [{"sku": "MUG-450-BLUE", "quantity": 24}]}]}]})  # fmt: skip


class BookingTransitIn(CodedSchema):
    tracking_number = Text(64, allow_none=True, metadata={"example": "EMS1234567"})


class CartonLabelsIn(CodedSchema):
    cartons = Items(Count(1, MAX_CARTONS), 1, MAX_CARTONS, allow_none=True,
                    metadata={"description": "Carton numbers; all when left out.", "example": [1, 2]})  # fmt: skip


class BookingQuery(CodedSchema):
    cursor = Text(200, load_default=None, metadata={"description": "`next_cursor` of the page before."})
    limit = Whole(1, 200, load_default=50)
    state = Choice([each.value for each in BookingState], load_default=None)
    reference = Text(REFERENCE_MAX, load_default=None)
    warehouse = Text(16, load_default=None)
    updated_since = Moment(load_default=None, metadata={"example": "2026-11-01T00:00:00Z"})


class BookingReceiptQuery(CodedSchema):
    cursor = Text(200, load_default=None)
    limit = Whole(1, 200, load_default=200)


class BookingAccepted(CodedSchema):
    """What a command leaves: ids, state and version."""

    id = fields.UUID()
    number = fields.String(metadata={"example": "INACME-261124-0001"})
    reference = fields.String()
    state = fields.String()
    version = fields.Integer()


class BulkBooking(CodedSchema):
    """What became of one item: its answer, or its problem."""

    index = fields.Integer(metadata={"description": "Of the item in the request, from 0."})
    status = fields.Integer(metadata={"example": 201})
    answer = fields.Nested(BookingAccepted, metadata=MAY_LACK)
    problem = fields.Dict(metadata={"x-schema": "Problem"} | MAY_LACK)


class BulkBookings(CodedSchema):
    results = fields.List(fields.Nested(BulkBooking))


class BookingOut(BookingAccepted):
    """The header of a booking."""

    owner_id = fields.UUID()
    seller = fields.String(metadata={"example": "ACME"})
    warehouse_id = fields.UUID()
    warehouse = fields.String(metadata={"example": "DE1"})
    transport = fields.String()
    expected_on = fields.Date(allow_none=True)
    tracking_number = fields.String(allow_none=True)
    container_number = fields.String(allow_none=True)
    air_waybill = fields.String(allow_none=True)
    remark = fields.String()
    count_blind = fields.Boolean(metadata={"description": "You asked for it."})
    counting = fields.String(allow_none=True, metadata={"enum": ["guided", "blind", None], "description": "What the warehouse"
                             " chose for this booking; null: what holds for all of yours."})  # fmt: skip
    carton_count = fields.Integer()
    dock_cartons = fields.Integer(allow_none=True, metadata={"description": "Cartons counted off the lorry."})
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()
    submitted_at = fields.AwareDateTime(allow_none=True)
    arrived_at = fields.AwareDateTime(allow_none=True)
    received_at = fields.AwareDateTime(allow_none=True)
    completed_at = fields.AwareDateTime(allow_none=True)
    transfer_order_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "The order of another warehouse that sent it."}
    )
    closed_at = fields.AwareDateTime(
        allow_none=True, metadata={"description": "Complete, and every difference is settled."}
    )
    cancelled_at = fields.AwareDateTime(allow_none=True)


class AnnouncedLotOut(CodedSchema):
    quantity = fields.Integer()
    batch = fields.String(allow_none=True)
    made_on = fields.Date(allow_none=True)
    expires_on = fields.Date(allow_none=True)
    serial_numbers = fields.List(fields.String())


class CameLotOut(CodedSchema):
    quantity = fields.Integer()
    batch = fields.String(allow_none=True)
    made_on = fields.Date(allow_none=True)
    expires_on = fields.Date(allow_none=True)


class BookingLineOut(CodedSchema):
    id = fields.UUID()
    product_id = fields.UUID()
    sku = fields.String()
    declared = fields.Integer()
    received = fields.Integer(metadata={"description": "Good and damaged."})
    received_good = fields.Integer()
    received_damaged = fields.Integer()
    unaccounted = fields.Integer(metadata={"description": "Bonded surplus waiting for customs, part of received."})
    put_away = fields.Integer()
    difference = fields.Integer(metadata={"description": "Received less declared; -n before anything is counted."})
    first_count = fields.Integer(
        allow_none=True, metadata={"description": "Counted blind and twice: what the first count said."}
    )
    differences = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata={
            "description": "Units by kind: over, short, wrong, damaged, unlabelled, mixed, other_lot, other_serial."
        },
    )
    lots = fields.List(
        fields.Nested(AnnouncedLotOut),
        required=True,
        metadata={"description": "As announced; empty where nothing was."},
    )
    came = fields.List(
        fields.Nested(CameLotOut),
        required=True,
        metadata={"description": "What has been counted, by batch and days; empty of products that keep none."},
    )


class BookingCartonOut(CodedSchema):
    id = fields.UUID()
    number = fields.Integer()
    barcode = fields.String(metadata={"example": "B-INACME-261124-0001-1-K"})
    pallet = fields.Integer(allow_none=True)
    reference_box_no = fields.String(allow_none=True)
    state = fields.String(metadata={"enum": [each.value for each in CartonState]})
    declared_weight_g = fields.Integer(allow_none=True)
    declared_length_mm = fields.Integer(allow_none=True)
    declared_width_mm = fields.Integer(allow_none=True)
    declared_height_mm = fields.Integer(allow_none=True)
    measured_weight_g = fields.Integer(allow_none=True)
    measured_length_mm = fields.Integer(allow_none=True)
    measured_width_mm = fields.Integer(allow_none=True)
    measured_height_mm = fields.Integer(allow_none=True)
    arrived_at = fields.AwareDateTime(allow_none=True)
    counted_at = fields.AwareDateTime(allow_none=True)
    stowed_at = fields.AwareDateTime(allow_none=True)
    counting = fields.String(allow_none=True, metadata={"enum": ["guided", "blind", None], "description": "`blind`: who"
                             " counted it was not told what is announced."})  # fmt: skip
    recount_at = fields.AwareDateTime(allow_none=True, metadata={"description": "The second count of a carton counted blind"
                                      " that was not what was announced began."})  # fmt: skip
    lines = fields.List(fields.Nested(BookingLineOut))


class BookingTotals(CodedSchema):
    declared = fields.Integer()
    received = fields.Integer()
    put_away = fields.Integer()
    unaccounted = fields.Integer()


class BookingDetail(BookingOut):
    totals = fields.Nested(BookingTotals)
    cartons = fields.List(fields.Nested(BookingCartonOut))


class BookingPage(CodedSchema):
    data = fields.List(fields.Nested(BookingOut))
    next_cursor = fields.String(allow_none=True)


class BookingReceiptOut(CodedSchema):
    id = fields.UUID()
    act_id = fields.UUID()
    carton = fields.Integer(metadata={"description": "Carton number."})
    product_id = fields.UUID()
    sku = fields.String()
    batch = fields.String(allow_none=True)
    expires_on = fields.Date(allow_none=True)
    condition = fields.String()
    quantity = fields.Integer()
    unaccounted = fields.Boolean()
    undone = fields.Boolean()
    posting_id = fields.UUID()
    counted_at = fields.AwareDateTime()


class BookingReceiptPage(CodedSchema):
    data = fields.List(fields.Nested(BookingReceiptOut))
    next_cursor = fields.String(allow_none=True)


class CartonLabelBundles(CodedSchema):
    """Bundles are rendered behind the answer; ask for each one's file until it is ready."""

    bundles = fields.List(fields.UUID())
    set = fields.UUID()


def draft_of(body: dict[str, Any]) -> BookingDraft:
    """The validated body of a booking as a draft."""
    names = ("reference", "seller", "expected_on", "tracking_number", "container_number", "air_waybill")
    given = {name: body.get(name) for name in names}
    return BookingDraft(
        warehouse=body["warehouse"], cartons=cartons_of(body["cartons"]), transport=body["transport"],
        remark=body["remark"], count_blind=body["count_blind"], **given,
    )  # fmt: skip


def cartons_of(items: list[dict[str, Any]]) -> list[CartonDraft]:
    """Every carton by itself; `count` equal ones each with its number, and the place that all of them stand at."""
    found: list[CartonDraft] = []
    for place, item in enumerate(items):
        own = {name: value for name, value in item.items() if name not in {"count", "lines", "number"}}
        lines = [LineDraft(line["sku"], line["quantity"], _lots_of(line)) for line in item["lines"]]
        many = range(min(item.get("count", 1), MAX_CARTONS + 1 - len(found)))
        found += [CartonDraft(item["number"] + step, lines, place=place, **own) for step in many]
    return found


def _lots_of(line: Mapping[str, Any]) -> list[LotDraft]:
    """Nothing is announced of lots of which nothing is said."""
    drafts = [
        LotDraft(
            lot["quantity"],
            lot.get("batch"),
            lot.get("made_on"),
            lot.get("expires_on"),
            lot.get("serial_numbers") or (),
        )
        for lot in line.get("lots") or ()
    ]
    return drafts if any(draft.says_something for draft in drafts) else []


class DifferenceQuery(CodedSchema):
    cursor = Text(200, load_default=None)
    limit = Whole(1, 200, load_default=100)
    booking_id = fields.UUID(load_default=None)
    state = Choice([each.value for each in DifferenceState], load_default=None)


class DifferenceOut(CodedSchema):
    id = fields.UUID()
    booking_id = fields.UUID()
    booking = fields.String(metadata={"description": "The booking's number."})
    carton_id = fields.UUID()
    carton = fields.Integer(metadata={"description": "Carton number."})
    product_id = fields.UUID()
    sku = fields.String()
    kind = fields.String(metadata={"enum": [each.value for each in DifferenceKind]})
    quantity = fields.Integer()
    declared = fields.Integer()
    received = fields.Integer()
    lots = fields.List(
        fields.Nested(AnnouncedLotOut), required=True, metadata={"description": "As its line announces."}
    )
    came = fields.List(
        fields.Nested(CameLotOut), required=True, metadata={"description": "What was counted of the line."}
    )
    state = fields.String(metadata={"description": "noted: still being counted; open: yours to decide; decided: the"
                                    " warehouse is to do it; settled."})  # fmt: skip
    due_at = fields.AwareDateTime(allow_none=True, metadata={"description": "Then your terms decide."})
    decisions = fields.List(fields.String(), metadata={"description": "What can be decided now."})
    decision = fields.String(allow_none=True)
    relabel_to = fields.String(allow_none=True, metadata={"description": "SKU that the goods become."})
    remark = fields.String()
    by_default = fields.Boolean(metadata={"description": "The deadline decided."})
    photos = fields.List(
        fields.UUID(), metadata={"description": "What the dock photographed of this line: files of the booking."}
    )
    found_at = fields.AwareDateTime()
    decided_at = fields.AwareDateTime(allow_none=True)
    settled_at = fields.AwareDateTime(allow_none=True)


class DifferencePage(CodedSchema):
    data = fields.List(fields.Nested(DifferenceOut))
    next_cursor = fields.String(allow_none=True)


class DecisionIn(CodedSchema):
    decision = Choice([each.value for each in Decision], required=True)
    relabel_to = Text(40, allow_none=True, metadata={"example": "MUG-450-RED",
                      "description": "Where relabelled goods become another product of yours."})  # fmt: skip
    remark = Text(255, min_length=0, load_default="")


class DecisionAccepted(CodedSchema):
    id = fields.UUID()
    booking_id = fields.UUID()
    state = fields.String()
    decision = fields.String()


class BookingFileIn(CodedSchema):
    kind = Choice([each.value for each in FileKind], required=True)
    name = Text(120, required=True, metadata={"example": "packing-list.pdf"})
    note = Text(255, min_length=0, load_default="")
    content = Text(7_000_000, required=True, metadata={"description": "Base64 of a PDF, JPEG or PNG of at most 5 MB.",
                                                       "example": "JVBERi0xLjQKJSVFT0YK"})  # fmt: skip


class BookingFileAccepted(CodedSchema):
    id = fields.UUID()
    kind = fields.String()
    name = fields.String()


class BookingFileOut(BookingFileAccepted):
    note = fields.String()
    carton = fields.Integer(allow_none=True, metadata={"description": "Carton number, where it shows one carton."})
    sku = fields.String(allow_none=True, metadata={"description": "Where it shows one line of that carton."})
    size_bytes = fields.Integer()
    media_type = fields.String()
    added_at = fields.AwareDateTime()


class BookingFiles(CodedSchema):
    data = fields.List(fields.Nested(BookingFileOut))


class AppointmentIn(CodedSchema):
    starts_at = Moment(required=True, metadata={"example": "2026-12-01T09:00:00+01:00",
                       "description": "At a quarter of an hour."})  # fmt: skip
    minutes = Count(MIN_APPOINTMENT, MAX_APPOINTMENT, load_default=60)
    dock = Text(24, allow_none=True, metadata={"description": "Without it the first that is free.", "example": "DOCK"})
    note = Text(120, min_length=0, load_default="", metadata={"description": "Lorry, seal, what the dock should know."})


def _whole_quarters(minutes: int) -> None:
    if minutes % GRID_MINUTES:
        raise ValidationError("not_on_the_quarter")


class OfferQuery(CodedSchema):
    day = Day(load_default=None, validate=Range(*SANE_DAYS), metadata={"example": "2026-12-01",
                      "description": "By the warehouse's calendar; today, where none is named."})  # fmt: skip
    minutes = Whole(MIN_APPOINTMENT, MAX_APPOINTMENT, also=[_whole_quarters], load_default=60)


class OfferOut(CodedSchema):
    """A dock is free from then to then, in the warehouse's own time."""

    dock = fields.String(metadata={"example": "DOCK"})
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()


class OffersOut(CodedSchema):
    data = fields.List(fields.Nested(OfferOut))


class AppointmentAccepted(CodedSchema):
    id = fields.UUID()
    booking_id = fields.UUID()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    state = fields.String()


class AppointmentOut(AppointmentAccepted):
    dock = fields.String()
    note = fields.String()


class ArrivalQuery(CodedSchema):
    code = Text(80, min_length=MIN_CODE, required=True, metadata={"example": "1Z999AA10123456784",
                "description": "What its label says, to the letter."})  # fmt: skip


class ArrivalOut(CodedSchema):
    id = fields.UUID()
    warehouse = fields.String()
    code = fields.String()
    state = fields.String(metadata={"description": "waiting, or claimed by somebody."})
    registered_at = fields.AwareDateTime()


class ArrivalsFound(CodedSchema):
    data = fields.List(fields.Nested(ArrivalOut))


class ArrivalClaimIn(CodedSchema):
    code = Text(80, min_length=MIN_CODE, required=True, metadata={"example": "1Z999AA10123456784"})
    seller = Text(8, allow_none=True, metadata={"description": "Seller code; implied when the key has one seller."})
    note = Text(
        255, min_length=0, load_default="", metadata={"description": "Which booking it belongs to, what is in it."}
    )


class ArrivalClaimed(CodedSchema):
    id = fields.UUID()
    state = fields.String()


class MeasurementQuery(CodedSchema):
    cursor = Text(200, load_default=None)
    limit = Whole(1, 200, load_default=100)
    deviating = fields.Boolean(load_default=True, metadata={"description": "Only those that differ from the declared."})


class MeasurementOut(CodedSchema):
    """Of one unit, in g and mm. Your declared values stay as they are."""

    id = fields.UUID()
    product_id = fields.UUID()
    sku = fields.String()
    booking = fields.String()
    declared_weight_g = fields.Integer()
    declared_length_mm = fields.Integer()
    declared_width_mm = fields.Integer()
    declared_height_mm = fields.Integer()
    weight_g = fields.Integer()
    length_mm = fields.Integer()
    width_mm = fields.Integer()
    height_mm = fields.Integer()
    deviates = fields.Boolean()
    measured_at = fields.AwareDateTime()


class MeasurementPage(CodedSchema):
    data = fields.List(fields.Nested(MeasurementOut))
    next_cursor = fields.String(allow_none=True)


def appointed(row: DockAppointment) -> dict[str, Any]:
    return {"id": str(row.id), "booking_id": str(row.booking_id), "starts_at": row.starts_at.isoformat(),
            "ends_at": row.ends_at.isoformat(), "state": row.state}  # fmt: skip


def difference_of(row: dict[str, Any]) -> dict[str, Any]:
    """The part of a row that the API tells."""
    return {name: row[name] for name in DifferenceOut().fields}


def decided(difference: Difference) -> dict[str, Any]:
    """The answer of a decision."""
    return {"id": str(difference.id), "booking_id": str(difference.booking_id), "state": difference.state,
            "decision": difference.decision}  # fmt: skip


def attached(row: InboundFile) -> dict[str, Any]:
    return {"id": str(row.id), "kind": row.kind, "name": row.name}
