"""What a label's module must offer."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from labels.content import Label
from labels.media import Size
from labels.sheet import Sheet

L = TypeVar("L", bound=Label)


@dataclass(frozen=True, slots=True)
class Template(Generic[L]):
    """How one kind of label is drawn.

    `draw_constant` draws what labels with equal size and equal `constant_key` share: it may use
    nothing else of the label, for it is drawn once a bundle. `draw` adds the rest.
    """

    name: str
    content: type[L]
    sizes: tuple[Size, ...]
    constant_key: Callable[[L], Hashable]
    draw_constant: Callable[[Sheet, L], None]
    draw: Callable[[Sheet, L], None]
