"""What the catalog's API reads and answers."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from wms.catalog import rules
from wms.catalog.models import BarcodeKind, PackLevel, Product, ProductBarcode, SerialControl
from wms.catalog.rules import Code
from wms.core.rotation import Rotation
from wms.platform.api_shapes import MAY_LACK
from wms.platform.schemas import Choice, CodedSchema, Count, Country, Currency, DecimalText, Items, Moment, Text, Whole

SELLERS_KINDS = [kind.value for kind in BarcodeKind if kind is not BarcodeKind.OWN]
CARGO = [
    "battery",
    "liquid",
    "powder",
    "magnetic",
    "fragile",
    "food",
    "textile",
    "oversize",
    "own_carton",
    "valuable",
    "dangerous",
]
TEMPERATURES = ["ambient", "cool", "frozen"]
# UN classes and divisions that a warehouse stores: no explosives, infectious or radioactive goods.
DANGEROUS = ["2.1", "2.2", "2.3", "3", "4.1", "4.2", "4.3", "5.1", "5.2", "6.1", "8", "9"]
PICTURE = "/api/v1/products/019393c8-6f5e-7aaa-8000-000000000004/picture/019393c8-6f5e-7aaa-8000-000000000005"
ONE_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg=="
_MM: dict[str, Any] = {"metadata": {"example": 120}}


class BarcodeSchema(CodedSchema):
    """A code that means `quantity` base units of the product. Digits of a GTIN's length are checked as a GTIN unless
    `kind` says otherwise.
    """

    id = fields.UUID(dump_only=True)
    barcode = Text(rules.BARCODE_MAX, required=True, metadata={"example": "4006381333931"})
    kind = Choice(SELLERS_KINDS, metadata={"example": "gtin"})
    quantity = Count(1, 100_000, load_default=1, metadata={"example": 1})
    level = Choice([level.value for level in PackLevel], metadata={"description": "What bears the code: each, inner,"
                   " case or pallet. Left out: each for one unit, else case.", "example": "each"})  # fmt: skip


class _Fields(CodedSchema):
    lot_controlled = fields.Boolean()
    pack_photo = fields.Boolean(metadata={"description": "A photo is taken before a parcel with it is closed."})
    expiry_controlled = fields.Boolean()
    outbound_days = Count(
        0,
        3650,
        metadata={
            "description": "Days that it must still keep when it leaves: its last sale day is so many days"
            " before its expiry. On that day it is still sold, from the day after not."
        },
    )
    rotation = Choice(list(Rotation), allow_none=True, metadata={"example": None, "description": "What leaves first: fefo"
                      " (earliest expiry), fifo (longest here), lefo (latest expiry). Null: as the seller's."})  # fmt: skip
    serial_control = Choice([control.value for control in SerialControl])
    cargo_attributes = Items(Choice(CARGO), 0, len(CARGO))
    temperature = Choice(TEMPERATURES, metadata={"example": "ambient", "description": "How it is stored."})
    dangerous_class = Choice(DANGEROUS, allow_none=True, metadata={"example": None, "description": "UN class."})
    customs_name_zh = Text(255, allow_none=True, metadata={"example": "保温杯"})
    customs_name_en = Text(255, allow_none=True, metadata={"example": "Vacuum flask"})
    hs_code = Text(13, pattern=r"[0-9]{6,13}", allow_none=True, metadata={"example": "9617009000"})
    origin_country = Country(allow_none=True, metadata={"example": "CN"})
    declared_value_minor = Count(1, 1_000_000_000, allow_none=True, metadata={"example": 1250})
    declared_currency = Currency(allow_none=True, metadata={"example": "USD"})
    customs_item_number = Text(32, allow_none=True, metadata={"example": "17"})
    customs_unit = Text(3, pattern="[0-9A-Z]{3}", allow_none=True, metadata={"example": "011"})
    customs_unit_factor = DecimalText(1_000_000, 5, allow_none=True, metadata={"example": "1.00000"})


class ProductSchema(_Fields):
    """A product to create."""

    seller = Text(8, metadata={"example": "ACME", "description": "Needed by those who work for several sellers."})
    sku = Text(rules.SKU_MAX, required=True, metadata={"example": "MUG-450-BLUE"})
    name_en = Text(255, required=True, metadata={"example": "Travel mug 450 ml, blue"})
    name_zh = Text(255, required=True, metadata={"example": "旅行杯 450毫升 蓝色"})
    declared_weight_g = Count(1, rules.MAX_WEIGHT_G, required=True, metadata={"example": 320})
    declared_length_mm = Count(1, rules.MAX_SIZE_MM, required=True, **_MM)
    declared_width_mm = Count(1, rules.MAX_SIZE_MM, required=True, **_MM)
    declared_height_mm = Count(1, rules.MAX_SIZE_MM, required=True, **_MM)
    barcodes = Items(fields.Nested(BarcodeSchema), 0, 20)


class ProductPatch(_Fields):
    """Fields to change; the others stay."""

    name_en = Text(255)
    name_zh = Text(255)
    declared_weight_g = Count(1, rules.MAX_WEIGHT_G)
    declared_length_mm = Count(1, rules.MAX_SIZE_MM)
    declared_width_mm = Count(1, rules.MAX_SIZE_MM)
    declared_height_mm = Count(1, rules.MAX_SIZE_MM)
    is_active = fields.Boolean()


class BulkProducts(CodedSchema):
    """Each item is checked and stored by itself, as if it had come alone."""

    items = Items(fields.Raw(metadata={"x-schema": "Product"}), 1, 200, required=True,
                  metadata={"description": "Up to 200 products as of `POST /products`.", "example": [
                      {"sku": "MUG-450-GREEN", "name_en": "Travel mug 450 ml, green", "name_zh": "旅行杯 450毫升 绿色",
                       "declared_weight_g": 320, "declared_length_mm": 120, "declared_width_mm": 120,
                       "declared_height_mm": 120}]})  # fmt: skip


class ProductQuery(CodedSchema):
    cursor = Text(200, load_default=None, metadata={"description": "`next_cursor` of the page before."})
    limit = Whole(1, 200, load_default=50)
    sku = Text(rules.SKU_MAX, load_default=None)
    updated_since = Moment(load_default=None, metadata={"example": "2026-11-01T00:00:00Z"})


class ProductAnswer(ProductSchema):
    """A product as stored. Measured values are the warehouse's, null until it has measured."""

    id = fields.UUID(metadata={"example": "019393c8-6f5e-7aaa-8000-000000000004"})
    owner_id = fields.UUID()
    measured_weight_g = fields.Integer(allow_none=True)
    measured_length_mm = fields.Integer(allow_none=True)
    measured_width_mm = fields.Integer(allow_none=True)
    measured_height_mm = fields.Integer(allow_none=True)
    measured_at = fields.AwareDateTime(allow_none=True)
    picture = fields.String(allow_none=True, metadata={"description": "Where its picture is had. Another picture has another"
                            " address.", "example": PICTURE})  # fmt: skip
    is_active = fields.Boolean()
    version = fields.Integer()
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


