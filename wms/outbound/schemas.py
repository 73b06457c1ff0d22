"""What the orders API takes in. Answers are built by `queries`; `OrderOut` documents them."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from wms.core import tax_ids
from wms.outbound.extras.schemas import ExtrasIn, ExtrasOut, ExtrasPatch, TaxId
from wms.outbound.routing.schemas import RouteOut
from wms.outbound.rules import (
    FBA,
    HOLD_REASONS,
    INTERCEPT_REASONS,
    KINDS,
    TRANSFER,
    WITHOUT_BUYER,
    WITHOUT_SERVICE,
    Fill,
)
from wms.outbound.workflow import OrderState
from wms.platform.api_shapes import MAY_LACK
from wms.platform.schemas import Choice, CodedSchema, Count, Country, Currency, Day, Items, Moment, Text, Whole

CONDITIONS = ["good", "damaged", "grade_b", "grade_c"]
CANCEL_REASONS = ["buyer_cancelled", "duplicate", "address_problem", "out_of_stock", "billing", "other"]


# Most orders go to a buyer, so the reference shows one, though not every kind of order has one.
BUYER_EXAMPLE = {"name": "Anna Schmidt", "phone": "+49 30 1234567", "country": "DE", "city": "Berlin", "postcode": "10115",
                 "address1": "Invalidenstraße 117"}  # fmt: skip


class ConsigneeIn(CodedSchema):
    name = Text(80, required=True, metadata={"example": "Anna Schmidt"})
    company = Text(80, allow_none=True)
    phone = Text(32, allow_none=True, metadata={"example": "+49 30 1234567",
                 "description": "Bonded orders need it, of at most 30 characters."})  # fmt: skip
    email = Text(120, allow_none=True, pattern=r"[^@\s]+@[^@\s]+", metadata={"example": "anna@example.com"})
    country = Country(required=True, metadata={"example": "DE"})
    state = Text(60, allow_none=True)
    city = Text(60, required=True, metadata={"example": "Berlin"})
    postcode = Text(16, allow_none=True, metadata={"example": "10115"})
    address1 = Text(120, required=True, metadata={"example": "Invalidenstraße 117"})
    address2 = Text(120, allow_none=True)
    address3 = Text(120, allow_none=True)
    district = Text(60, allow_none=True, metadata={"description": "Of the city.", "example": "Mitte"})
    id_number = Text(18, allow_none=True, metadata={"description": "GB 11643 ID number; bonded orders need it."})
    vat_id = TaxId(tax_ids.is_vat_id, "vat_id_wrong", "FR12345678901")
    eori = TaxId(tax_ids.is_eori, "eori_wrong", "FR12345678901234")


class OrderLineIn(CodedSchema):
    sku = Text(40, required=True, metadata={"example": "MUG-450-BLUE"})
    quantity = Count(1, 99_999, required=True, metadata={"example": 2})
    batch = Text(40, allow_none=True)
    min_expires_on = Day(allow_none=True)
    condition = Choice(CONDITIONS, load_default="good")
    container = Text(
        48,
        allow_none=True,
        metadata={
            "description": "A carton or pallet of yours: the line is all of this SKU in it and in what stands in it."
        },
    )
    unit_value_minor = Count(0, 2_000_000_000, allow_none=True, metadata={"example": 1290})
    currency = Currency(allow_none=True, metadata={"example": "EUR"})
    fnsku = Text(10, allow_none=True, pattern=r"[A-Z0-9]{10}",
                 metadata={"description": "For FBA: the label each unit gets first, as X001ABCDEF."})  # fmt: skip

    @validates_schema
    def value_has_a_currency(self, data: dict[str, Any], **_: Any) -> None:
        """A value without its currency means nothing, nor does a currency without a value."""
        value, currency = data.get("unit_value_minor"), data.get("currency")
        if (value is None) != (currency is None):
            raise ValidationError("required", "currency" if currency is None else "unit_value_minor")


class FbaIn(CodedSchema):
    """Amazon's shipment. Its cartons are numbered `<shipment_id>U000001` and so on."""

    shipment_id = Text(12, required=True, pattern=r"FBA[A-Z0-9]{6,9}", metadata={"example": "FBA1MMD8D0"})
    reference_id = Text(20, allow_none=True, metadata={"example": "4XJ7K2QP", "description": "Amazon's reference."})
    centre = Text(8, required=True, pattern=r"[A-Z0-9]{3,8}", metadata={"example": "DTM2"})


