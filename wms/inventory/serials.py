"""Serial numbers: captured at exit, or known from entry on; one number is in at most one place.

Under full control ("entry and exit") a number names its balance row, and the numbers of a row are as many as its units
(audit). The ledger keeps that so, whatever is posted: `follow` takes every posting that touches such a product and lets
the numbers go with the goods. A move says which numbers go; only where a row goes whole to one place need it not.
Otherwise `serials_required`. What moved is noted in `serial_move`: a reversal takes the same numbers back.

A shipped or voided number may come in again (a return), one that is in stock may not.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from wms.core import clock
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.inventory.balances import LockedBalance
from wms.inventory.models import Balance, Serial
from wms.inventory.rules import MoveDraft, Stock
from wms.platform.database import session
from wms.platform.statements import Statement

# What a number is after its goods went to a counter-party; all others make it *void*.
GONE = {"customer": "shipped"}


@dataclass(frozen=True)
class _Leg:
    """The numbered goods of one move: from one row or from outside (None), to one row or to outside."""

    owner_id: uuid.UUID
    product_id: uuid.UUID
    source: int | None
    target: int | None
    state: str
    quantity: int
    numbers: tuple[str, ...]


def follow(
    posting_id: uuid.UUID,
    moves: Sequence[MoveDraft],
    rows: Mapping[Stock, LockedBalance],
    subject: tuple[str, uuid.UUID | None],
    reverses_id: uuid.UUID | None,
) -> None:
    """Let the numbers of a posting go with its goods. Costs nothing where no product is under full control.

    Called by the ledger, which holds the rows. Refuses `serials_required`, `serial_not_here`, `serial_known`.
    """
    if not any(row.keeps_serials for row in rows.values()):
        return
    legs = [leg for leg in (_leg(move, rows) for move in moves) if leg is not None]
    if reverses_id is not None:
        legs = _as_noted(legs, reverses_id)
    named, whole, entering = _sorted(legs, {row.id: row.on_hand for row in rows.values()})
    for leaving in (named, whole):
        if leaving:
            _move(posting_id, leaving, subject)
    if entering:
        _enter(posting_id, entering, subject)


def _leg(move: MoveDraft, rows: Mapping[Stock, LockedBalance]) -> _Leg | None:
    source = rows[move.source] if isinstance(move.source, Stock) else None
    target = rows[move.target] if isinstance(move.target, Stock) else None
    row = source or target
    if row is None or not row.keeps_serials:
        return None
    state = "in_stock" if target is not None else GONE.get(str(move.target), "void")
    return _Leg(row.stock.owner_id, row.stock.product_id, source.id if source else None,
                target.id if target else None, state, move.quantity, tuple(move.serials))  # fmt: skip


def _sorted(legs: Sequence[_Leg], on_hand: Mapping[int, int]) -> tuple[list[_Leg], list[_Leg], list[_Leg]]:
    """The legs that name what leaves a row, those that empty one, and those that come from outside."""
    named: list[_Leg] = []
    entering: list[_Leg] = []
    unnamed: dict[int, list[_Leg]] = defaultdict(list)
    taken: Counter[int] = Counter()
    for leg in legs:
        if leg.source is not None:
            taken[leg.source] += leg.quantity
        if leg.source is not None and not leg.numbers:
            unnamed[leg.source].append(leg)
            continue
        if len(set(leg.numbers)) != leg.quantity or len(leg.numbers) != leg.quantity:
            raise Refused("serials_required", {"wanted": leg.quantity, "given": len(set(leg.numbers))})
        (entering if leg.source is None else named).append(leg)
    for source, own in unnamed.items():
        if taken[source] != on_hand[source] or len({leg.target for leg in own}) > 1:
            raise Refused("serials_required", {"wanted": sum(leg.quantity for leg in own), "given": 0})
    return named, [own[0] for own in unnamed.values()], entering


_AS_NOTED = Statement(
    "SELECT s.number, m.from_balance_id, m.to_balance_id FROM serial_move m JOIN serial s ON s.id = m.serial_id"
    " WHERE m.posting_id = :posting ORDER BY m.id"
)


def _as_noted(legs: Sequence[_Leg], reverses_id: uuid.UUID) -> list[_Leg]:
    """A reversal takes back the very numbers that its posting moved."""
    noted: dict[tuple[int | None, int | None], list[str]] = defaultdict(list)
    for row in _AS_NOTED.all({"posting": reverses_id}):
        noted[(row.to_balance_id, row.from_balance_id)].append(row.number)
    given: list[_Leg] = []
    for leg in legs:
        own = noted[(leg.source, leg.target)]
        given.append(replace(leg, numbers=tuple(own[: leg.quantity])))
        del own[: leg.quantity]
    return given


# A leg without a number (NULL) takes all that the row has.
_MOVE = Statement(
    "WITH moved AS (UPDATE serial AS s SET state = k.state, balance_id = k.target,"
    "  subject_kind = CASE WHEN k.target IS NULL THEN CAST(:kind AS text) ELSE s.subject_kind END,"
    "  subject_id = CASE WHEN k.target IS NULL THEN CAST(:subject AS uuid) ELSE s.subject_id END"
    "  FROM unnest(CAST(:products AS uuid[]), CAST(:sources AS bigint[]), CAST(:targets AS bigint[]),"
    "   CAST(:states AS text[]), CAST(:numbers AS text[])) AS k(product_id, source, target, state, number)"
    "  WHERE s.product_id = k.product_id AND s.balance_id = k.source AND s.state = 'in_stock'"
    "  AND (k.number IS NULL OR s.number = k.number) RETURNING s.id, s.product_id, s.number, k.source, k.target),"
    " noted AS (INSERT INTO serial_move (posting_id, serial_id, from_balance_id, to_balance_id)"
    "  SELECT CAST(:posting AS uuid), id, source, target FROM moved)"
    " SELECT product_id, number FROM moved"
)
_ENTER = Statement(
    "WITH entered AS (INSERT INTO serial AS s (id, owner_id, product_id, number, state, balance_id, subject_kind,"
    "  subject_id, created_at) SELECT k.id, k.owner_id, k.product_id, k.number, 'in_stock', k.target,"
    "  CAST(:kind AS text), CAST(:subject AS uuid), CAST(:now AS timestamptz)"
    "  FROM unnest(CAST(:ids AS uuid[]), CAST(:owners AS uuid[]), CAST(:products AS uuid[]),"
    "   CAST(:targets AS bigint[]), CAST(:numbers AS text[])) AS k(id, owner_id, product_id, target, number)"
    "  ORDER BY k.product_id, k.number"
    "  ON CONFLICT (product_id, number) DO UPDATE SET state = 'in_stock', balance_id = excluded.balance_id,"
    "  subject_kind = excluded.subject_kind, subject_id = excluded.subject_id WHERE s.state <> 'in_stock'"
    "  RETURNING s.id, s.product_id, s.number, s.balance_id),"
    " noted AS (INSERT INTO serial_move (posting_id, serial_id, to_balance_id)"
    "  SELECT CAST(:posting AS uuid), id, balance_id FROM entered)"
    " SELECT product_id, number FROM entered"
)


def _move(posting_id: uuid.UUID, legs: Sequence[_Leg], subject: tuple[str, uuid.UUID | None]) -> None:
    each = [(leg, number) for leg in legs for number in (leg.numbers or (None,))]
    parameters = {
        "posting": posting_id, "kind": subject[0], "subject": subject[1],
        "products": [leg.product_id for leg, _ in each], "sources": [leg.source for leg, _ in each],
        "targets": [leg.target for leg, _ in each], "states": [leg.state for leg, _ in each],
        "numbers": [number for _, number in each],
    }  # fmt: skip
    moved = Counter((row.product_id, row.number) for row in _MOVE.all(parameters))
    for leg, number in each:
        if number is not None and not moved[(leg.product_id, number)]:
            raise Refused("serial_not_here", {"number": number})
        moved[(leg.product_id, number or "")] -= 1


def _enter(posting_id: uuid.UUID, legs: Sequence[_Leg], subject: tuple[str, uuid.UUID | None]) -> None:
    each = [(leg, number) for leg in legs for number in leg.numbers]
    if len({(leg.product_id, number) for leg, number in each}) != len(each):
        raise Refused("serials_required", {"wanted": len(each), "given": len({number for _, number in each})})
    parameters: dict[str, Any] = {
        "posting": posting_id, "kind": subject[0], "subject": subject[1], "now": clock.now(),
        "ids": [new_id() for _ in each], "owners": [leg.owner_id for leg, _ in each],
        "products": [leg.product_id for leg, _ in each], "targets": [leg.target for leg, _ in each],
        "numbers": [number for _, number in each],
    }  # fmt: skip
    entered = {(row.product_id, row.number) for row in _ENTER.all(parameters)}
    for leg, number in each:
        if (leg.product_id, number) not in entered:
            raise Refused("serial_known", {"number": number})


# Reads


def row_of(product_id: uuid.UUID, number: str) -> Balance | None:
    """The row in which this number stands now; None for one that is not in stock."""
    return session().scalar(
        select(Balance)
        .join(Serial, Serial.balance_id == Balance.id)
        .where(Serial.product_id == product_id, Serial.number == number, Serial.state == "in_stock")
        .execution_options(populate_existing=True)
    )


def by_row(product_id: uuid.UUID, numbers: Collection[str]) -> dict[int, list[str]]:
    """The given numbers that are in stock, by the row in which they stand. Costs nothing where none are given."""
    found: dict[int, list[str]] = defaultdict(list)
    if numbers:
        rows = select(Serial.balance_id, Serial.number).where(
            Serial.product_id == product_id, Serial.number.in_(set(numbers)), Serial.state == "in_stock"
        )
        for balance_id, number in session().execute(rows.order_by(Serial.number)):
            if balance_id is not None:
                found[balance_id].append(number)
    return dict(found)


_SURPLUS = Statement(
    "SELECT s.number FROM serial s JOIN balance b ON b.id = s.balance_id JOIN location l ON l.id = b.location_id"
    " AND l.kind = 'unaccounted' WHERE s.product_id = :product AND s.number = ANY(CAST(:numbers AS text[]))"
    " AND (SELECT m.from_balance_id IS NULL FROM serial_move m WHERE m.serial_id = s.id ORDER BY m.id DESC LIMIT 1)"
)


def without_surplus(product_id: uuid.UUID, numbers: Collection[str]) -> Collection[str]:
    """The given numbers but those that are over in bond: customs has to enter these first. Costs nothing without any."""
    if not numbers:
        return numbers
    return set(numbers) - set(_SURPLUS.column({"product": product_id, "numbers": list(numbers)}))


def of_row(balance_id: int) -> set[str]:
    """The numbers in a row."""
    return set(session().scalars(select(Serial.number).where(Serial.balance_id == balance_id)))


class WentOut(NamedTuple):
    """A number of a product, and the goods it was when it last left: their lot and book item (full control)."""

    number: str
    went_with: bool  # with the document asked for, and is still gone
    is_void: bool  # it is nowhere
    lot_id: uuid.UUID | None
    book_item_id: uuid.UUID | None


_WENT_OUT = Statement(
    "SELECT s.number, coalesce(s.state = 'shipped' AND s.subject_kind = :kind AND s.subject_id = :subject, false)"
    " AS went_with, s.state = 'void' AS is_void, b.lot_id, b.book_item_id FROM serial s LEFT JOIN LATERAL ("
    " SELECT m.from_balance_id FROM serial_move m WHERE m.serial_id = s.id ORDER BY m.id DESC LIMIT 1) l ON true"
    " LEFT JOIN balance b ON b.id = l.from_balance_id WHERE s.product_id = :product"
    " AND (s.number = ANY(CAST(:numbers AS text[]))"
    "  OR (s.state = 'shipped' AND s.subject_kind = :kind AND s.subject_id = :subject))"
)


def went_out(product_id: uuid.UUID, kind: str, subject_id: uuid.UUID, numbers: Collection[str]) -> list[WentOut]:
    """All numbers of the product that went out with a document, and what is known of `numbers`."""
    parameters = {"product": product_id, "kind": kind, "subject": subject_id, "numbers": list(numbers)}
    return [WentOut(*row) for row in _WENT_OUT.all(parameters)]


# At the bench


_AT_BENCH = Statement(
    "SELECT s.state, b.handling_unit_id FROM serial s LEFT JOIN balance b ON b.id = s.balance_id"
    " WHERE s.product_id = :product AND s.number = :number"
)


def check_in_units(product_id: uuid.UUID, number: str, unit_ids: Collection[uuid.UUID]) -> None:
    """Under full control a number is checked, and leaves with its goods. Refuses `serial_unknown`, or
    `serial_not_here` when it is in none of these totes.
    """
    found = _AT_BENCH.first({"product": product_id, "number": number})
    if found is None:
        raise Refused("serial_unknown", {"number": number})
    if found.state != "in_stock" or found.handling_unit_id not in unit_ids:
        raise Refused("serial_not_here", {"number": number})


def leave(owner_id: uuid.UUID, product_id: uuid.UUID, number: str, subject_kind: str, subject_id: uuid.UUID) -> None:
    """Exit control: a unit with this number is packed. Refuses `serial_known` when it left before."""
    statement = insert(Serial).values(
        id=new_id(), owner_id=owner_id, product_id=product_id, number=number, state="shipped",
        subject_kind=subject_kind, subject_id=subject_id, created_at=clock.now(),
    )  # fmt: skip
    came_back = statement.on_conflict_do_update(
        index_elements=["product_id", "number"],
        set_={"state": "shipped", "balance_id": None, "subject_kind": subject_kind, "subject_id": subject_id},
        where=Serial.state != "shipped",
    )
    if session().scalar(came_back.returning(Serial.id)) is None:
        raise Refused("serial_known", {"number": number})


_STAY = Statement(
    "UPDATE serial SET state = 'void' WHERE state = 'shipped' AND balance_id IS NULL AND subject_kind = :kind"
    " AND subject_id = :subject AND product_id = :product AND number = ANY(CAST(:numbers AS text[])) RETURNING id"
)


def stay(product_id: uuid.UUID, numbers: Sequence[str], subject_kind: str, subject_id: uuid.UUID) -> None:
    """Exit control: these units are here after all. The packer took a check back, or their order was cancelled."""
    values = {"product": product_id, "numbers": list(numbers), "kind": subject_kind, "subject": subject_id}
    _STAY.run(values)


# A number that nobody captured when its unit left is known from here on.
_COME_BACK = Statement(
    "INSERT INTO serial AS s (id, owner_id, product_id, number, state, subject_kind, subject_id, created_at)"
    " SELECT k.id, :owner, :product, k.number, 'void', 'return', :return, :now"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:numbers AS text[])) AS k(id, number) ORDER BY k.number"
    " ON CONFLICT (product_id, number) DO UPDATE SET state = 'void', subject_kind = 'return', subject_id = excluded.subject_id"
    " WHERE (s.state = 'void' AND (s.subject_kind = 'return' AND s.subject_id = ANY(CAST(:returns AS uuid[]))) IS NOT TRUE)"
    "  OR (s.state = 'shipped' AND s.subject_kind = 'order' AND s.subject_id = :order) RETURNING s.number"
)
_IS_BACK = Statement(
    "SELECT true FROM serial WHERE product_id = :product AND number = :number AND state = 'void'"
    " AND subject_kind = 'return' AND subject_id = ANY(CAST(:returns AS uuid[]))"
)


def come_back(
    owner_id: uuid.UUID,
    product_id: uuid.UUID,
    numbers: Sequence[str],
    *,
    order_id: uuid.UUID,
    return_id: uuid.UUID,
    returns: Sequence[uuid.UUID],
) -> set[str]:
    """Exit control: these units of an order came back with a return. Answers which of them: not one that left with another
    order meanwhile, nor one that is back with any of the order's `returns`.
    """
    values = {
        "owner": owner_id, "product": product_id, "return": return_id, "order": order_id, "now": clock.now(),
        "returns": list(returns), "ids": [new_id() for _ in numbers], "numbers": list(numbers),
    }  # fmt: skip
    return set(_COME_BACK.column(values))


def is_back(product_id: uuid.UUID, number: str, returns: Sequence[uuid.UUID]) -> bool:
    """Exit control: whether the unit with this number came back with one of these returns, and has not left again."""
    return _IS_BACK.first({"product": product_id, "number": number, "returns": list(returns)}) is not None
