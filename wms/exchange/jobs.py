"""Jobs of files of orders: safe to run twice."""

from __future__ import annotations

import uuid
from typing import Any

from wms.exchange import working
from wms.exchange.service import CHECK_TOPIC, CREATE_TOPIC


def check_orders(payload: dict[str, Any]) -> None:
    working.look_through(uuid.UUID(payload["import_id"]))


def create_orders(payload: dict[str, Any]) -> None:
    working.make_orders(uuid.UUID(payload["import_id"]), payload["place"])


JOBS = [(CHECK_TOPIC, check_orders, "default"), (CREATE_TOPIC, create_orders, "default")]
