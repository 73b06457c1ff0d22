"""What an order says besides is changed: written, and looked at together with what else the order says then."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from wms.core.refusals import FieldError, invalid_fields
from wms.outbound.extras import rules
from wms.outbound.extras.models import OrderExtra
from wms.outbound.extras.service import FIELDS, LACKS, columns_of, lacking, wants_of
from wms.outbound.models import OrderLine
from wms.platform.database import session
from wms.platform.statements import Statement


def write_changes(order_id: uuid.UUID, changes: Mapping[str, Any]) -> None:
    """Of `FIELDS` and `values` those that are named; what says nothing any more has no row. Refuses positions that are
    no lines.
    """
    columns = columns_of({name: changes[name] for name in FIELDS if name in changes})
    if columns:
        extra = session().get(OrderExtra, order_id) or OrderExtra(order_id=order_id, packing=[])
        for name, value in columns.items():
            setattr(extra, name, value)
        if says_something(extra):
            session().add(extra)
        elif extra in session():
            session().delete(extra)
    if "values" in changes:
        _write_values(order_id, changes["values"])
    session().flush()


def says_something(extra: OrderExtra) -> bool:
    texts = (extra.platform, extra.packing_remark, extra.contents)
    return bool(extra.packing or wants_of(extra)) or any(each is not None for each in texts)


def _write_values(order_id: uuid.UUID, values: Sequence[Mapping[str, Any]]) -> None:
    lines = {line.position: line for line in session().scalars(select(OrderLine).where(OrderLine.order_id == order_id))}
    unknown = [
        FieldError(f"/values/{place}/position", "no_such_line", {})
        for place, value in enumerate(values) if value["position"] not in lines
    ]  # fmt: skip
    if unknown:
        raise invalid_fields(unknown)
    for value in values:
        line = lines[value["position"]]
        line.unit_value_minor, line.currency = value["unit_value_minor"], value["currency"]


def check_service(order_id: uuid.UUID, service_id: uuid.UUID | None, changed: Mapping[str, Any]) -> None:
    """Refuses `service_no_signature` and so on (`LACKS`) of what the order says now: at the field that was changed, or at
    `/service`.
    """
    extra = session().get(OrderExtra, order_id)
    if extra is None or service_id is None:
        return
    found = lacking(service_id, wants_of(extra))
    if found:
        raise invalid_fields(
            [FieldError(f"/{name}" if name in changed else "/service", LACKS[name], {}) for name in found]
        )


def check_age(order_id: uuid.UUID, changed: Mapping[str, Any]) -> None:
    """Refuses `adult_is_of_age` of what the order says now."""
    extra = session().get(OrderExtra, order_id)
    if extra is None or extra.age_check in (None, rules.age_told(extra.signature, extra.age_check)):
        return
    raise invalid_fields([FieldError("/age_check" if "age_check" in changed else "/signature", "adult_is_of_age", {})])


_CURRENCIES = Statement(
    "SELECT l.position, l.currency AS said, coalesce(l.currency, p.declared_currency) AS currency FROM order_line l"
    " JOIN product p ON p.id = l.product_id WHERE l.order_id = :order ORDER BY l.position"
)


def check_declared(order_id: uuid.UUID, here: str, there: str, changed: Mapping[str, Any]) -> None:
    """Refuses `customs_value_needed`, `one_currency` where the order declares its goods: a form has one currency, and across
    a border every value. `here`: of the warehouse, `there`: of the buyer.
    """
    extra = session().get(OrderExtra, order_id)
    if extra is None or extra.contents is None:
        return
    rows = _CURRENCIES.all({"order": order_id})
    crosses = rules.crosses_a_border(here, there)
    currencies = [row.currency if crosses else row.said for row in rows]
    lacks = next((row.position for row in rows if crosses and row.currency is None), None)
    odd = rules.odd_currency(currencies)
    if lacks is not None:
        raise invalid_fields([FieldError(_at(changed, lacks, "unit_value_minor"), "customs_value_needed", {})])
    if odd is not None:
        raise invalid_fields([FieldError(_at(changed, rows[odd].position, "currency"), "one_currency", {})])


def _at(changed: Mapping[str, Any], position: int, field: str) -> str:
    """Where the body said what does not fit: the value of that line, else any value, else the declaration or the country."""
    if "values" in changed:
        named = [value["position"] for value in changed["values"]]
        return f"/values/{named.index(position) if position in named else 0}/{field}"
    return "/declaration" if "declaration" in changed else "/consignee/country"
