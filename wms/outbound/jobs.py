"""Jobs of outbound: safe to run twice, thin around a service call."""

from __future__ import annotations

import uuid
from typing import Any

from wms.outbound.service import shortage, waybills
from wms.platform.events import event_data


def retry_waiting(payload: dict[str, Any]) -> None:
    event = event_data(payload["event_id"])
    shortage.retry_waiting(event.warehouse_id, event.owner_id, event.subject_id)


def break_promises(payload: dict[str, Any]) -> None:
    shortage.break_promises(int(event_data(payload["event_id"]).data["summary_id"]))


def reallocate(payload: dict[str, Any]) -> None:
    shortage.reallocate(uuid.UUID(payload["subject_id"]))


def prepare_waybills(payload: dict[str, Any]) -> None:
    waybills.prepare_wave(uuid.UUID(payload["subject_id"]))


JOBS = [
    ("outbound.retry_waiting", retry_waiting, "default"),
    ("outbound.break_promises", break_promises, "default"),
    ("outbound.reallocate", reallocate, "default"),
    ("outbound.prepare_waybills", prepare_waybills, "labels"),
]
