"""The list of a load (交接单): what a carrier takes over, which its driver signs. In English and Chinese at once, since who
drives and who keeps the copy may read either.

No name and no address stands on it: numbers, the country, the weight.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from labels import Label, LabelRefused, Manifest, ManifestCaptions, ManifestLine, Size
from wms.core.actor import Actor
from wms.core.money import Money
from wms.core.refusals import Refused
from wms.outbound.extras.collecting import collected_with, sums
from wms.platform.statements import Statement
from wms.printing import service as printing
from wms.printing.models import LabelDocument, LabelKind
from wms.printing.service import DocumentDraft
from wms.printing.sources import in_turn
from wms.shipping.queries import load_manifest

CAPTIONS = ManifestCaptions(
    title="Handover manifest / 交接单",
    carrier="Carrier / 承运商",
    service="Service / 服务",
    warehouse="Warehouse / 仓库",
    date="Printed / 打印时间",
    vehicle="Vehicle / 车牌号",
    driver="Driver / 司机",
    row="No. / 序",
    tracking="Tracking number / 运单号",
    order="Order / 订单号",
    destination="Country / 国家",
    weight="Weight / 重量",
    pieces="Pcs / 件",
    parcels="Parcels / 包裹数",
    total_weight="Total weight / 总重量",
    cod="COD / 代收",
    total_cod="COD to collect / 代收合计",
    handed_over="Handed over by (warehouse) / 仓库交件人",
    received="Received by (carrier) / 承运商收件人",
    signature="Name, date, time, signature / 姓名、日期、时间、签名",
    page="Page / 页",
)
_LOADS = Statement(
    "SELECT m.id, m.number, m.closed_at, c.name AS carrier, w.code, w.name AS warehouse, w.time_zone, d.code AS dock"
    " FROM manifest m JOIN carrier c ON c.id = m.carrier_id JOIN warehouse w ON w.id = m.warehouse_id"
    " LEFT JOIN location d ON d.id = m.dock_id"
    " WHERE m.id = ANY(CAST(:ids AS uuid[]))"
)
_PARCELS = Statement(
    "SELECT p.id, p.manifest_id, p.tracking_number, p.weight_g, s.name AS service, o.number, c.country, b.number AS bag,"
    " b.weight_g AS bag_g FROM parcel p"
    " JOIN shipment sh ON sh.id = p.shipment_id JOIN service s ON s.id = sh.service_id"
    " LEFT JOIN outbound_order o ON o.id = sh.subject_id AND sh.subject_kind = 'order'"
    " LEFT JOIN consignee c ON c.order_id = o.id LEFT JOIN bag b ON b.id = p.bag_id"
    " WHERE p.manifest_id = ANY(CAST(:ids AS uuid[])) ORDER BY b.number NULLS LAST, p.handed_over_at, p.id"
)


def request_load_list(actor: Actor, manifest_id: uuid.UUID) -> uuid.UUID:
    """The list of a load as it is when it is drawn, open or closed; the file that it will be in.

    404 outside the actor's warehouses; refuses `load_empty`.
    """
    load = load_manifest(actor, manifest_id)
    if _PARCELS.first({"ids": [load.id]}) is None:
        raise Refused("load_empty", {"number": load.number})
    draft = DocumentDraft(LabelKind.MANIFEST, "manifest", load.id, barcode=load.number)
    (bundle_id,) = printing.request_documents(actor, load.warehouse_id, [draft])
    return bundle_id


def load_lists(documents: Sequence[LabelDocument]) -> list[Label | LabelRefused]:
    """The contents of these documents, in their order; a paper of several pages is cut where its list is full."""
    ids = list({each.subject_id for each in documents})
    parcels = defaultdict[uuid.UUID, list[Any]](list)
    for row in _PARCELS.all({"ids": ids}):
        parcels[row.manifest_id].append(row)
    known = {row.id: row for row in _LOADS.all({"ids": list(parcels)})}
    return in_turn(documents, known, lambda load, document: _content(load, parcels[load.id], document))


def _content(load: Any, parcels: Sequence[Any], document: LabelDocument) -> Label:
    money = collected_with(parcel.id for parcel in parcels)
    return Manifest(
        size=Size(*document.size_mm),
        number=load.number,
        barcode=load.number,
        carrier=load.carrier[:60],
        service=_short(sorted({parcel.service for parcel in parcels})),
        warehouse=" · ".join(each for each in (load.code, _dock(load), load.warehouse) if each)[:60],
        date=document.created_at.astimezone(ZoneInfo(load.time_zone)).strftime("%Y-%m-%d %H:%M"),
        lines=tuple(
            ManifestLine(
                tracking_number=parcel.tracking_number or "–", order=_order(parcel), destination=parcel.country or "",
                weight=_kilograms(parcel.weight_g), cod=_amount(money[parcel.id]) if parcel.id in money else "", pieces="1",
            )
            for parcel in parcels
        ),
        parcels=_counted(parcels),
        total_weight=_kilograms(_gross(parcels)),
        total_cod=_sum(sums(money.values())),
        captions=CAPTIONS,
    )  # fmt: skip


def _amount(money: Money) -> str:
    return f"{money.as_decimal():,f} {money.currency}"


def _sum(money: Sequence[Money]) -> str:
    """One amount a currency while they have room, else how many there are: a sum is never cut."""
    amounts = " + ".join(_amount(each) for each in money)
    return amounts if len(amounts) <= 80 else f"{len(money)} currencies / 种币种"


def _dock(load: Any) -> str:
    return f"dock/月台 {load.dock}" if load.dock else ""


def _order(parcel: Any) -> str:
    """Its order's number, and the bag or pallet that it lies in: what the driver counts."""
    return " · ".join(each for each in (parcel.number, parcel.bag) if each)[:40]


def _counted(parcels: Sequence[Any]) -> str:
    bags = len({parcel.bag for parcel in parcels if parcel.bag})
    return f"{len(parcels)} · {bags} bags/袋" if bags else str(len(parcels))


def _gross(parcels: Sequence[Any]) -> int:
    """What the lorry carries, as the office's page says it: bags and pallets by the scale, with all that is in them."""
    by_bag: dict[str | None, list[Any]] = defaultdict(list)
    for parcel in parcels:
        by_bag[parcel.bag].append(parcel)
    return sum(
        (each[0].bag_g if bag else None) or sum(parcel.weight_g or 0 for parcel in each) for bag, each in by_bag.items()
    )


def _short(services: Sequence[str]) -> str:
    """Their names while they have room, else how many there are."""
    names = ", ".join(services)
    return names if len(names) <= 60 else f"{len(services)} services / 种服务"


def _kilograms(grams: int | None) -> str:
    return f"{grams / 1000:.3f} kg" if grams else ""
