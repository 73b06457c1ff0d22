"""What printing's API reads and answers."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from wms.platform.schemas import Choice, CodedSchema, Count, Items, Text
from wms.printing.models import BundleState, DocumentState, LabelKind, PrinterState

PRODUCT_SIZES: dict[str, tuple[float, float]] = {
    "60x40": (60, 40),
    "50x30": (50, 30),
    "70x30": (70, 30),
    "70x50": (70, 50),
    "100x60": (100, 60),
}
MOST_LABELS = 5_000


class ProductLine(CodedSchema):
    sku = Text(40, metadata={"example": "MUG-450-BLUE", "description": "The product, by this or by `product_id`."})
    product_id = fields.UUID(metadata={"description": "The product, by this or by `sku`."})
    quantity = Count(1, 1_000, required=True, metadata={"example": 24})

    @validates_schema
    def names_one_product(self, data: dict[str, Any], **_: Any) -> None:
        if ("sku" in data) == ("product_id" in data):
            raise ValidationError("required" if "sku" not in data else "sku_or_id", "sku")


class ProductLabels(CodedSchema):
    """Labels for units of products, printed by the seller or at the warehouse."""

    warehouse = Text(16, required=True, metadata={"example": "DE1"})
    size = Choice(list(PRODUCT_SIZES), load_default="60x40", metadata={"example": "60x40"})
    lines = Items(fields.Nested(ProductLine), 1, 200, required=True)


class BundlesAnswer(CodedSchema):
    """The bundles that hold the labels, up to 100 pages each. Ask each until it is `ready`, or the set for all."""

    bundles = fields.List(fields.UUID())
    set = fields.UUID()


class DocumentAnswer(CodedSchema):
    id = fields.UUID()
    kind = Choice([kind.value for kind in LabelKind])
    subject_kind = fields.String(metadata={"example": "product"})
    subject_id = fields.UUID()
    version = fields.Integer()
    state = Choice([state.value for state in DocumentState])
    refusal = fields.String(allow_none=True, metadata={"example": "missing_glyph"})
    refusal_field = fields.String(allow_none=True, metadata={"example": "name"})
    barcode = fields.String(allow_none=True)
    page_index = fields.Integer(allow_none=True, metadata={"description": "0-based, in the bundle's file"})
    copies = fields.Integer()


class BundleQuery(CodedSchema):
    documents = fields.Boolean(
        load_default=True,
        metadata={"description": "false: without the labels in it, for whoever only waits for `ready`."},
    )


class BundleAnswer(CodedSchema):
    id = fields.UUID()
    warehouse_id = fields.UUID()
    state = Choice([state.value for state in BundleState])
    pages = fields.Integer()
    created_at = fields.AwareDateTime()
    ready_at = fields.AwareDateTime(allow_none=True)
    erased_at = fields.AwareDateTime(allow_none=True)
    documents = fields.List(fields.Nested(DocumentAnswer))


def dump_bundle(bundle: Any, documents: list[Any]) -> dict[str, Any]:
    """`BundleAnswer`, from rows of `queries.bundle_to_show`; written without marshmallow, as clients ask often."""
    return {
        "id": bundle.id,
        "warehouse_id": bundle.warehouse_id,
        "state": bundle.state,
        "pages": bundle.pages,
        "created_at": bundle.created_at,
        "ready_at": bundle.ready_at,
        "erased_at": bundle.erased_at,
        "documents": [document._asdict() for document in documents],
    }


TOKEN_MOST = 2**63 - 1


class EnrolIn(CodedSchema):
    """A new agent shows the code that somebody typed."""

    code = Text(16, required=True)
    host = Text(80, required=True)
    version = Text(20, required=True)


class ToldPrinter(CodedSchema):
    """What an agent sees of a printer. `unseen` is the server's own word for not having been told."""

    id = fields.UUID(required=True)
    state = Choice([each.value for each in PrinterState if each is not PrinterState.UNSEEN], required=True)
    reasons = Text(120, min_length=0, load_default="")


class PollIn(CodedSchema):
    """The heartbeat of an agent. `pending`: how many words of its journal have not been taken in yet. `printing`: jobs that
    its printers have taken and not printed yet.
    """

    host = Text(80, required=True)
    version = Text(20, required=True)
    pending = Count(0, 1_000_000, load_default=0)
    printers = Items(fields.Nested(ToldPrinter), 0, 100, load_default=list)
    printing = Items(fields.UUID(), 0, 1000, load_default=list)


class ClaimIn(CodedSchema):
    """The fencing token of a claim."""

    claim_token = Count(1, TOKEN_MOST, required=True)


class WordIn(CodedSchema):
    seq = Count(1, 1_000_000, required=True)
    type = Choice(["sent", "unsent", "lost", "completed", "note"], required=True)
    detail = Text(120, min_length=0, load_default=None, allow_none=True)


class TellIn(ClaimIn):
    """What became of a job, in the agent's words, each numbered."""

    words = Items(fields.Nested(WordIn), 1, 50, required=True)
