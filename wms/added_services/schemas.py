"""What the services' API takes in and answers."""

from __future__ import annotations

from typing import Any

from marshmallow import fields
from sqlalchemy import Row

from wms.added_services.models import AddedService, Effect, ProofKind, ServiceRequest, Unit, Work
from wms.added_services.workflow import RequestState
from wms.core.refusals import invalid
from wms.inventory.models import Condition
from wms.platform.schemas import Choice, CodedSchema, Count, Items, Text, Whole

_ID = "01932c07-4a5e-7c3a-9d2e-5f1b8a6c7d10"
_SELLER = {"example": "ACME", "description": "Needed where the key sees several sellers."}
CODE = r"[A-Z0-9][A-Z0-9-]{1,23}"


class AddedServiceOut(CodedSchema):
    """An entry of the catalogue."""

    code = fields.String(metadata={"example": "RELABEL"})
    name_en = fields.String(metadata={"example": "Relabel"})
    name_zh = fields.String(metadata={"example": "换标"})
    about_en = fields.String()
    about_zh = fields.String()
    work = Choice([each.value for each in Work], metadata={"example": "label"})
    unit = Choice([each.value for each in Unit], metadata={"example": "unit"})
    effect = Choice([each.value for each in Effect], metadata={"example": "relabel"})
    proofs = fields.List(Choice([each.value for each in ProofKind]))
    asks_first = fields.Boolean(metadata={"description": "The operator accepts or rejects each request."})


