"""The base of all announced facts: frozen, versioned, ids and numbers only (no personal data)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Event:
    """A fact about one subject. Subclasses set `name` (dot-separated), `subject_kind`, and add their fields."""

    name: ClassVar[str]
    subject_kind: ClassVar[str]
    version: ClassVar[int] = 1

    subject_id: uuid.UUID
    warehouse_id: uuid.UUID | None
    owner_id: uuid.UUID | None

    def data(self) -> dict[str, Any]:
        """The fields beside the subject, JSON-ready (UUIDs as text)."""
        return {
            key: str(value) if isinstance(value, uuid.UUID) else value
            for key, value in vars(self).items()
            if key not in _SHARED
        }


_SHARED = {"subject_id", "warehouse_id", "owner_id"}
