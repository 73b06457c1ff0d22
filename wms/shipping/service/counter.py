"""What is fetched at the counter: nobody carries it, and still each parcel has a number and stands on a list."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from wms.core import clock
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.platform.database import session
from wms.shipping import rules
from wms.shipping.carriers import COUNTER
from wms.shipping.models import Carrier, NumberScheme, Service
from wms.shipping.service.setup import HOUSE, add_number_range, add_service

SERVICE: Final = "PICK-UP"
CODE: Final = "PICK-UP"


def ensure_counter() -> Service:
    """The service of orders that are picked up, made by the first of them."""
    found = session().scalar(select(Service).where(Service.code == SERVICE, Service.warehouse_id.is_(None)))
    if found is not None:
        return found
    values = {
        "id": new_id(), "code": CODE, "name": "Pick-up at the counter", "kind": COUNTER,
        "capabilities": HOUSE.as_data(), "is_active": True, "created_at": clock.now(),
    }  # fmt: skip
    # Two first orders at the same moment: the second waits here, and then finds what the other has made.
    statement = insert(Carrier).values(values).on_conflict_do_nothing(index_elements=["code"]).returning(Carrier.id)
    carrier_id = session().scalar(statement)
    if carrier_id is None:
        return session().scalars(select(Service).where(Service.code == SERVICE)).one()
    add_number_range(SYSTEM, carrier_id, rules.NumberForm(NumberScheme.PLAIN.value, "PU"))
    return add_service(SYSTEM, carrier_id, SERVICE, "Pick-up at the counter")
