"""Facts that identity announces."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import ClassVar

from wms.core.events import Event


@dataclass(frozen=True)
class SecondStepChanged(Event):
    """A person's two-step sign-in: `what` is on, off, reset (by who manages people) or recovery_codes (new ones)."""

    name: ClassVar[str] = "identity.second_step_changed"
    subject_kind: ClassVar[str] = "user"

    what: str
    by: uuid.UUID
