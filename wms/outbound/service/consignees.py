"""The buyer of an order: what can be printed and declared, and the one row that holds them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from labels import missing_glyphs
from wms.core.refusals import FieldError, invalid_fields
from wms.outbound import rules
from wms.outbound.extras.service import seal_ids
from wms.platform.secrecy import seal

PRINTED_FIELDS = ("name", "company", "state", "city", "district", "postcode", "address1", "address2", "address3")
COLUMNS = (
    *PRINTED_FIELDS, "phone", "email", "country", "id_number_sealed", "id_number_key", "id_number_index", "tax_ids_sealed",
    "tax_ids_key",
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """What a warehouse asks of a buyer: its regime's rules, where it stands, and the day there."""

    regime: rules.Regime
    country: str
    today: date


def check_consignee(consignee: Mapping[str, Any], place: Place) -> None:
    """What cannot be printed or declared is refused now, not at the bench."""
    errors = []
    for name in PRINTED_FIELDS:
        for position, character in missing_glyphs(consignee.get(name) or ""):
            params = {"position": position, "character": character}
            errors.append(FieldError(f"/consignee/{name}", "glyph_missing", params))
    number = consignee.get("id_number")
    if number and not rules.is_id_number(number, place.today):
        errors.append(FieldError("/consignee/id_number", "id_number_wrong", {}))
    if place.regime.to_a_person:
        errors += _undeclarable(consignee, place.country)
    if errors:
        raise invalid_fields(errors)


def _undeclarable(consignee: Mapping[str, Any], here: str) -> list[FieldError]:
    """What keeps a buyer out of bonded retail."""
    errors = []
    if consignee["country"] != here:
        errors.append(FieldError("/consignee/country", "bonded_country", {"country": here}))
    if not consignee.get("id_number"):
        errors.append(FieldError("/consignee/id_number", "id_number_required", {}))
    if not consignee.get("phone"):
        errors.append(FieldError("/consignee/phone", "phone_required", {}))
    errors += [
        FieldError(f"/consignee/{name}", "too_long", {"max": most})
        for name, most in rules.RETAIL_BUYER.items() if len(consignee.get(name) or "") > most
    ]  # fmt: skip
    return errors


def consignee_row(order_id: uuid.UUID, consignee: Mapping[str, Any]) -> dict[str, Any]:
    """The row's columns but its key; ID number and tax ids are sealed to this order."""
    row: dict[str, Any] = {name: consignee.get(name) for name in COLUMNS} | seal_ids(order_id, consignee)
    number = consignee.get("id_number")
    if number:
        sealed = seal(number.upper(), str(order_id))
        row |= {"id_number_sealed": sealed.content, "id_number_key": sealed.key_id, "id_number_index": sealed.index}
    return row
