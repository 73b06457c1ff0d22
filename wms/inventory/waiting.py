"""Who waits for stock of a product. The ledger announces when some comes (`AwaitedStockCame`).

No arrival is missed: whoever begins to wait holds the summary rows of the goods until its commit, and an arrival
changes the same rows before it asks who waits.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from wms.core.ids import new_id
from wms.inventory import permits
from wms.inventory.events import AwaitedStockCame
from wms.inventory.rules import BONDED, NO_STATUS
from wms.inventory.summaries import NOTHING, SUMMARY_KEYS, SUMMARY_MATCH, SummaryKey, summary_arrays
from wms.platform.events import record
from wms.platform.locks import Rank, claim
from wms.platform.outbox import add_job
from wms.platform.statements import Statement

LET_GO_TOPIC = "inventory.let_go"
# A product that never was here has no row yet: an empty one is made, for the arrival to wait for.
_MAKE = Statement(
    "INSERT INTO summary (warehouse_id, owner_id, product_id, customs_status, book_item_id, sellable, promised)"
    f" SELECT k.* FROM {SUMMARY_KEYS} WHERE NOT EXISTS (SELECT 1 FROM summary s WHERE {SUMMARY_MATCH})"
    " ON CONFLICT DO NOTHING"
)
_LOCK = Statement(
    "SELECT s.id FROM summary s WHERE s.warehouse_id = :warehouse AND s.owner_id = :owner"
    " AND s.product_id = ANY(CAST(:products AS uuid[])) AND s.customs_status IN ('none', 'bonded')"
    " ORDER BY s.id FOR NO KEY UPDATE"
)
_AWAIT = Statement(
    "INSERT INTO awaited_stock (warehouse_id, owner_id, product_id, subject_kind, subject_id, since, at_pick)"
    " SELECT :warehouse, :owner, k.product, :kind, :subject, :since, :at_pick"
    " FROM unnest(CAST(:products AS uuid[])) AS k(product)"
    " ON CONFLICT (warehouse_id, owner_id, product_id, subject_kind, subject_id) DO UPDATE SET at_pick = excluded.at_pick"
)
_STOP = Statement("DELETE FROM awaited_stock WHERE subject_kind = :kind AND subject_id = :subject")
_ITEMS = Statement(
    "SELECT id, customs_item_number FROM product WHERE id = ANY(CAST(:products AS uuid[]))"
    " AND customs_item_number IS NOT NULL ORDER BY customs_item_number"
)


def wait_for_stock(
    warehouse_id: uuid.UUID,
    owner_id: uuid.UUID,
    products: Collection[uuid.UUID],
    subject_kind: str,
    subject_id: uuid.UUID,
    since: datetime,
    *,
    bonded: bool = False,
    released: bool = False,
    at_pick: bool = False,
) -> None:
    """Remember that a subject waits for stock of these products. Again is fine.

    Stock that came since the caller looked is not announced any more: the caller looks once more afterwards, when the
    rows are locked (`promises.free_by_product`). `released`: the subject's promises were given up in this transaction,
    which therefore holds their rows. `at_pick`: its goods are on their way to a pick face, and a walk waits for them.
    """
    wanted = sorted(set(products))
    parameters = {"warehouse": warehouse_id, "owner": owner_id, "products": wanted}
    if not released:
        _lock_goods(warehouse_id, owner_id, wanted, bonded)
    _AWAIT.run(parameters | {"kind": subject_kind, "subject": subject_id, "since": since, "at_pick": at_pick})


def _lock_goods(warehouse_id: uuid.UUID, owner_id: uuid.UUID, wanted: Sequence[uuid.UUID], bonded: bool) -> None:
    keys = [SummaryKey(warehouse_id, owner_id, product, NO_STATUS, None) for product in wanted]
    if bonded:
        rows = _ITEMS.all({"products": wanted})
        by_number = permits.book_items(warehouse_id, [row.customs_item_number for row in rows])
        items = {row.id: by_number[row.customs_item_number] for row in rows}
        keys = [SummaryKey(warehouse_id, owner_id, product, BONDED, item) for product, item in items.items()]
    claim(Rank.SUMMARY)
    for key in sorted(keys, key=SummaryKey.in_order):
        _MAKE.run(summary_arrays({key: NOTHING}))
    _LOCK.run({"warehouse": warehouse_id, "owner": owner_id, "products": wanted})


def stop_waiting(subject_kind: str, subject_id: uuid.UUID) -> None:
    _STOP.run({"kind": subject_kind, "subject": subject_id})


_BOOKED = Statement(
    "SELECT DISTINCT a.warehouse_id, a.owner_id, a.product_id FROM awaited_stock a JOIN summary s"
    " USING (warehouse_id, owner_id, product_id) WHERE s.book_item_id = :item"
)


def announce_booked(book_item_id: uuid.UUID) -> None:
    """The customs book has more of an item: stock that was there already can be promised now."""
    for row in _BOOKED.all({"item": book_item_id}):
        record(AwaitedStockCame(subject_id=row.product_id, warehouse_id=row.warehouse_id, owner_id=row.owner_id))


_WAITED_FOR = Statement(
    "SELECT DISTINCT warehouse_id, owner_id, product_id FROM awaited_stock WHERE warehouse_id = :warehouse"
    " AND owner_id = (SELECT owner_id FROM product WHERE id = :product) AND product_id = :product"
)


def announce_let_go(warehouse_id: uuid.UUID, products: Collection[uuid.UUID]) -> None:
    """Goods that were reserved for a walk or a move reached their bin, or will not: no summary tells of that. Walks that wait
    for them look again, and lines that name their goods so narrowly that they need a bin at once.

    Who waits is asked behind the commit (`tell_of_let_go`), for no lock is common to both sides: who waits holds summaries,
    who lets go holds balances, and may go on to claim others. Asked here, somebody who looked before, and began to wait in a
    transaction still open, would be missed. Asked behind the commit nobody is: a wait committed by then is seen, and one
    committed later is followed by a look of its own (`orders.await_stock`, `shortage.check_face_wait`) that finds the goods.
    """
    if products:
        payload = {"warehouse_id": str(warehouse_id), "products": sorted({str(product) for product in products})}
        add_job(LET_GO_TOPIC, payload, dedupe_key=f"{LET_GO_TOPIC}:{new_id()}")


def tell_of_let_go(warehouse_id: uuid.UUID, products: Collection[uuid.UUID]) -> int:
    """The job's share; returns how many products somebody waits for."""
    rows = [row for product in products for row in _WAITED_FOR.all({"warehouse": warehouse_id, "product": product})]
    for row in rows:
        record(AwaitedStockCame(subject_id=row.product_id, warehouse_id=row.warehouse_id, owner_id=row.owner_id))
    return len(rows)
