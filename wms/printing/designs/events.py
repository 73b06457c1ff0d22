"""Facts that designs announce: the history of what labels were drawn with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from wms.core.events import Event


@dataclass(frozen=True)
class DesignPublished(Event):
    """Labels of this place are drawn with version `number` from now on; with the built-in template when it is 0."""

    name: ClassVar[str] = "printing.design_published"
    subject_kind: ClassVar[str] = "label_design"

    number: int
    by: str