class OrderIn(ExtrasIn):
    reference = Text(50, required=True, metadata={"example": "SHOP-10001"})
    seller = Text(8, allow_none=True, metadata={"description": "Seller code; implied when the key has one seller."})
    warehouse = Text(16, metadata={"example": "DE1",
                     "description": "May be left out where you let the house choose (*Orders → Which warehouse*)."})  # fmt: skip
    service = Text(32, metadata={"example": "HOUSE-STD", "description": "Not for a destruction or a pick-up."})
    kind = Choice(KINDS, load_default="dropship")
    shop_id = fields.UUID(allow_none=True)
    priority = Count(0, 9, metadata={"description": "Without it the priority of the service's cut-off counts, or 0."})
    fill = Choice([each.value for each in Fill], allow_none=True,
                  metadata={"description": "Without enough stock: wait, refuse, split. Else by the seller's terms."})  # fmt: skip
    remark = Text(255, allow_none=True)
    ordered_at = Moment(allow_none=True, metadata={"example": "2026-11-24T08:15:00+00:00"})
    consignee = fields.Nested(ConsigneeIn, metadata={"description": "Not for a destruction or a transfer.",
                                                     "example": BUYER_EXAMPLE})  # fmt: skip
    to_warehouse = Text(
        16, allow_none=True, metadata={"description": "For a transfer: the warehouse that receives it."}
    )
    fba = fields.Nested(FbaIn, allow_none=True, metadata={"description": "For orders of kind fba."})
    lines = Items(fields.Nested(OrderLineIn), 1, 2_000, required=True)

    @validates_schema
    def only_fba_orders_have_a_shipment(self, data: dict[str, Any], **_: Any) -> None:
        is_fba = data.get("kind") == FBA
        if (data.get("fba") is not None) != is_fba:
            raise ValidationError("required" if is_fba else "fba_only", "fba")
        if not is_fba and any(line.get("fnsku") for line in data.get("lines", ())):
            raise ValidationError("fba_only", "fba")

    @validates_schema
    def goes_to_somebody(self, data: dict[str, Any], **_: Any) -> None:
        """What is destroyed goes nowhere; everything else goes to somebody, by a service."""
        for name, without in (("service", WITHOUT_SERVICE), ("consignee", WITHOUT_BUYER)):
            if data.get(name) is None and data.get("kind") not in without:
                raise ValidationError("required", name)

    @validates_schema
    def only_transfers_go_to_a_warehouse(self, data: dict[str, Any], **_: Any) -> None:
        if (data.get("to_warehouse") is not None) != (data.get("kind") == TRANSFER):
            raise ValidationError("required" if data.get("kind") == TRANSFER else "transfer_only", "to_warehouse")


class OrdersIn(CodedSchema):
    """Each item is checked and stored by itself, as if it had come alone."""

    orders = Items(fields.Raw(metadata={"x-schema": "OrderIn"}), 1, 200, required=True,
                   metadata={"description": "Up to 200 orders as of `POST /orders`.", "example": [
                       {"reference": "SHOP-10002", "warehouse": "DE1", "service": "HOUSE-STD", "consignee": BUYER_EXAMPLE,
                        "lines": [{"sku": "MUG-450-BLUE", "quantity": 1}]}]})  # fmt: skip


class OrderPatch(ExtrasPatch):
    consignee = fields.Nested(ConsigneeIn)
    service = Text(32, metadata={"example": "HOUSE-STD"})
    priority = Count(0, 9, metadata={"example": 5})
    remark = Text(255, allow_none=True, metadata={"example": "Ring twice."})


