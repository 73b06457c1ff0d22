"""The customs book as promises see it: which of a product's book items can serve a line."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from wms.platform.locks import Rank, claim
from wms.platform.statements import Statement

Goods = tuple[uuid.UUID, uuid.UUID, uuid.UUID]  # warehouse, owner, product


@dataclass
class BookLine:
    """One owner's stock of a product under one book item: what is free of the stock, and of the book (all owners)."""

    book_item_id: uuid.UUID
    free: int
    book_free: int
    since: datetime


_SUMMARIES = Statement(
    "SELECT s.warehouse_id, s.owner_id, s.product_id, s.book_item_id, s.sellable - s.promised AS free FROM summary s"
    " JOIN unnest(CAST(:warehouse AS uuid[]), CAST(:owner AS uuid[]), CAST(:product AS uuid[])) AS k(w, o, p)"
    " ON s.warehouse_id = k.w AND s.owner_id = k.o AND s.product_id = k.p"
    " WHERE s.customs_status = 'bonded' AND s.book_item_id IS NOT NULL ORDER BY s.id FOR NO KEY UPDATE OF s"
)
_ITEMS = Statement(
    "SELECT id, booked - pre_deducted - promised AS free, created_at FROM book_item"
    " WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR NO KEY UPDATE"
)


def lock_book_lines(goods: Collection[Goods]) -> dict[Goods, list[BookLine]]:
    """Lock the bonded summaries of these goods, then their book items; oldest item first.

    What is locked here may be changed afterwards in any order: nothing of it has to be waited for again.
    """
    wanted = sorted(goods)
    parameters = {"warehouse": [w for w, _, _ in wanted], "owner": [o for _, o, _ in wanted],
                  "product": [p for _, _, p in wanted]}  # fmt: skip
    claim(Rank.SUMMARY)
    summaries = _SUMMARIES.all(parameters)
    items = {row.id: row for row in _ITEMS.all({"ids": sorted({each.book_item_id for each in summaries})})}
    found: dict[Goods, list[BookLine]] = defaultdict(list)
    for row in summaries:
        item = items[row.book_item_id]
        line = BookLine(row.book_item_id, row.free, item.free, item.created_at)
        found[(row.warehouse_id, row.owner_id, row.product_id)].append(line)
    for lines in found.values():
        lines.sort(key=lambda line: (line.since, line.book_item_id))
    return found


def split_over_book(
    lines: Sequence[BookLine], quantity: int, taken: dict[uuid.UUID, int]
) -> list[tuple[uuid.UUID, int]] | None:
    """One line one item where one item covers it; the oldest items first where it must be split; None when short.

    `taken` is what earlier lines of the same request took from the book; it and the lines' `free` are kept.
    """
    left = [max(0, min(line.free, line.book_free - taken[line.book_item_id])) for line in lines]
    if sum(left) < quantity:
        return None
    whole = next((index for index, free in enumerate(left) if free >= quantity), None)
    order = range(len(lines)) if whole is None else [whole]
    parts: list[tuple[uuid.UUID, int]] = []
    for index in order:
        share = min(left[index], quantity)
        if share > 0:
            line = lines[index]
            parts.append((line.book_item_id, share))
            line.free -= share
            taken[line.book_item_id] += share
            quantity -= share
    return parts
