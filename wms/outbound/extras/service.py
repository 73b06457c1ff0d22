"""What an order says besides is checked against its service, written, and goes on with its back order."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from wms.core import tax_ids
from wms.core.refusals import FieldError, invalid_fields
from wms.outbound.extras import rules
from wms.outbound.extras.models import OrderExtra
from wms.platform.database import session
from wms.platform.secrecy import seal, unseal
from wms.platform.statements import Statement
from wms.shipping.queries import capabilities_of, load_service

FIELDS = ("platform", "signature", "insurance", "packing", "packing_remark", "declaration")
_COLUMNS = (
    "platform", "signature", "insured_minor", "insured_currency", "packing", "packing_remark", "contents", "ioss",
    "vat_id", "eori",
)  # fmt: skip
LACKS = {"signature": "service_no_signature", "insurance": "service_no_insurance"}
_INSERT = Statement(
    f"INSERT INTO order_extra (order_id, {', '.join(_COLUMNS)}) VALUES (:order_id,"
    f" {', '.join('CAST(:packing AS text[])' if name == 'packing' else f':{name}' for name in _COLUMNS)})"
)


def check_service(service_id: uuid.UUID | None, body: Mapping[str, Any]) -> None:
    """Refuses `service_no_signature`, `service_no_insurance` at their fields where the service's carrier does neither."""
    signature, insured = body.get("signature"), body.get("insurance") is not None
    if service_id is None or not (signature or insured):
        return
    found = lacking(service_id, signature, insured)
    if found:
        raise invalid_fields([FieldError(f"/{name}", LACKS[name], {}) for name in found])


def lacking(service_id: uuid.UUID, signature: str | None, insured: bool) -> list[str]:
    """What of it the service's carrier does not do."""
    can = capabilities_of(load_service(service_id).carrier_id)
    return rules.lacking(signature, insured, can_sign=can.can_sign, can_insure=can.can_insure)


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
    found = {name: said[name] for name in ("platform", "signature", "packing_remark") if name in said}
    if "packing" in said:
        found["packing"] = list(dict.fromkeys(said["packing"] or ()))
    if "insurance" in said:
        insurance = said["insurance"] or {}
        found |= {"insured_minor": insurance.get("value_minor"), "insured_currency": insurance.get("currency")}
    if "declaration" in said:
        declaration = said["declaration"] or {}
        found["contents"] = declaration.get("contents")
        found |= {name: _plain(declaration.get(name)) for name in ("ioss", "vat_id", "eori")}
    return found


def _plain(number: str | None) -> str | None:
    return tax_ids.plain(number) if number else None


def copy_to(order_id: uuid.UUID, back_id: uuid.UUID) -> None:
    """A back order says the same. The insured sum is shared out by `share_insurance`, when its lines are known."""
    extra = session().get(OrderExtra, order_id)
    if extra is not None:
        session().add(OrderExtra(order_id=back_id, **{name: getattr(extra, name) for name in _COLUMNS}))
        session().flush()


def share_insurance(order_id: uuid.UUID, back_id: uuid.UUID, moved: int, units: int) -> None:
    """Of `units` the order had, `moved` are the back order's now, and so is their share of the insured sum."""
    extra, back = session().get(OrderExtra, order_id), session().get(OrderExtra, back_id)
    if extra is None or back is None or extra.insured_minor is None:
        return
    whole = extra.insured_minor
    back.insured_minor = rules.share(whole, moved, units)
    extra.insured_minor = max(1, whole - back.insured_minor)
    session().flush()


def join_insurance(order_id: uuid.UUID, back_id: uuid.UUID) -> None:
    """The parts are one order again: what the back order's goods are insured for counts with the rest."""
    extra, back = session().get(OrderExtra, order_id), session().get(OrderExtra, back_id)
    if extra is None or back is None or extra.insured_minor is None or back.insured_minor is None:
        return
    extra.insured_minor += back.insured_minor
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
