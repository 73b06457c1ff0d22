"""The part of an order's body that says what it may say besides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from wms.core import tax_ids
from wms.outbound.extras.rules import AGES, CONTENTS, MATERIALS, OF_AGE, PACKING, PLATFORMS, Signature, odd_currency
from wms.platform.schemas import Choice, CodedSchema, Count, Currency, Day, Items, Length, OneOf, Text, printable

_HOUR = r"([01][0-9]|2[0-3]):[0-5][0-9]"


def TaxId(test: Callable[[str], bool], code: str, example: str) -> fields.String:  # noqa: N802
    """An id of this form, however it is spaced. Kept as `tax_ids.plain` writes it."""

    def has_form(value: str) -> None:
        if not test(tax_ids.plain(value)):
            raise ValidationError(code)

    return fields.String(validate=[Length(1, 30), printable, has_form], allow_none=True, metadata={"example": example})


class DeclarationIn(CodedSchema):
    """What customs is told of goods that cross a border; their values stand with the lines."""

    contents = Choice(list(CONTENTS), load_default="goods")
    ioss = TaxId(tax_ids.is_ioss, "ioss_wrong", "IM2760000742")
    vat_id = TaxId(tax_ids.is_vat_id, "vat_id_wrong", "DE123456789")
    eori = TaxId(tax_ids.is_eori, "eori_wrong", "DE1234567890123")


class InsuranceIn(CodedSchema):
    value_minor = Count(1, 2_000_000_000, required=True, metadata={"example": 12900})
    currency = Currency(required=True, metadata={"example": "EUR"})


class CodIn(CodedSchema):
    amount_minor = Count(1, 2_000_000_000, required=True, metadata={"example": 4990})
    currency = Currency(required=True, metadata={"example": "EUR"})


class DeliveryIn(CodedSchema):
    """A day, and hours of it by the buyer's clock."""

    day = Day(required=True, metadata={"example": "2026-12-01"})
    hours_from = Text(
        5, data_key="from", attribute="from", pattern=_HOUR, allow_none=True, metadata={"example": "10:00"}
    )
    until = Text(5, pattern=_HOUR, allow_none=True, metadata={"example": "12:00"})

    @validates_schema
    def hours_follow_each_other(self, data: dict[str, Any], **_: Any) -> None:
        """Both or neither, and the second is later."""
        begins, ends = data.get("from"), data.get("until")
        if (begins is None) != (ends is None):
            raise ValidationError("required", "until" if ends is None else "from")
        if begins is not None and ends is not None and ends <= begins:
            raise ValidationError("until_before_from", "until")


class ExtrasIn(CodedSchema):
    """Of `OrderIn`. Nothing of it is for a destruction."""

    platform = Choice(list(PLATFORMS), allow_none=True, metadata={"example": "amazon"})
    signature = Choice([each.value for each in Signature], allow_none=True,
                       metadata={"description": "Against whose. Refused where the service's carrier takes none."})  # fmt: skip
    insurance = fields.Nested(InsuranceIn, allow_none=True)
    cod = fields.Nested(
        CodIn, allow_none=True, metadata={"description": "What the driver collects, for the whole order."}
    )
    age_check = fields.Integer(strict=True, validate=OneOf(list(AGES)), allow_none=True,
                               metadata={"description": "How old who takes it must be: 16 or 18."})  # fmt: skip
    liftgate = fields.Boolean(allow_none=True, metadata={"description": "The lorry needs a tail lift."})
    delivery = fields.Nested(DeliveryIn, allow_none=True, metadata={"description": "On which day, in which hours."})
    packing = Items(Choice(list(PACKING)), 0, len(PACKING), allow_none=True, metadata={"example": ["bubble_bag"]})
    packing_remark = Text(255, allow_none=True, metadata={"example": "Card on top."})
    declaration = fields.Nested(DeclarationIn, allow_none=True)

    @validates_schema
    def agrees_with_itself(self, data: dict[str, Any], **_: Any) -> None:
        """One material; one currency where a form is filled in; an adult is 18."""
        if data.get("signature") == Signature.ADULT.value and (data.get("age_check") or OF_AGE) < OF_AGE:
            raise ValidationError("adult_is_of_age", "age_check")
        if len({each for each in data.get("packing") or () if each in MATERIALS}) > 1:
            raise ValidationError("one_material", "packing")
        if data.get("declaration") is not None:
            odd = odd_currency([line.get("currency") for line in data.get("lines") or ()])
            if odd is not None:
                raise ValidationError({"lines": {odd: {"currency": ["one_currency"]}}})


class LineValueIn(CodedSchema):
    """What customs is told one unit of a line is worth; both null: what its product is declared with."""

    position = Count(
        1, 2_000, required=True, metadata={"example": 1, "description": "The line, as the order shows it."}
    )
    unit_value_minor = Count(0, 2_000_000_000, required=True, allow_none=True, metadata={"example": 1290})
    currency = Currency(required=True, allow_none=True, metadata={"example": "EUR"})

    @validates_schema
    def value_has_a_currency(self, data: dict[str, Any], **_: Any) -> None:
        """Neither means anything without the other."""
        value, currency = data.get("unit_value_minor"), data.get("currency")
        if (value is None) != (currency is None):
            raise ValidationError("required", "currency" if currency is None else "unit_value_minor")


class ExtrasPatch(ExtrasIn):
    """Of `OrderPatch`. What is named is replaced whole; null takes it away."""

    values = Items(fields.Nested(LineValueIn), 1, 2_000, metadata={"description": "Values of lines for customs."})

    @validates_schema
    def each_line_once(self, data: dict[str, Any], **_: Any) -> None:
        seen: set[int] = set()
        for place, value in enumerate(data.get("values") or ()):
            if value["position"] in seen:
                raise ValidationError({"values": {place: {"position": ["duplicate"]}}})
            seen.add(value["position"])


class DeclarationOut(CodedSchema):
    contents = fields.String(metadata={"example": "goods"})
    ioss = fields.String(allow_none=True)
    vat_id = fields.String(allow_none=True)
    eori = fields.String(allow_none=True)


class DeliveryOut(CodedSchema):
    day = fields.Date()
    hours_from = fields.String(data_key="from", allow_none=True, metadata={"example": "10:00"})
    until = fields.String(allow_none=True, metadata={"example": "12:00"})


class ExtrasOut(CodedSchema):
    """Of `OrderOut`."""

    platform = fields.String(allow_none=True, metadata={"example": "amazon"})
    signature = fields.String(allow_none=True, metadata={"example": "recipient"})
    insurance = fields.Nested(InsuranceIn, allow_none=True)
    cod = fields.Nested(CodIn, allow_none=True)
    age_check = fields.Integer(allow_none=True, metadata={"example": 18})
    liftgate = fields.Boolean()
    delivery = fields.Nested(DeliveryOut, allow_none=True)
    packing = fields.List(fields.String())
    packing_remark = fields.String(allow_none=True)
    declaration = fields.Nested(DeclarationOut, allow_none=True)
