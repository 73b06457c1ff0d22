"""Serial numbers: captured at exit, or known from entry on; one number is in at most one place.

Under full control a number enters with a receipt and follows the goods from row to row: it names its balance row, and
their count equals what is on hand there (audit). A shipped or voided number may come in again (a return), one that is
in stock may not.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from wms.catalog.models import Product, SerialControl
from wms.core import clock
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.inventory.models import Serial
from wms.platform.database import session
from wms.platform.statements import Statement


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


_ENTER = Statement(
    "INSERT INTO serial AS s (id, owner_id, product_id, number, state, balance_id, subject_kind, subject_id,"
    " created_at) SELECT k.id, :owner, :product, k.number, 'in_stock', :balance, :kind, :subject, :now"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:numbers AS text[])) AS k(id, number) ORDER BY k.number"
    " ON CONFLICT (product_id, number) DO UPDATE SET state = 'in_stock', balance_id = excluded.balance_id,"
    " subject_kind = excluded.subject_kind, subject_id = excluded.subject_id WHERE s.state <> 'in_stock'"
    " RETURNING number"
)
_FOLLOW = Statement(
    "UPDATE serial SET balance_id = :target WHERE balance_id = :source AND product_id = :product"
    " AND (CAST(:numbers AS text[]) IS NULL OR number = ANY(CAST(:numbers AS text[]))) RETURNING id"
)
_VOID = Statement(
    "UPDATE serial SET state = 'void', balance_id = NULL WHERE subject_kind = :kind AND subject_id = :subject"
    " AND state = 'in_stock'"
)


def enter(
    owner_id: uuid.UUID, product_id: uuid.UUID, balance_id: int, numbers: Sequence[str], kind: str, subject: uuid.UUID
) -> None:
    """These numbers are now in this row. Refuses `serial_known` for one that is in stock already."""
    values = {
        "owner": owner_id, "product": product_id, "balance": balance_id, "ids": [new_id() for _ in numbers],
        "numbers": list(numbers), "kind": kind, "subject": subject, "now": clock.now(),
    }  # fmt: skip
    entered = set(_ENTER.column(values))
    for number in numbers:
        if number not in entered:
            raise Refused("serial_known", {"number": number})


def follow(product_id: uuid.UUID, source: int, target: int, quantity: int, numbers: Sequence[str] | None) -> None:
    """Numbers go with their goods; None means all of the row. Refuses `serials_moving` when they are not `quantity`."""
    values = {
        "product": product_id,
        "source": source,
        "target": target,
        "numbers": None if numbers is None else list(numbers),
    }
    moved = len(_FOLLOW.all(values))
    if moved != quantity:
        raise Refused("serials_moving", {"wanted": quantity, "given": moved})


_FOLLOW_ROWS = Statement(
    "UPDATE serial AS s SET balance_id = k.target FROM unnest(CAST(:sources AS bigint[]), CAST(:targets AS bigint[]))"
    " AS k(source, target) WHERE s.balance_id = k.source RETURNING k.source"
)


def follow_rows(rows: Sequence[tuple[int, int, int]]) -> None:
    """All numbers of several rows go along: (source, target, quantity) each, one statement; none for no rows.

    Refuses `serials_moving` when a row has more or fewer numbers than units go.
    """
    if not rows:
        return
    values = {"sources": [source for source, _, _ in rows], "targets": [target for _, target, _ in rows]}
    moved = Counter(_FOLLOW_ROWS.column(values))
    for source, _, quantity in rows:
        if moved[source] != quantity:
            raise Refused("serials_moving", {"wanted": quantity, "given": moved[source]})


def void(kind: str, subject: uuid.UUID) -> None:
    """The receipt that brought these numbers in is undone."""
    _VOID.run({"kind": kind, "subject": subject})