class AddedServicePage(CodedSchema):
    data = fields.List(fields.Nested(AddedServiceOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ServiceRequestIn(CodedSchema):
    seller = Text(8, load_default=None, metadata=_SELLER)
    warehouse = Text(16, required=True, metadata={"example": "LAX1"})
    service = Text(24, required=True, metadata={"example": "PHOTO"})
    sku = Text(40, load_default=None, metadata={"example": "MUG-BLUE"})
    container = Text(48, load_default=None, metadata={"description": "A container's code or label."})
    location = Text(32, load_default=None, metadata={"example": "A-03-12-2"})
    condition = Choice([each.value for each in Condition], load_default=Condition.GOOD.value)
    quantity = Count(1, 1_000_000, required=True, metadata={"example": 24})
    to_sku = Text(40, load_default=None, metadata={"description": "What relabelled or graded goods become."})
    note = Text(400, min_length=0, load_default="")


class ServiceRequestQuery(CodedSchema):
    state = Choice([each.value for each in RequestState], load_default=None)
    cursor = Text(200, load_default=None)
    limit = Whole(1, 200, load_default=50)


class ServiceRequestAccepted(CodedSchema):
    id = fields.UUID(required=True, metadata={"example": _ID})
    number = fields.String(required=True, metadata={"example": "VSACME-261124-0001"})
    state = fields.String(required=True, metadata={"example": "requested"})
    version = fields.Integer(required=True)


class ServiceRequestRow(ServiceRequestAccepted):
    service = fields.String(metadata={"example": "PHOTO"})
    warehouse = fields.String(metadata={"example": "LAX1"})
    seller = fields.String(metadata={"example": "ACME"})
    sku = fields.String(allow_none=True)
    to_sku = fields.String(allow_none=True)
    container = fields.String(allow_none=True)
    location = fields.String(allow_none=True)
    about_kind = fields.String(allow_none=True, metadata={"example": "carton"})
    about_id = fields.UUID(allow_none=True)
    quantity = fields.Integer()
    done = fields.Integer()
    unit = fields.String(metadata={"example": "unit"})
    note = fields.String()
    answer = fields.String(metadata={"description": "What the warehouse says to it."})
    asked_at = fields.AwareDateTime()
    ended_at = fields.AwareDateTime(allow_none=True)


class ProofOut(CodedSchema):
    id = fields.UUID()
    kind = Choice([each.value for each in ProofKind])
    value = fields.Integer(allow_none=True, metadata={"description": "Units counted, or g. Null for a photo."})
    added_at = fields.AwareDateTime()


class ServiceRequestOut(ServiceRequestRow):
    proofs = fields.List(fields.Nested(ProofOut))


class ServiceRequestPage(CodedSchema):
    data = fields.List(fields.Nested(ServiceRequestRow), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class KitPartIn(CodedSchema):
    sku = Text(40, required=True, metadata={"example": "MUG-BLUE"})
    units = Count(1, 10_000, required=True, metadata={"example": 2})


class KitIn(CodedSchema):
    seller = Text(8, load_default=None, metadata=_SELLER)
    sku = Text(40, required=True, metadata={"example": "MUG-SET"})
    parts = Items(fields.Nested(KitPartIn), 1, 50, required=True)


class KitAccepted(CodedSchema):
    id = fields.UUID(required=True)
    sku = fields.String(required=True)


class KitEnded(CodedSchema):
    id = fields.UUID(required=True)


class KitPartOut(CodedSchema):
    sku = fields.String()
    units = fields.Integer()


class KitOut(KitAccepted):
    name_en = fields.String()
    name_zh = fields.String()
    parts = fields.List(fields.Nested(KitPartOut))


class KitPage(CodedSchema):
    data = fields.List(fields.Nested(KitOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class OfferQuery(CodedSchema):
    cursor = Text(200, load_default=None)
    limit = Whole(1, 200, load_default=50)


class OfferIn(CodedSchema):
    seller = Text(8, load_default=None, metadata=_SELLER)
    warehouse = Text(16, required=True, metadata={"example": "LAX1"})
    sku = Text(40, required=True, metadata={"example": "MUG-BLUE"})
    quantity = Count(1, 1_000_000, required=True, metadata={"example": 24})
    to_seller = Text(8, required=True, metadata={"example": "RIVAL", "description": "Who is to take the goods."})
    note = Text(200, min_length=0, load_default="")


class AgreeIn(CodedSchema):
    sku = Text(40, required=True, metadata={"example": "MUG-BLUE", "description": "The taker's own product."})


class OfferAccepted(CodedSchema):
    id = fields.UUID(required=True)
    state = fields.String(required=True, metadata={"example": "offered"})


class OfferRow(OfferAccepted):
    """A change of owner that was offered. Both sellers see it; the goods are kept for it until it is decided."""

    seller = fields.String(metadata={"example": "ACME", "description": "Who gives."})
    to_seller = fields.String(metadata={"example": "RIVAL", "description": "Who takes."})
    warehouse = fields.String()
    sku = fields.String(metadata={"description": "As the giver calls it."})
    to_sku = fields.String(allow_none=True)
    name_en = fields.String()
    name_zh = fields.String()
    quantity = fields.Integer()
    note = fields.String()
    asked_at = fields.AwareDateTime()


class OfferPage(CodedSchema):
    data = fields.List(fields.Nested(OfferRow), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


def service_row(service: AddedService) -> dict[str, Any]:
    return {name: getattr(service, name) for name in AddedServiceOut().fields}


def asked_for(found: ServiceRequest) -> dict[str, Any]:
    return {"id": str(found.id), "number": found.number, "state": found.state, "version": found.version}


def request_out(row: Row[Any]) -> dict[str, Any]:
    """A row of `queries.requests_page` as the API shows it."""
    same = [name for name in ServiceRequestRow().fields if name not in {"about_kind", "about_id"}]
    made = {name: getattr(row, name) for name in same}
    return {**made, "about_kind": row.subject_kind, "about_id": row.subject_id}


def proof_out(row: Row[Any]) -> dict[str, Any]:
    return {"id": row.id, "kind": row.kind, "value": row.value, "added_at": row.added_at}


def parts_of(typed: list[dict[str, Any]]) -> dict[str, int]:
    """Units by SKU. Refuses at its field a SKU that is named twice."""
    parts: dict[str, int] = {}
    for number, part in enumerate(typed):
        if part["sku"] in parts:
            raise invalid(f"/parts/{number}/sku", "part_twice")
        parts[part["sku"]] = part["units"]
    return parts
