"""Giving up order-level claims: promises, the bins below them, and what they claim of the customs book."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence

from wms.core.refusals import Refused
from wms.inventory.allocations import release_of_promises
from wms.inventory.summaries import NOTHING, Change, SummaryKey, change_summaries
from wms.platform.locks import Rank, claim
from wms.platform.statements import Statement

_OPEN = Statement(
    "SELECT p.id, p.subject_id, p.open_quantity, p.claims_sellable, p.book_item_id, p.book_quantity, s.warehouse_id, s.owner_id,"
    " s.product_id, s.customs_status, s.book_item_id AS summary_item FROM promise p"
    " JOIN summary s ON s.id = p.summary_id"
    " WHERE p.subject_kind = :kind AND p.subject_id = ANY(CAST(:ids AS uuid[])) AND p.open_quantity > 0"
    " ORDER BY p.id FOR NO KEY UPDATE OF p"
)
_CLOSE = Statement(
    "UPDATE promise SET open_quantity = 0, book_quantity = book_quantity - least(book_quantity, open_quantity)"
    " WHERE id = ANY(CAST(:ids AS uuid[]))"
)
_FREE_BOOK = Statement("UPDATE book_item SET promised = promised - :quantity WHERE id = :id")


def release(subject_kind: str, subject_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Give up what is still promised to these subjects, and its bins; returns open units released by promise.

    What was picked already is no longer promised: it comes back by a put-back, which also frees its book quantity.
    """
    claim(Rank.PROMISE)
    rows = _OPEN.all({"kind": subject_kind, "ids": list(subject_ids)})
    if not rows:
        return {}
    release_of_promises(subject_kind, subject_ids)
    deltas: dict[SummaryKey, Change] = {}
    book: dict[uuid.UUID, int] = defaultdict(int)
    for row in rows:
        if row.claims_sellable:
            key = SummaryKey(row.warehouse_id, row.owner_id, row.product_id, row.customs_status, row.summary_item)
            deltas[key] = Change(promised=deltas.get(key, NOTHING).promised - row.open_quantity)
        if row.book_item_id is not None:
            book[row.book_item_id] += min(row.book_quantity, row.open_quantity)
    _CLOSE.run({"ids": [row.id for row in rows]})
    change_summaries(deltas)
    free_book(book)
    return {row.id: row.open_quantity for row in rows}


_SHRINK = Statement(
    "UPDATE promise AS p SET open_quantity = p.open_quantity - k.units FROM unnest(CAST(:ids AS uuid[]),"
    " CAST(:units AS int[])) AS k(id, units) WHERE p.id = k.id"
)


def release_part(subject_kind: str, units: Mapping[uuid.UUID, int]) -> None:
    """Give up so many units of what is promised to each of these subjects: units that no bin is claimed for.

    Refuses `promise_gone` when so many are not open. Not for what counts in the customs book: that goes whole.
    """
    wanted = {key: number for key, number in units.items() if number > 0}
    claim(Rank.PROMISE)
    rows = _OPEN.all({"kind": subject_kind, "ids": list(wanted)}) if wanted else []
    own = {row.id: row for row in rows}
    left = dict(wanted)
    shares: dict[uuid.UUID, int] = {}
    for row in rows:
        shares[row.id] = min(row.open_quantity, left[row.subject_id])
        left[row.subject_id] -= shares[row.id]
    if any(left.values()) or any(row.book_item_id is not None for row in rows):
        raise Refused("promise_gone", {})
    if not shares:
        return
    _SHRINK.run({"ids": list(shares), "units": list(shares.values())})
    deltas: dict[SummaryKey, Change] = {}
    for promise_id, number in shares.items():
        row = own[promise_id]
        if row.claims_sellable:
            key = SummaryKey(row.warehouse_id, row.owner_id, row.product_id, row.customs_status, row.summary_item)
            deltas[key] = Change(promised=deltas.get(key, NOTHING).promised - number)
    change_summaries(deltas)


def free_book(quantities: Mapping[uuid.UUID, int]) -> None:
    """Give quantity back to the customs book's lines, by ascending id."""
    real = {key: quantity for key, quantity in quantities.items() if quantity}
    if not real:
        return
    claim(Rank.BOOK_ITEM)
    for key in sorted(real):
        _FREE_BOOK.run({"id": key, "quantity": real[key]})
