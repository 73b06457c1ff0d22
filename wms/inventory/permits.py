"""The bonded gate inside a posting, and what customs pushes down: book items and permits (law 6)."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import text

from wms.core import clock
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.inventory.models import BookItem, Permit
from wms.inventory.rules import MoveDraft, Stock, permit_kind
from wms.platform.database import session
from wms.platform.locks import Rank, claim, lock_one
from wms.platform.statements import Statement

_USE = Statement(
    "UPDATE permit SET used = used + :quantity WHERE id = :id AND used + :quantity <= quantity"
    " AND withdrawn_at IS NULL"
    " AND product_id = :product AND book_item_id = :book_item AND warehouse_id = :warehouse"
    " AND (CAST(:kind AS text) IS NULL OR kind = :kind) RETURNING id"
)


_SETTLE = Statement(
    "UPDATE promise AS p SET book_quantity = p.book_quantity - least(p.book_quantity, :quantity) FROM ("
    " SELECT id, book_quantity AS before FROM promise WHERE id = :id FOR NO KEY UPDATE) AS old"
    " WHERE p.id = old.id RETURNING old.before - p.book_quantity AS freed, p.book_item_id"
)


def settled(quantities: Mapping[uuid.UUID, int]) -> dict[uuid.UUID, int]:
    """The goods of these promises left the zone or were put back; returns what that frees on each book line."""
    freed: dict[uuid.UUID, int] = defaultdict(int)
    for promise_id in sorted(quantities):
        row = _SETTLE.first({"id": promise_id, "quantity": quantities[promise_id]})
        if row is not None and row.book_item_id is not None:
            freed[row.book_item_id] += row.freed
    return {key: quantity for key, quantity in freed.items() if quantity}


# What leaves is written off what is booked; goods never booked (a surplus sent back) leave from `unbooked`. Computed
# from `d`, read under the lock: see `wms.inventory.allocations` on old versions and CHECKs.
_CHANGE = Statement(
    "UPDATE book_item AS t SET unbooked = d.unbooked + d.entered - d.undone - (d.gone - least(d.booked, d.gone)),"
    " booked = d.booked - least(d.booked, d.gone), promised = d.promised - d.freed FROM ("
    "SELECT i.id, i.booked, i.unbooked, i.promised, k.entered, k.gone, k.freed, k.undone FROM book_item i"
    " JOIN unnest(CAST(:ids AS uuid[]), CAST(:entered AS bigint[]), CAST(:gone AS bigint[]), CAST(:freed AS bigint[]),"
    " CAST(:undone AS bigint[])) AS k(id, entered, gone, freed, undone) ON k.id = i.id"
    " ORDER BY i.id OFFSET 0 FOR NO KEY UPDATE OF i) AS d"
    " WHERE t.id = d.id AND (d.undone = 0 OR d.unbooked >= d.undone) RETURNING t.id"
)


def change_book(
    entered: Mapping[uuid.UUID, int],
    left: Mapping[uuid.UUID, int],
    freed: Mapping[uuid.UUID, int],
    undone: Mapping[uuid.UUID, int],
) -> None:
    """Let the book's lines follow the goods and the claims on them: one statement, rows locked by ascending id.

    `undone`: entries taken back. Refuses `customs_permit_needed` when fewer units wait: customs has booked them.
    """
    touched = sorted(entered.keys() | left.keys() | freed.keys() | undone.keys())
    if not touched:
        return
    claim(Rank.BOOK_ITEM)
    quantities = {"entered": entered, "gone": left, "freed": freed, "undone": undone}
    arrays = {name: [of_item.get(key, 0) for key in touched] for name, of_item in quantities.items()}
    if len(_CHANGE.all({"ids": touched, **arrays})) != len(touched):
        raise Refused("customs_permit_needed", {})


def use(moves: Sequence[MoveDraft], crossing: Sequence[bool]) -> None:
    """Use up the permits of the moves that cross the bond. Refuses `permit_used_up` or `permit_does_not_fit`."""
    needed: dict[tuple[uuid.UUID, Stock, str | None], int] = defaultdict(int)
    for move, crosses in zip(moves, crossing, strict=True):
        if crosses and move.permit_id is not None:
            stock = move.source if isinstance(move.source, Stock) else move.target
            assert isinstance(stock, Stock)
            needed[(move.permit_id, stock, permit_kind(move))] += move.quantity
    if not needed:
        return
    claim(Rank.PERMIT)
    for (permit_id, stock, kind), quantity in sorted(needed.items(), key=lambda item: str(item[0])):
        parameters = {
            "id": permit_id,
            "quantity": quantity,
            "product": stock.product_id,
            "book_item": stock.book_item_id,
            "warehouse": stock.warehouse_id,
            "kind": kind,
        }
        if _USE.scalar(parameters) is None:
            _refuse(permit_id, stock, kind, quantity)


_GIVE_BACK = Statement("UPDATE permit SET used = used - :quantity WHERE id = :id")


def give_back(reversed_moves: Iterable[MoveDraft]) -> None:
    """An entry into bond under a permit was taken back: its units may be entered again."""
    units: dict[uuid.UUID, int] = defaultdict(int)
    for move in reversed_moves:
        if move.permit_id is not None:
            units[move.permit_id] += move.quantity
    if units:
        claim(Rank.PERMIT)
    for permit_id in sorted(units):
        _GIVE_BACK.run({"id": permit_id, "quantity": units[permit_id]})


def _refuse(permit_id: uuid.UUID, stock: Stock, kind: str | None, quantity: int) -> None:
    permit = session().get(Permit, permit_id, populate_existing=True)
    if (
        permit is None
        or (permit.warehouse_id, permit.product_id, permit.book_item_id)
        != (stock.warehouse_id, stock.product_id, stock.book_item_id)
        or kind not in {None, permit.kind}
    ):
        raise Refused("permit_does_not_fit", {})
    raise Refused("permit_used_up", {"left": permit.quantity - permit.used, "wanted": quantity})


def book_item(warehouse_id: uuid.UUID, item_number: str) -> uuid.UUID:
    """The id of a book line, made on first sight with nothing booked."""
    return book_items(warehouse_id, [item_number])[item_number]


_BOOK_ITEMS = Statement(
    "SELECT item_number, id FROM book_item WHERE warehouse_id = :warehouse AND item_number = ANY(CAST(:numbers AS text[]))"
)
_MAKE_BOOK_ITEMS = Statement(
    "INSERT INTO book_item (id, warehouse_id, item_number, created_at, booked, unbooked, pre_deducted, promised)"
    " SELECT k.id, :warehouse, k.number, :now, 0, 0, 0, 0 FROM unnest(CAST(:ids AS uuid[]), CAST(:numbers AS text[]))"
    " AS k(id, number) ORDER BY k.number ON CONFLICT DO NOTHING"
)


def book_items(warehouse_id: uuid.UUID, item_numbers: Iterable[str]) -> dict[str, uuid.UUID]:
    """The ids of several book lines by their numbers, made on first sight; as many statements for one as for all."""
    wanted = sorted(set(item_numbers))
    values = {"warehouse": warehouse_id, "numbers": wanted}
    found = _ids_of(values) if wanted else {}
    missing = [number for number in wanted if number not in found]
    if missing:
        made = {"ids": [new_id() for _ in missing], "numbers": missing, "now": clock.now()}
        _MAKE_BOOK_ITEMS.run(values | made)
        found = _ids_of(values)
    return found


def _ids_of(values: Mapping[str, Any]) -> dict[str, uuid.UUID]:
    return {row.item_number: row.id for row in _BOOK_ITEMS.all(values)}


def issue_permit(
    *,
    warehouse_id: uuid.UUID,
    kind: str,
    document: str,
    subject_kind: str,
    subject_id: uuid.UUID,
    product_id: uuid.UUID,
    book_item_id: uuid.UUID,
    quantity: int,
) -> uuid.UUID:
    """Write a permit. Called by customs only."""
    permit = Permit(
        warehouse_id=warehouse_id, kind=kind, document=document, subject_kind=subject_kind, subject_id=subject_id,
        product_id=product_id, book_item_id=book_item_id, quantity=quantity, used=0, created_at=clock.now(),
    )  # fmt: skip
    session().add(permit)
    session().flush()
    return permit.id


_OF_SUBJECT = Statement(
    "SELECT product_id, book_item_id, id FROM permit WHERE subject_kind = :kind AND subject_id = :id"
    " AND withdrawn_at IS NULL AND used < quantity ORDER BY created_at, id"
)


def of_subject(subject_kind: str, subject_id: uuid.UUID) -> dict[tuple[uuid.UUID, uuid.UUID | None], uuid.UUID]:
    """Permits of a document that are not used up, by (product, book item)."""
    rows = _OF_SUBJECT.all({"kind": subject_kind, "id": subject_id})
    return {(row.product_id, row.book_item_id): row.id for row in reversed(rows)}


_LEFT = Statement(
    "SELECT product_id, sum(quantity - used)::int AS units FROM permit WHERE subject_kind = :kind AND subject_id = :id"
    " AND withdrawn_at IS NULL GROUP BY product_id"
)


def left_of(subject_kind: str, subject_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """Units that the permits of a document still let pass, by product; 0 for those used up, nothing for products without."""
    return {row.product_id: row.units for row in _LEFT.all({"kind": subject_kind, "id": subject_id})}


def mark_booked(book_item_id: uuid.UUID, quantity: int) -> None:
    """Write a booking into the book line. Called by `sellable.book`, which lets the stock sell first.

    Refuses `not_booked_enough` when fewer units wait.
    """
    item = lock_one(Rank.BOOK_ITEM, BookItem, book_item_id)
    if item is None or item.unbooked < quantity:
        raise Refused("not_booked_enough", {"unbooked": item.unbooked if item else 0, "wanted": quantity})
    item.unbooked -= quantity
    item.booked += quantity
    if item.booked_at is None:
        item.booked_at = clock.now()
    session().flush()


def withdraw(subject_kind: str, subject_id: uuid.UUID) -> int:
    """Nothing more may leave under a subject's permits (a cancelled order); returns how many were withdrawn.

    They stay as customs gave them: the release's lines point at them.
    """
    claim(Rank.PERMIT)
    unused = session().execute(
        text(
            "UPDATE permit SET withdrawn_at = :now WHERE subject_kind = :kind AND subject_id = :id"
            " AND used < quantity AND withdrawn_at IS NULL RETURNING id"
        ),
        {"now": clock.now(), "kind": subject_kind, "id": subject_id},
    )
    return len(unused.all())
