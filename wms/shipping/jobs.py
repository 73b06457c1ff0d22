"""Jobs of shipping: safe to run twice, thin around a service call."""

from __future__ import annotations

import uuid
from typing import Any

from wms.shipping.service import collections, following, remote
from wms.shipping.service.following import TRACK_TOPIC
from wms.shipping.service.tasks import CALL_OFF_TOPIC, COLLECT_TOPIC, GIVE_BACK_TOPIC, MANIFEST_TOPIC


def give_back(payload: dict[str, Any]) -> None:
    remote.take_back(uuid.UUID(payload["task_id"]))


def tell_manifest(payload: dict[str, Any]) -> None:
    remote.tell_manifest(uuid.UUID(payload["task_id"]))


def track(payload: dict[str, Any]) -> None:
    following.follow(uuid.UUID(payload["parcel_id"]))


def order_collection(payload: dict[str, Any]) -> None:
    collections.ask(uuid.UUID(payload["task_id"]))


def call_off_collection(payload: dict[str, Any]) -> None:
    collections.ask_to_call_off(uuid.UUID(payload["task_id"]))


JOBS = [
    (GIVE_BACK_TOPIC, give_back, "carriers"),
    (MANIFEST_TOPIC, tell_manifest, "carriers"),
    (COLLECT_TOPIC, order_collection, "carriers"),
    (CALL_OFF_TOPIC, call_off_collection, "carriers"),
    (TRACK_TOPIC, track, "carriers"),
]
