"""What an order says besides is checked against its service, written, and goes on with its back order."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import time
from typing import Any

from wms.core import clock, tax_ids
from wms.core.refusals import FieldError, invalid_fields
from wms.outbound.extras import rules
from wms.outbound.extras.models import OrderExtra
from wms.platform.database import session
from wms.platform.secrecy import seal, unseal
from wms.platform.statements import Statement
from wms.shipping.carriers.interface import WISHES, AtTheDoor
from wms.shipping.queries import capabilities_of, load_service

FIELDS = (*WISHES, "platform", "packing", "packing_remark", "declaration")
_COLUMNS = (
    "platform", "signature", "insured_minor", "insured_currency", "packing", "packing_remark", "contents", "ioss",
    "vat_id", "eori", "cod_minor", "cod_currency", "age_check", "liftgate", "deliver_on", "deliver_from", "deliver_until",
)  # fmt: skip
LACKS = {name: f"service_no_{name}" for name in WISHES}
_INSERT = Statement(
    f"INSERT INTO order_extra (order_id, {', '.join(_COLUMNS)}) VALUES (:order_id,"
    f" {', '.join('CAST(:packing AS text[])' if name == 'packing' else f':{name}' for name in _COLUMNS)})"
)


def check_service(service_id: uuid.UUID | None, body: Mapping[str, Any]) -> None:
    """Refuses `service_no_signature`, `service_no_insurance` and so on (`LACKS`) at their fields where the service's carrier
    does not do it.
    """
    wants = [name for name in WISHES if body.get(name)]
    if service_id is None or not wants:
        return
    found = lacking(service_id, wants)
    if found:
        raise invalid_fields([FieldError(f"/{name}", LACKS[name], {}) for name in found])


def lacking(service_id: uuid.UUID, wants: Collection[str]) -> list[str]:
    """What of it (`WISHES`) the service's carrier does not do."""
    return capabilities_of(load_service(service_id).carrier_id).lacking(wants)


def check_day(time_zone: str, body: Mapping[str, Any]) -> None:
    """Refuses `delivery_day_past`: nothing that still lies in a warehouse is delivered before its own today."""
    delivery = body.get("delivery")
    if delivery and delivery["day"] < clock.today(time_zone):
        raise invalid_fields([FieldError("/delivery/day", "delivery_day_past", {})])


def wants_of(extra: OrderExtra) -> list[str]:
    """What of `WISHES` an order has."""
    own = {"signature": extra.signature is not None, "insurance": extra.insured_minor is not None}
    return [name for name, is_wanted in own.items() if is_wanted] + door_of(extra).wants


def told_door(extra: OrderExtra) -> AtTheDoor:
    """What the driver does, as a carrier is told it."""
    return replace(door_of(extra), age_check=rules.age_told(extra.signature, extra.age_check))


def door_of(extra: OrderExtra) -> AtTheDoor:
    """What the driver does, as the order says it."""
    return AtTheDoor(
        cod_minor=extra.cod_minor, cod_currency=extra.cod_currency, age_check=extra.age_check, liftgate=extra.liftgate,
        day=extra.deliver_on, begins=extra.deliver_from, ends=extra.deliver_until,
    )  # fmt: skip


_DECLARED = Statement(
    "SELECT sku, declared_value_minor AS minor, declared_currency AS currency FROM product WHERE owner_id = :owner"
    " AND sku = ANY(:skus)"
)


def check_values(owner_id: uuid.UUID, country: str, body: Mapping[str, Any]) -> None:
    """Each line of goods that are declared at a border has a value, its own or its product's, all in one currency: else the
    form below the label could not be drawn. `country`: of the warehouse.
    """
    if not body.get("declaration") or not rules.crosses_a_border(country, body["consignee"]["country"]):
        return
    lines = body["lines"]
    known = {
        row.sku: row for row in _DECLARED.all({"owner": owner_id, "skus": sorted({each["sku"] for each in lines})})
    }
    currencies = [each.get("currency") or known[each["sku"]].currency for each in lines]
    errors = [
        FieldError(f"/lines/{place}/unit_value_minor", "customs_value_needed", {})
        for place, currency in enumerate(currencies) if currency is None
    ]  # fmt: skip
    odd = rules.odd_currency(currencies)
    if odd is not None:
        errors.append(FieldError(f"/lines/{odd}/currency", "one_currency", {}))
    if errors:
        raise invalid_fields(errors)


