"""Jobs of inventory: safe to run twice, thin around a service call."""

from __future__ import annotations

import uuid
from typing import Any

from wms.inventory.replenishment import planning


def replenish(payload: dict[str, Any]) -> None:
    planning.plan(uuid.UUID(payload["warehouse_id"]))


JOBS = [(planning.TOPIC, replenish, "default")]