class CancelIn(CodedSchema):
    reason = Choice(CANCEL_REASONS, load_default="other", metadata={"example": "buyer_cancelled"})


class OrderHoldIn(CodedSchema):
    """Which reasons there are depends on who holds: the seller, or the warehouse."""

    reason = Choice(sorted({each for reasons in HOLD_REASONS.values() for each in reasons}), required=True,
                    metadata={"example": "address"})  # fmt: skip
    note = Text(255, allow_none=True, metadata={"example": "The buyer is asked for the house number."})
    keeps_stock = fields.Boolean(load_default=True, metadata={"description": "Whether it keeps its reserved stock."})


class InterceptIn(CodedSchema):
    reason = Choice(list(INTERCEPT_REASONS), load_default="other", metadata={"example": "buyer_cancelled"})


class OrderQuery(CodedSchema):
    state = Choice([state.value for state in OrderState])
    reference = Text(50)
    warehouse = Text(16, metadata={"description": "Its code.", "example": "DE1"})
    warehouse_id = fields.UUID()
    updated_since = Moment()
    cursor = Text(200)
    limit = Whole(1, 200, load_default=50)


class OrderAccepted(CodedSchema):
    """Ids and states only: the stored answer of a command holds no personal data."""

    id = fields.UUID(required=True)
    number = fields.String(required=True, metadata={"example": "SOACME-261124-0001"})
    reference = fields.String(required=True)
    state = fields.String(required=True, metadata={"example": "promised"})
    customs_state = fields.String(required=True, metadata={"example": "none"})
    version = fields.Integer(required=True)


class OrderRow(OrderAccepted):
    on_hold = fields.Boolean(required=True)
    interception = fields.String(required=True, metadata={"example": "none"})
    kind = fields.String(required=True)
    warehouse = fields.String(required=True, metadata={"example": "DE1"})
    priority = fields.Integer(required=True)
    ordered_at = fields.AwareDateTime(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)
    shipped_at = fields.AwareDateTime(required=True, allow_none=True)
    fill = fields.String(required=True, metadata={"example": "fill_all"})
    release_by = fields.AwareDateTime(required=True, allow_none=True)
    ship_by = fields.AwareDateTime(required=True, allow_none=True)
    risk = fields.String(required=True, metadata={"example": "none", "description": "none, soon, at_risk or late."})


class ConsigneeOut(CodedSchema):
    name = fields.String(allow_none=True)
    company = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    email = fields.String(allow_none=True)
    country = fields.String()
    state = fields.String(allow_none=True)
    city = fields.String(allow_none=True)
    postcode = fields.String(allow_none=True)
    address1 = fields.String(allow_none=True)
    address2 = fields.String(allow_none=True)
    address3 = fields.String(allow_none=True)
    district = fields.String(allow_none=True)
    vat_id = fields.String(allow_none=True, metadata={"description": "Masked.", "example": "FR…901"})
    eori = fields.String(allow_none=True, metadata={"description": "Masked.", "example": "FR…234"})


class OrderLineOut(CodedSchema):
    position = fields.Integer()
    sku = fields.String()
    name_en = fields.String()
    name_zh = fields.String()
    quantity = fields.Integer()
    batch = fields.String(allow_none=True)
    min_expires_on = fields.Date(allow_none=True)
    condition = fields.String()
    fnsku = fields.String(allow_none=True)
    container = fields.String(allow_none=True, metadata={"description": "The carton or pallet that the line names."})
    unit_value_minor = fields.Integer(allow_none=True)
    currency = fields.String(allow_none=True)
    picked = fields.Integer()
    shipped = fields.Integer()


class ParcelOut(CodedSchema):
    tracking_number = fields.String(allow_none=True)
    weight_g = fields.Integer(allow_none=True)
    state = fields.String()
    units = fields.Integer(allow_none=True, metadata={"description": "Base units in it, once it is weighed."})
    packaging = fields.String(allow_none=True, metadata={"description": "The box or bag it is, where that is known."})
    contents = fields.List(fields.Nested(lambda: ContentOut()), metadata={"description": "What is in it, once closed."})