class ProductsPage(CodedSchema):
    data = fields.List(fields.Nested(ProductAnswer))
    next_cursor = fields.String(allow_none=True)


class CommandAnswer(CodedSchema):
    """What a change leaves: the document's id and its version now."""

    id = fields.UUID()
    version = fields.Integer()


class PictureIn(CodedSchema):
    """A photo of one unit. It is brought to 800 pixels at most and turned upright; what else the file says is dropped."""

    name = Text(120, required=True, metadata={"example": "mug.jpg"})
    content = Text(7_000_000, required=True, metadata={"description": "Base64 of a JPEG or PNG of at most 5 MB and 25 million"
                   " pixels.", "example": ONE_PIXEL})  # fmt: skip


class PictureAnswer(CommandAnswer):
    picture = fields.String(allow_none=True, metadata={"example": PICTURE})


class BarcodeAnswer(CodedSchema):
    id = fields.UUID()
    product_id = fields.UUID()


class BulkProduct(CodedSchema):
    """What became of one item: its answer, or its problem."""

    index = fields.Integer(metadata={"description": "Of the item in the request, from 0."})
    status = fields.Integer(metadata={"example": 201})
    answer = fields.Nested(lambda: CommandAnswer(), metadata=MAY_LACK)
    problem = fields.Dict(metadata={"x-schema": "Problem"} | MAY_LACK)


class BulkAnswer(CodedSchema):
    results = fields.List(fields.Nested(BulkProduct))


def codes_of(data: dict[str, Any]) -> list[Code]:
    return [
        Code(each["barcode"], each.get("kind"), each["quantity"], each.get("level"))
        for each in data.get("barcodes", [])
    ]


def picture_address(product: Product) -> str | None:
    """Where a system has a product's picture."""
    if product.picture_id is None:
        return None
    return f"/api/v1/products/{product.id}/picture/{product.picture_id}"


def dump_product(product: Product, barcodes: list[ProductBarcode], seller_code: str) -> dict[str, Any]:
    found: dict[str, Any] = ProductAnswer(exclude=("barcodes", "seller", "picture")).dump(product)
    found["seller"] = seller_code
    found["picture"] = picture_address(product)
    found["barcodes"] = [
        {"id": str(each.id), "barcode": each.barcode, "kind": each.kind, "quantity": each.quantity, "level": each.level}
        for each in barcodes
    ]
    return found
