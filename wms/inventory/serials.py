"""Serial numbers: captured at exit, or known from entry on; one number is in at most one place."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from wms.catalog.models import Product, SerialControl
from wms.core import clock
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.inventory.models import Serial
from wms.platform.database import session


def leave(product: Product, number: str, subject_kind: str, subject_id: uuid.UUID) -> None:
    """A unit with this number is packed. Refuses `serial_known` when it left before or was never received."""
    known = session().scalar(
        select(Serial).where(Serial.product_id == product.id, Serial.number == number).with_for_update()
    )
    if known is None:
        if product.serial_control == SerialControl.FULL.value:
            raise Refused("serial_unknown", {"number": number})
        statement = insert(Serial).values(
            id=new_id(), owner_id=product.owner_id, product_id=product.id, number=number, state="shipped",
            subject_kind=subject_kind, subject_id=subject_id, created_at=clock.now(),
        )  # fmt: skip
        made = session().scalar(statement.on_conflict_do_nothing().returning(Serial.id))
        if made is None:
            raise Refused("serial_known", {"number": number})
        return
    if known.state != "in_stock":
        raise Refused("serial_known", {"number": number})
    known.state, known.subject_kind, known.subject_id = "shipped", subject_kind, subject_id
    session().flush()


def stay(subject_kind: str, subject_id: uuid.UUID, number: str) -> None:
    """The packer took the check back: the number has not left."""
    known = session().scalar(
        select(Serial).where(
            Serial.number == number, Serial.subject_kind == subject_kind, Serial.subject_id == subject_id
        )
    )
    if known is None:
        return
    if known.balance_id is None:
        session().delete(known)
    else:
        known.state = "in_stock"
    session().flush()
