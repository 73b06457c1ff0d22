"""The pick list of a walk on paper (拣货单), for the day the tablets are down. In English and Chinese at once, without a buyer.

Its number is the wave's and the walk's place in it. Scanned at the tablet, when there is one again, it takes this very walk; what
was picked by then a supervisor enters (`service.from_paper`).
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from labels import Label, LabelRefused, PickCaptions, PickLine, PickList, Size
from wms.core.actor import Actor
from wms.core.refusals import Refused, not_found
from wms.outbound.models import PickBatch
from wms.outbound.service.stops import TOTE_OF
from wms.platform.database import session
from wms.platform.statements import Statement
from wms.printing import service as printing
from wms.printing.models import LabelDocument, LabelKind
from wms.printing.service import DocumentDraft
from wms.printing.sources import in_turn

CAPTIONS = PickCaptions(
    title="Pick list / 拣货单", wave="Wave / 波次", cart="Cart / 拣货车", zone="Zone / 库区", picker="Picker / 拣货员",
    printed="Printed / 打印时间", location="Bin / 库位", article="Article / 货品", lot="Batch, expiry / 批次 效期",
    quantity="Qty / 数量", slot="Tote / 箱", done="Done / 完成", page="Page / 页",
)  # fmt: skip
LANE = "Fast lane / 单件快线"
_WALKS = Statement(
    "SELECT b.id, v.number AS wave, (SELECT count(*) FROM pick_batch x WHERE x.wave_id = b.wave_id"
    " AND (x.created_at, x.id) <= (b.created_at, b.id)) AS n, b.wall, b.is_lane, z.code AS zone, u.name AS picker, w.time_zone"
    " FROM pick_batch b JOIN wave v ON v.id = b.wave_id JOIN warehouse w ON w.id = b.warehouse_id"
    " LEFT JOIN zone z ON z.id = b.zone_id LEFT JOIN app_user u ON u.id = b.picker_id"
    " WHERE b.id = ANY(CAST(:ids AS uuid[]))"
)
# What is still to be picked; in the fast lane those of one row at once. `turn`: the order's place
# among those of the walk, which is its tote's on the cart; `tote`: which one that is, where it was bound before the tablets went:
# of several the one that is not full yet.
_STOPS = Statement(
    "SELECT t.batch_id, l.code AS location, p.sku, p.name_en, p.name_zh, g.batch, g.expires_on,"
    " sum(t.quantity - t.picked)::int AS units, min(o.turn) AS turn, u.code AS tote FROM pick_task t JOIN pick_batch h"
    " ON h.id = t.batch_id JOIN outbound_order r ON r.id = t.order_id LEFT JOIN handling_unit u"
    f"  ON u.id = {TOTE_OF.format(walk='h', order='r')}"
    " JOIN location l ON l.id = t.location_id"
    " JOIN product p ON p.id = t.product_id JOIN balance c ON c.id = t.balance_id LEFT JOIN lot g ON g.id = c.lot_id"
    " JOIN (SELECT batch_id, order_id, rank() OVER (PARTITION BY batch_id ORDER BY min(walk_order), order_id) AS turn"
    "  FROM pick_task WHERE batch_id = ANY(CAST(:ids AS uuid[])) AND state <> 'cancelled' GROUP BY batch_id, order_id) o"
    "  ON o.batch_id = t.batch_id AND o.order_id = t.order_id"
    " WHERE t.batch_id = ANY(CAST(:ids AS uuid[])) AND t.state = 'open' AND t.picked < t.quantity"
    " GROUP BY t.batch_id, l.code, p.id, g.id, u.code, t.balance_id, t.skipped,"
    "  CASE WHEN NOT h.is_lane THEN t.id END"
    " ORDER BY t.skipped, min(t.walk_order), min(t.id::text)"
)


def request_pick_list(actor: Actor, batch_id: uuid.UUID) -> uuid.UUID:
    """What is still to be picked on a walk; the file that its list will be in. Refuses `walk_picked`."""
    batch = session().get(PickBatch, batch_id)
    if batch is None or not (actor.is_staff and actor.sees_warehouse(batch.warehouse_id)):
        raise not_found("walk")
    if _STOPS.first({"ids": [batch.id]}) is None:
        raise Refused("walk_picked", {})
    number = number_of(_WALKS.first({"ids": [batch.id]}))
    draft = DocumentDraft(LabelKind.PICK_LIST, "batch", batch.id, barcode=number)
    (bundle_id,) = printing.request_documents(actor, batch.warehouse_id, [draft])
    return bundle_id


def number_of(walk: Any) -> str:
    """The number on the list, which a scanner reads."""
    return f"{walk.wave}-{walk.n}"


def pick_lists(documents: Sequence[LabelDocument]) -> list[Label | LabelRefused]:
    """The contents of these documents, in their order; a walk that was picked meanwhile is refused."""
    ids = list({each.subject_id for each in documents})
    stops = defaultdict[uuid.UUID, list[Any]](list)
    for row in _STOPS.all({"ids": ids}):
        stops[row.batch_id].append(row)
    known = {row.id: row for row in _WALKS.all({"ids": list(stops)})}
    return in_turn(documents, known, lambda walk, document: _list(walk, stops[walk.id], document))


def _list(walk: Any, stops: Sequence[Any], document: LabelDocument) -> Label:
    return PickList(
        size=Size(*document.size_mm),
        number=number_of(walk),
        barcode=number_of(walk),
        wave=walk.wave,
        cart=f"{walk.wall} 播种墙" if walk.wall else LANE if walk.is_lane else "",
        zone=walk.zone or "",
        picker=(walk.picker or "")[:60],
        printed_at=document.created_at.astimezone(ZoneInfo(walk.time_zone)).strftime("%Y-%m-%d %H:%M"),
        lines=tuple(
            PickLine(
                location=stop.location, sku=stop.sku, name=_name(stop), lot=_lot(stop), quantity=str(stop.units),
                slot=_slot(stop, is_together=walk.is_lane or bool(walk.wall)),
            )
            for stop in stops
        ),
        captions=CAPTIONS,
    )  # fmt: skip


def _slot(stop: Any, *, is_together: bool) -> str:
    """The order's place on the cart, and its tote where that is known; of a walk with one for all only the latter."""
    return " ".join(str(each) for each in (None if is_together else stop.turn, stop.tote) if each)[:16]


def _name(stop: Any) -> str:
    return stop.name_en if stop.name_en == stop.name_zh else f"{stop.name_en} {stop.name_zh}"


def _lot(stop: Any) -> str:
    return " · ".join(str(each) for each in (stop.batch, stop.expires_on) if each)[:40]