class OrderOut(OrderRow, ExtrasOut):
    service = fields.String(allow_none=True)
    route = fields.Nested(RouteOut, allow_none=True)
    brings_labels = fields.Boolean(metadata={"description": "Its labels come from you: `POST /orders/{id}/labels`."})
    remark = fields.String(allow_none=True)
    cancel_reason = fields.String(allow_none=True)
    consignee = fields.Nested(ConsigneeOut)
    lines = fields.List(fields.Nested(OrderLineOut))
    parcels = fields.List(fields.Nested(ParcelOut))
    destruction = fields.Nested(lambda: DestructionOut(), allow_none=True)
    to_warehouse = fields.String(allow_none=True, metadata={"description": "Of a transfer."})
    pick_up = fields.Nested(lambda: PickUpOut(), allow_none=True)
    fba = fields.Nested(lambda: FbaOut(), allow_none=True)
    back_order_of = fields.UUID(
        allow_none=True, metadata={"description": "The first part of an order that goes in parts."}
    )
    back_orders = fields.List(
        fields.UUID(),
        metadata={
            "description": "Its further parts: from other warehouses, or waiting for stock. Each is cancelled by itself."
        },
    )
    changeable = fields.List(fields.String(), metadata={"example": ["consignee", "service", "remark"]})
    address_warnings = fields.List(fields.Nested(lambda: AddressWarningOut()))
    holds = fields.List(fields.Nested(lambda: OrderHoldOut()))
    interceptions = fields.List(fields.Nested(lambda: InterceptionOut()))


class DestructionOut(CodedSchema):
    units = fields.Integer(required=True, metadata={"example": 12})
    witness = fields.String(required=True, metadata={"example": "Max Meier"})
    note = fields.String(allow_none=True)
    done_at = fields.AwareDateTime(required=True)


class FbaOut(CodedSchema):
    """`relabelled`: whether every unit that gets a label has it; until then it is not packed."""

    shipment_id = fields.String(required=True, metadata={"example": "FBA1MMD8D0"})
    reference_id = fields.String(required=True, allow_none=True)
    centre = fields.String(required=True, metadata={"example": "DTM2"})
    relabelled = fields.Boolean(required=True)
    boxes = fields.List(fields.Nested(lambda: FbaBoxOut()), required=True)


class ContentOut(CodedSchema):
    sku = fields.String(required=True)
    quantity = fields.Integer(required=True)


class FbaBoxOut(CodedSchema):
    """A closed carton as Amazon wants it declared; weight in g, sides in mm where they are known."""

    box_id = fields.String(required=True, metadata={"example": "FBA1MMD8D0U000001"})
    tracking_number = fields.String(required=True)
    weight_g = fields.Integer(required=True)
    length_mm = fields.Integer(required=True, allow_none=True)
    width_mm = fields.Integer(required=True, allow_none=True)
    height_mm = fields.Integer(required=True, allow_none=True)
    contents = fields.List(fields.Nested(ContentOut), required=True)


class PickUpOut(CodedSchema):
    """`code`: what the consignee says at the counter; for the seller, who tells them."""

    code = fields.String(required=True, allow_none=True, metadata={"example": "048213"})
    ready_at = fields.AwareDateTime(required=True, allow_none=True)
    keep_until = fields.AwareDateTime(required=True, allow_none=True)
    collected_at = fields.AwareDateTime(required=True, allow_none=True)
    checked = fields.String(
        required=True, allow_none=True, metadata={"example": "code", "description": "code or document."}
    )


class AddressWarningOut(CodedSchema):
    """Something that looks wrong with the address. The order is worked on all the same."""

    field = fields.String(required=True, metadata={"example": "postcode"})
    code = fields.String(required=True, metadata={"example": "address_postcode_form"})
    message = fields.String(required=True)
    params = fields.Dict()


