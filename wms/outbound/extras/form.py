"""The CN 22 or CN 23 below a waybill: what is in the parcel, and whose numbers customs asks for."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any

from labels import CustomsLine, LabelRefused
from wms.core.money import Money
from wms.outbound.extras.rules import form_for
from wms.outbound.extras.service import open_ids
from wms.outbound.parcel_goods import ParcelGoods, goods_in
from wms.platform.database import session
from wms.shipping.models import Parcel

MOST_LINES = 8
_REFERENCE = 40  # characters of the form's cells


def form_of(order_id: uuid.UUID, parcel_id: uuid.UUID, extra: Any, signed: str, on: date) -> dict[str, Any]:
    """The fields that `CustomsWaybillLabel` has besides a waybill's. `extra`: a row with contents, ioss, vat_id, eori and
    tax_ids_sealed.

    Raises LabelRefused("customs_values") where a value is not known any more, or they are of several currencies.
    """
    goods = goods_in(order_id, session().get_one(Parcel, parcel_id))
    currencies = {each.currency for each in goods}
    if len(currencies) != 1 or None in currencies:
        raise LabelRefused("customs_values", {"field": "lines"})
    currency = str(currencies.pop())
    total = sum((each.value_minor or 0) * each.units for each in goods)
    buyer = open_ids(order_id, extra.tax_ids_sealed)
    return {
        "form": form_for(float(Money(total, currency).as_decimal()), currency),
        "category": extra.contents,
        "lines": tuple(_lines(goods, currency)),
        "total_weight": _kilograms(sum(each.weight_g * each.units for each in goods)),
        "total_value": f"{Money(total, currency).as_decimal():f} {currency}",
        "sender_reference": _joined([extra.ioss, extra.vat_id, extra.eori]),
        "importer_reference": _joined([buyer.get("vat_id"), buyer.get("eori")]),
        "signed": f"{on.isoformat()} {signed}"[:60],
    }


def _lines(goods: Sequence[ParcelGoods], currency: str) -> list[CustomsLine]:
    """One for each line of the order; of more than fit, the last says how many kinds are left and what they make together."""
    shown = list(goods) if len(goods) <= MOST_LINES else list(goods[: MOST_LINES - 1])
    lines = [
        CustomsLine(
            description=each.description[:80], quantity=str(each.units), weight=_kilograms(each.weight_g * each.units),
            value=f"{Money((each.value_minor or 0) * each.units, currency).as_decimal():f}",
            hs_code=each.product.hs_code or "", origin=each.product.origin_country or "",
        )
        for each in shown
    ]  # fmt: skip
    rest = goods[len(shown) :]
    if rest:
        value = sum((each.value_minor or 0) * each.units for each in rest)
        lines.append(
            CustomsLine(
                description=f"{len(rest)} more, see the invoice", quantity=str(sum(each.units for each in rest)),
                weight=_kilograms(sum(each.weight_g * each.units for each in rest)),
                value=f"{Money(value, currency).as_decimal():f}",
            )
        )  # fmt: skip
    return lines


def _joined(numbers: Sequence[str | None]) -> str:
    """As many of the numbers as the cell holds, the first first."""
    found = ""
    for number in numbers:
        longer = f"{found} / {number}" if found and number else found or number or ""
        if len(longer) <= _REFERENCE:
            found = longer
    return found


def _kilograms(grams: int) -> str:
    return f"{grams / 1000:.3f} kg"
