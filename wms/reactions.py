"""The whole reaction graph on one screen: which fact sets what going.

`IN_TRANSACTION` handlers may only insert rows: they take no lock and cannot refuse.
`AFTER_COMMIT` topics run through the outbox: at least once, idempotent by event id, in order per subject.
"""

from __future__ import annotations

from collections.abc import Sequence

from wms.catalog import controls
from wms.core.events import Event
from wms.floor import hands
from wms.identity import badges
from wms.inbound.events import TransferReceived
from wms.inbound.service import hold_counts, is_noted
from wms.inventory import hands as inventory_hands
from wms.inventory.events import AllocationBroken, AwaitedStockCame, FreeBelowZero
from wms.inventory.queries import is_in_stock
from wms.outbound.events import TransferSent, TransferTakenBack, WaveReleased
from wms.platform.events import InTransaction, reactions
from wms.printing.designs.choice import house_templates
from wms.shipping.events import ManifestClosed, WaybillWanted

IN_TRANSACTION: dict[type[Event], Sequence[InTransaction]] = {}

AFTER_COMMIT: dict[type[Event], Sequence[str]] = {
    AwaitedStockCame: ["outbound.retry_waiting"],
    FreeBelowZero: ["outbound.break_promises"],
    AllocationBroken: ["outbound.reallocate"],
    WaveReleased: ["outbound.prepare_waybills"],
    ManifestClosed: ["outbound.refuse_what_left", "outbound.rate_load"],
    WaybillWanted: ["outbound.ask_for_waybill"],
    TransferSent: ["transfers.book_inbound"],
    TransferTakenBack: ["transfers.take_back"],
    TransferReceived: ["transfers.settle"],
}


def register() -> None:
    reactions.in_transaction = IN_TRANSACTION
    reactions.after_commit = AFTER_COMMIT
    inventory_hands.Floor.carried = staticmethod(hands.carried)
    inventory_hands.Floor.end = staticmethod(hands.end)
    controls.Standing.is_there = (is_in_stock, is_noted)
    controls.Standing.hold_counts = staticmethod(hold_counts)
    badges.Designs.published = staticmethod(lambda: house_templates(["badge"]))
