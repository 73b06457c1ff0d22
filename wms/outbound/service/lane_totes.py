"""Containers of the fast lane: bound to their wave (subject kind `lane`), and free again when nobody waits for them."""

from __future__ import annotations

import uuid

from wms.platform.locks import Rank, claim
from wms.platform.statements import Statement

LANE = "lane"

_LEFT = Statement(
    "SELECT u.subject_kind, EXISTS (SELECT 1 FROM outbound_order o WHERE o.tote_id = u.id"
    "  AND o.state IN ('waved', 'picking', 'picked')) OR EXISTS (SELECT 1 FROM pick_batch w WHERE w.wave_id = u.subject_id"
    "  AND w.tote_id = u.id AND w.state <> 'done') AS is_awaited,"
    " EXISTS (SELECT 1 FROM balance b WHERE b.handling_unit_id = u.id AND b.is_there) AS has_goods,"
    " (SELECT o.id FROM outbound_order o WHERE o.tote_id = u.id AND o.state = 'cancelled' ORDER BY o.updated_at DESC, o.id"
    "  LIMIT 1) AS cancelled FROM handling_unit u WHERE u.id = :tote"
)
# A statement of its own, before: what a statement that waits for a lock reads of other tables is as old as its own beginning,
# and two last orders that end at the same moment would each see the other still coming.
_HOLD = Statement("SELECT FROM handling_unit WHERE id = :tote FOR NO KEY UPDATE")
_SETTLE = Statement(
    "UPDATE handling_unit SET subject_kind = :kind, subject_id = :subject, state = :state WHERE id = :tote"
)


_FORGET = Statement("UPDATE outbound_order SET tote_id = NULL WHERE tote_id = :tote AND state = 'cancelled'")


def settle_container(tote_id: uuid.UUID | None, *, is_held: bool = False) -> bool:
    """A container that no order and no walk waits for any more is free; goods of cancelled orders in it wait to be put back.
    False for one that is no lane's. Called by who holds the order that may have been the last; `is_held`: and the container too.
    """
    if tote_id is None:
        return False
    if not is_held:
        claim(Rank.HANDLING_UNIT)
        _HOLD.run({"tote": tote_id})
    found = _LEFT.first({"tote": tote_id})
    if found is None or found.subject_kind != LANE:
        return False
    if found.is_awaited:
        return True
    if found.has_goods:
        _SETTLE.run({"tote": tote_id, "kind": "put_back", "subject": found.cancelled, "state": "in_use"})
    else:
        forget_cancelled(tote_id)
        _SETTLE.run({"tote": tote_id, "kind": None, "subject": None, "state": "open"})
    return True


def forget_cancelled(tote_id: uuid.UUID) -> None:
    """Nothing of the cancelled orders is in this container any more."""
    _FORGET.run({"tote": tote_id})


_OF_WAVE = Statement("SELECT id FROM handling_unit WHERE subject_kind = 'lane' AND subject_id = :wave ORDER BY id")


def settle_wave(wave_id: uuid.UUID) -> None:
    """A walk of this wave ended: its container was perhaps kept by it alone. One by one, by id."""
    for tote_id in list(_OF_WAVE.column({"wave": wave_id})):
        settle_container(tote_id)
