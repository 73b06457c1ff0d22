"""The totes of an order: one, and a further one each time the one that is picked into was full.

Bound to it are those that name it as their subject; `outbound_order.tote_id` is the one that is picked into now. A slot of a
put wall is one of them, a container of the fast lane is not: it holds many orders' goods.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from wms.core.refusals import Refused
from wms.facility.models import HandlingUnit
from wms.platform.database import session
from wms.platform.locks import Rank, claim, lock
from wms.platform.statements import Statement

# Closed parcels name their order too.
OWN = "{0}.kind = 'tote' AND {0}.subject_kind = 'order' AND {0}.subject_id = {1}"
# In SQL, for a screen that says where an order `o` lies besides the tote `u`: codes, in their order, or NULL.
OTHERS = (
    "(SELECT array_agg(x.code ORDER BY x.code) FROM handling_unit x WHERE"
    f" {OWN.format('x', 'o.id')} AND x.id IS DISTINCT FROM u.id)"
)
_OF = Statement(f"SELECT u.id, u.code FROM handling_unit u WHERE {OWN.format('u', ':order')} ORDER BY u.code")
_FREE = Statement(
    "UPDATE handling_unit AS u SET subject_kind = NULL, subject_id = NULL, state = 'open'"
    f" WHERE {OWN.format('u', ':order')}"
)
# What leaves with the last parcel: the tote it was opened with, and all others of the order.
HOLD_ALL = Statement(
    "SELECT id, subject_kind FROM handling_unit WHERE id IN (SELECT CAST(:tote AS uuid) UNION SELECT u.id FROM handling_unit u"
    f" WHERE {OWN.format('u', ':order')}) ORDER BY id FOR NO KEY UPDATE"
)


def of_order(order_id: uuid.UUID) -> list[Any]:
    """(id, code) of each, by code."""
    return _OF.all({"order": order_id})


def codes_of(order_id: uuid.UUID) -> list[str]:
    return [row.code for row in of_order(order_id)]


def units_of(order_id: uuid.UUID, tote_id: uuid.UUID | None) -> Collection[uuid.UUID]:
    """Where the order's goods lie before they are in a parcel: its totes, and the container it shares with others."""
    return {row.id for row in of_order(order_id)} | ({tote_id} if tote_id is not None else set())


def free_all(order_id: uuid.UUID) -> None:
    """Nothing of the order is in any of them. The caller holds the order, and the totes if anything was moved out."""
    _FREE.run({"order": order_id})


def hold_own(order_id: uuid.UUID) -> list[HandlingUnit]:
    """All of them under lock, by id. The caller holds the order: none is added."""
    claim(Rank.HANDLING_UNIT)
    session().flush()
    return list(lock(Rank.HANDLING_UNIT, HandlingUnit, [row.id for row in of_order(order_id)]))


def check_mine(order_id: uuid.UUID, tote_id: uuid.UUID) -> None:
    """Refuses `wrong_tote` for a tote that is none of the order's."""
    if tote_id not in {row.id for row in of_order(order_id)}:
        raise Refused("wrong_tote", {})
