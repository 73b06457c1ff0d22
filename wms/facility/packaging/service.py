"""Building the catalogue of packaging: who may write the facility, within their warehouses."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from wms.core import clock
from wms.core.actor import Actor
from wms.core.barcodes import OwnCode
from wms.core.refusals import Refused, invalid, invalid_fields, not_found
from wms.facility.packaging import rules
from wms.facility.packaging.models import Packaging, PackingInsert
from wms.facility.rules import own_label
from wms.facility.service import load_warehouse_to_build
from wms.identity.models import Seller
from wms.planning.cartons import Aim
from wms.platform.database import session
from wms.platform.http import check_version

# What may be said of a packaging, at first and later. Its code is printed on a label: it stays.
FIELDS = frozenset(
    {"name", "kind", "empty_g", "max_g", "cost_minor", "takes_dangerous", "is_active"}
    | {f"{where}_{side}_mm" for where in ("inner", "outer") for side in rules.SIDES}
)


def add_packaging(
    actor: Actor, warehouse_id: uuid.UUID, code: str, values: Mapping[str, Any], owner_id: uuid.UUID | None = None
) -> Packaging:
    """One more box or bag; `owner_id`: a seller's own. `values`: FIELDS. It is labelled `C-…`.

    Refuses `packaging_code_taken`, and `invalid_input` naming what does not go together.
    """
    warehouse = load_warehouse_to_build(actor, warehouse_id)
    if owner_id is not None and session().get(Seller, owner_id) is None:
        raise not_found("seller")
    _check(values)
    taken = select(Packaging.id).where(Packaging.warehouse_id == warehouse_id, Packaging.code == code)
    if session().scalar(taken) is not None:
        raise Refused("packaging_code_taken", {"code": code})
    now = clock.now()
    made = Packaging(
        warehouse_id=warehouse_id, owner_id=owner_id, code=code, created_at=now, updated_at=now,
        barcode=own_label(OwnCode.PACKAGING, warehouse.label_prefix, code), **values,
    )  # fmt: skip
    session().add(made)
    session().flush()
    return made


def edit_packaging(actor: Actor, packaging_id: uuid.UUID, version: int | None, changes: Mapping[str, Any]) -> Packaging:
    """What holds of it from now on; parcels that were packed in it keep what they weighed. Refuses stale versions."""
    found = session().get(Packaging, packaging_id)
    if found is None:
        raise not_found("packaging")
    load_warehouse_to_build(actor, found.warehouse_id)
    session().refresh(found)  # under its warehouse's lock
    check_version(found.version, version)
    _check({name: getattr(found, name) for name in FIELDS} | dict(changes))
    for name, value in changes.items():
        setattr(found, name, value)
    found.version += 1
    found.updated_at = clock.now()
    session().flush()
    return found


def set_box_aim(actor: Actor, warehouse_id: uuid.UUID, aim: Aim) -> Aim:
    """What boxes are suggested by from now on: the fewest, or the cheapest. Boxes that a packer has in hand stay."""
    load_warehouse_to_build(actor, warehouse_id).box_aim = aim.value
    session().flush()
    return aim


def add_insert(
    actor: Actor, warehouse_id: uuid.UUID, name: str, owner_id: uuid.UUID | None = None, country: str | None = None,
    platform: str | None = None,
) -> PackingInsert:  # fmt: skip
    """From now on this goes into the first parcel of these orders. 404 for who may not build."""
    load_warehouse_to_build(actor, warehouse_id)
    if owner_id is not None and session().get(Seller, owner_id) is None:
        raise not_found("seller")
    made = PackingInsert(
        warehouse_id=warehouse_id,
        owner_id=owner_id,
        country=country,
        platform=platform,
        name=name,
        created_at=clock.now(),
    )
    session().add(made)
    session().flush()
    return made


def end_insert(actor: Actor, insert_id: uuid.UUID) -> PackingInsert:
    """It goes into no order any more. Ending again changes nothing."""
    found = session().get(PackingInsert, insert_id)
    if found is None:
        raise not_found("insert")
    load_warehouse_to_build(actor, found.warehouse_id)
    session().refresh(found)
    found.ended_at = found.ended_at or clock.now()
    session().flush()
    return found


def _check(values: Mapping[str, Any]) -> None:
    unknown = set(values) - FIELDS
    if unknown:
        raise invalid(f"/{min(unknown)}", "unknown_field")
    wrong = rules.faults(values)
    if wrong:
        raise invalid_fields(wrong)