def write(order_id: uuid.UUID, body: Mapping[str, Any]) -> None:
    """Of a new order; nothing where it says nothing."""
    if any(body.get(name) for name in FIELDS):
        _INSERT.run({"order_id": order_id, **columns_of({name: body.get(name) for name in FIELDS})})


def columns_of(said: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that those of `FIELDS` stand in which are there."""
    found = {name: said[name] for name in ("platform", "signature", "packing_remark", "age_check") if name in said}
    found |= {name: bool(said[name]) for name in ("liftgate",) if name in said}
    if "packing" in said:
        found["packing"] = list(dict.fromkeys(said["packing"] or ()))
    if "insurance" in said:
        insurance = said["insurance"] or {}
        found |= {"insured_minor": insurance.get("value_minor"), "insured_currency": insurance.get("currency")}
    if "cod" in said:
        cod = said["cod"] or {}
        found |= {"cod_minor": cod.get("amount_minor"), "cod_currency": cod.get("currency")}
    if "delivery" in said:
        delivery = said["delivery"] or {}
        hours = {name: _hour(delivery.get(name)) for name in ("from", "until")}
        found |= {"deliver_on": delivery.get("day"), "deliver_from": hours["from"], "deliver_until": hours["until"]}
    if "declaration" in said:
        declaration = said["declaration"] or {}
        found["contents"] = declaration.get("contents")
        found |= {name: _plain(declaration.get(name)) for name in ("ioss", "vat_id", "eori")}
    return found


def _plain(number: str | None) -> str | None:
    return tax_ids.plain(number) if number else None


def _hour(text: str | None) -> time | None:
    return time.fromisoformat(text) if text else None


def copy_to(order_id: uuid.UUID, back_id: uuid.UUID) -> None:
    """A back order says the same. Its sums are shared out by `share_sums`, when its lines are known."""
    extra = session().get(OrderExtra, order_id)
    if extra is not None:
        session().add(OrderExtra(order_id=back_id, **{name: getattr(extra, name) for name in _COLUMNS}))
        session().flush()


def share_sums(order_id: uuid.UUID, back_id: uuid.UUID, moved: int, units: int) -> None:
    """Of `units` the order had, `moved` are the back order's now, and so is their share of what is insured and collected."""
    extra, back = session().get(OrderExtra, order_id), session().get(OrderExtra, back_id)
    if extra is None or back is None:
        return
    if extra.insured_minor is not None:
        whole = extra.insured_minor
        back.insured_minor = rules.share(whole, moved, units)
        extra.insured_minor = max(1, whole - back.insured_minor)
    if extra.cod_minor is not None:
        back.cod_minor = rules.money_share(extra.cod_minor, 0, moved, units) or None
        back.cod_currency = extra.cod_currency if back.cod_minor else None
        extra.cod_minor -= back.cod_minor or 0
    session().flush()


def join_sums(order_id: uuid.UUID, back_id: uuid.UUID) -> None:
    """The parts are one order again: what the back order's goods are insured for, and what they bring, counts with the rest."""
    extra, back = session().get(OrderExtra, order_id), session().get(OrderExtra, back_id)
    if extra is None or back is None:
        return
    if extra.insured_minor is not None and back.insured_minor is not None:
        extra.insured_minor += back.insured_minor
    if back.cod_minor is not None and extra.cod_currency in (None, back.cod_currency):
        extra.cod_minor = (extra.cod_minor or 0) + back.cod_minor
        extra.cod_currency = back.cod_currency
    session().flush()


# The buyer's ids, sealed to the order in the buyer's row.

BUYERS = ("vat_id", "eori")


def seal_ids(order_id: uuid.UUID, consignee: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of the consignee's row; empty where the buyer has none."""
    ids = {name: tax_ids.plain(consignee[name]) for name in BUYERS if consignee.get(name)}
    if not ids:
        return {}
    sealed = seal(json.dumps(ids), _context(order_id))
    return {"tax_ids_sealed": sealed.content, "tax_ids_key": sealed.key_id}


def open_ids(order_id: uuid.UUID, sealed: bytes | None) -> dict[str, str]:
    """The buyer's ids by name: for carriers and customs forms, never for a log."""
    if sealed is None:
        return {}
    found: dict[str, str] = json.loads(unseal(sealed, _context(order_id)))
    return found


def _context(order_id: uuid.UUID) -> str:
    return f"{order_id}:tax"
