"""Jobs of outbound: safe to run twice, thin around a service call."""

from __future__ import annotations

import uuid
from typing import Any

from wms.outbound.service import (
    back_orders,
    carrier_rates,
    carrier_waybills,
    changes,
    interceptions,
    rating,
    shortage,
    walks,
    wave_rules,
    waybills,
)
from wms.outbound.service.orders import RETRY_TOPIC
from wms.platform.events import event_data


def retry_waiting(payload: dict[str, Any]) -> None:
    event = event_data(payload["event_id"])
    assert event.warehouse_id is not None  # stock is in a warehouse and has an owner
    assert event.owner_id is not None
    shortage.plan_retries(event.warehouse_id, event.owner_id, event.subject_id, payload["event_id"])


def retry_order(payload: dict[str, Any]) -> None:
    shortage.retry_order(uuid.UUID(payload["order_id"]))


def break_promises(payload: dict[str, Any]) -> None:
    shortage.break_promises(int(event_data(payload["event_id"]).data["summary_id"]))


def reallocate(payload: dict[str, Any]) -> None:
    shortage.reallocate(uuid.UUID(payload["subject_id"]))


def leave_wave(payload: dict[str, Any]) -> None:
    shortage.leave_wave(uuid.UUID(payload["order_id"]))


def check_face_wait(payload: dict[str, Any]) -> None:
    shortage.check_face_wait(uuid.UUID(payload["order_id"]), payload["rows"])


def finish_wave(payload: dict[str, Any]) -> None:
    walks.finish_wave(uuid.UUID(payload["wave_id"]))


def prepare_waybills(payload: dict[str, Any]) -> None:
    waybills.prepare_wave(uuid.UUID(payload["subject_id"]))


def kill_order(payload: dict[str, Any]) -> None:
    back_orders.kill(uuid.UUID(payload["order_id"]))


def prepare_order(payload: dict[str, Any]) -> None:
    changes.prepare_order(uuid.UUID(payload["order_id"]))


def refuse_what_left(payload: dict[str, Any]) -> None:
    interceptions.refuse_what_left(uuid.UUID(payload["subject_id"]))


def rate_load(payload: dict[str, Any]) -> None:
    rating.rate_load(uuid.UUID(payload["subject_id"]))


def release_by_rule(payload: dict[str, Any]) -> None:
    wave_rules.release_by_rule(uuid.UUID(payload["rule_id"]), payload["day"])


def ask_for_waybill(payload: dict[str, Any]) -> None:
    carrier_waybills.ask(uuid.UUID(payload["subject_id"]))


def ask_rates(payload: dict[str, Any]) -> None:
    carrier_rates.ask(uuid.UUID(payload["order_id"]), uuid.UUID(payload["carrier_id"]))


JOBS = [
    ("outbound.retry_waiting", retry_waiting, "default"),
    (RETRY_TOPIC, retry_order, "default"),
    ("outbound.break_promises", break_promises, "default"),
    ("outbound.reallocate", reallocate, "default"),
    (shortage.LEAVE_TOPIC, leave_wave, "default"),
    (shortage.FACE_TOPIC, check_face_wait, "default"),
    (walks.FINISH_WAVE_TOPIC, finish_wave, "default"),
    (wave_rules.RULE_TOPIC, release_by_rule, "default"),
    ("outbound.prepare_waybills", prepare_waybills, "labels"),
    (shortage.KILL_TOPIC, kill_order, "default"),
    (waybills.PREPARE_TOPIC, prepare_order, "labels"),
    ("outbound.refuse_what_left", refuse_what_left, "default"),
    ("outbound.rate_load", rate_load, "default"),
    ("outbound.ask_for_waybill", ask_for_waybill, "carriers"),
    (waybills.RATES_TOPIC, ask_rates, "carriers"),
]
