"""Facts that printing announces."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import ClassVar

from wms.core.events import Event


@dataclass(frozen=True)
class BundleReady(Event):
    """A file is there. `refused`: how many of its labels could not be drawn."""

    name: ClassVar[str] = "printing.bundle_ready"
    subject_kind: ClassVar[str] = "label_bundle"

    revision: int
    pages: int
    refused: int


@dataclass(frozen=True)
class LabelReprinted(Event):
    name: ClassVar[str] = "printing.label_reprinted"
    subject_kind: ClassVar[str] = "label_document"

    kind: str
    job_id: uuid.UUID
