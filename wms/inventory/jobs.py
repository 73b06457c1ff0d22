"""Jobs of inventory: safe to run twice, thin around a service call."""

from __future__ import annotations

import uuid
from typing import Any

from wms.inventory import waiting
from wms.inventory.replenishment import planning


def replenish(payload: dict[str, Any]) -> None:
    planning.plan(uuid.UUID(payload["warehouse_id"]))


def tell_of_let_go(payload: dict[str, Any]) -> None:
    waiting.tell_of_let_go(uuid.UUID(payload["warehouse_id"]), [uuid.UUID(each) for each in payload["products"]])


JOBS = [(planning.TOPIC, replenish, "default"), (waiting.LET_GO_TOPIC, tell_of_let_go, "default")]