class OrderHoldOut(CodedSchema):
    """`side` may end it: seller, warehouse or system. `overruled`: a supervisor ended it for another side."""

    id = fields.UUID(required=True)
    side = fields.String(required=True, metadata={"example": "seller"})
    reason = fields.String(required=True, metadata={"example": "address"})
    note = fields.String(allow_none=True)
    keeps_stock = fields.Boolean(required=True)
    state = fields.String(required=True, metadata={"example": "open"})
    placed_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    overruled = fields.Boolean(required=True)


class InterceptionOut(CodedSchema):
    """`state`: requested, accepted (the order is cancelled), refused or withdrawn (it goes on as `resume_state`)."""

    id = fields.UUID(required=True)
    reason = fields.String(required=True, metadata={"example": "buyer_cancelled"})
    state = fields.String(required=True, metadata={"example": "requested"})
    resume_state = fields.String(required=True, metadata={"example": "packed"})
    requested_at = fields.AwareDateTime(required=True)
    answered_at = fields.AwareDateTime(required=True, allow_none=True)
    refusal = fields.String(required=True, allow_none=True)


class OrderHoldAccepted(CodedSchema):
    """A hold of an order, and the order as it stands with it."""

    id = fields.UUID(required=True)
    state = fields.String(required=True, metadata={"example": "open"})
    order = fields.Nested(OrderAccepted, required=True)
    version = fields.Integer(required=True, metadata={"description": "The order's."})


class InterceptionAccepted(CodedSchema):
    """A request to stop an order, and the order as it stands with it."""

    id = fields.UUID(required=True)
    state = fields.String(required=True, metadata={"example": "requested"})
    order = fields.Nested(OrderAccepted, required=True)
    version = fields.Integer(required=True, metadata={"description": "The order's."})


class OrderPage(CodedSchema):
    data = fields.List(fields.Nested(OrderRow), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class OrderBulkItem(CodedSchema):
    """What became of one item: its answer, or its problem."""

    index = fields.Integer(metadata={"description": "Of the item in the request, from 0."})
    status = fields.Integer(metadata={"example": 201})
    answer = fields.Nested(OrderAccepted, metadata=MAY_LACK)
    problem = fields.Dict(metadata={"x-schema": "Problem"} | MAY_LACK)


class OrderBulkOut(CodedSchema):
    results = fields.List(fields.Nested(OrderBulkItem), required=True)


class RecallQuery(CodedSchema):
    seller = Text(8, load_default=None, metadata={"example": "ACME", "description": "For those of several sellers."})
    sku = Text(40, required=True, metadata={"example": "MUG-450-BLUE"})
    batch = Text(40, required=True, metadata={"example": "L2026-11"})


class WhereaboutsOut(CodedSchema):
    """Units in a bin (`location`), or gone with a document. Negative: they came back."""

    warehouse = fields.String(metadata={"example": "DE1"})
    expires_on = fields.Date(allow_none=True, metadata={"example": "2027-11-30"})
    quantity = fields.Integer(metadata={"example": 12})
    location = fields.String(allow_none=True, metadata={"example": "A-03-12-2"})
    unit = fields.String(allow_none=True, metadata={"example": None, "description": "The container they are in."})
    condition = fields.String(allow_none=True, metadata={"example": "good"})
    is_held = fields.Boolean(metadata={"example": True})
    gone_to = fields.String(allow_none=True, metadata={"example": None, "description": "customer, scrap, supplier …"})
    document_kind = fields.String(allow_none=True, metadata={"example": None})
    order_id = fields.UUID(allow_none=True)
    order_number = fields.String(allow_none=True, metadata={"example": None})
    reference = fields.String(allow_none=True, metadata={"example": None})
    country = fields.String(allow_none=True, metadata={"example": None})
    tracking_numbers = fields.String(allow_none=True, metadata={"example": None})
    left_at = fields.AwareDateTime(allow_none=True)


class RecallOut(CodedSchema):
    on_hand = fields.Integer(metadata={"example": 12})
    gone = fields.Integer(metadata={"example": 30})
    data = fields.List(fields.Nested(WhereaboutsOut))
