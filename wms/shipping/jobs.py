"""Jobs of shipping: safe to run twice, thin around a service call."""

from __future__ import annotations

import uuid
from typing import Any

from wms.shipping.service import following, remote
from wms.shipping.service.following import TRACK_TOPIC
from wms.shipping.service.tasks import GIVE_BACK_TOPIC, MANIFEST_TOPIC


def give_back(payload: dict[str, Any]) -> None:
    remote.take_back(uuid.UUID(payload["task_id"]))


def tell_manifest(payload: dict[str, Any]) -> None:
    remote.tell_manifest(uuid.UUID(payload["task_id"]))


def track(payload: dict[str, Any]) -> None:
    following.follow(uuid.UUID(payload["parcel_id"]))


JOBS = [
    (GIVE_BACK_TOPIC, give_back, "carriers"),
    (MANIFEST_TOPIC, tell_manifest, "carriers"),
    (TRACK_TOPIC, track, "carriers"),
]
