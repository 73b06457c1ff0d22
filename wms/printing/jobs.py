"""The label worker's job: one bundle, one file."""

from __future__ import annotations

import uuid
from typing import Any

from wms.printing.render import render
from wms.printing.service.requests import RENDER_TOPIC


def render_bundle(payload: dict[str, Any]) -> None:
    render(uuid.UUID(payload["bundle_id"]))


JOBS = [(RENDER_TOPIC, render_bundle, "labels")]
