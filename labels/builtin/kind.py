"""What a kind of label is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from labels.content import Label
from labels.layouts import LAYOUTS
from labels.media import Size
from labels.vocabulary import Element, Template


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of label: `elements` makes its template for a size.

    `sizes` are those it is printed on one a page; `layouts` names sheets of many, whose cells are sizes too.
    `margin_mm` replaces the stock's own margin.
    """

    name: str
    content: type[Label]
    sizes: tuple[Size, ...]
    elements: Callable[[Size], list[Element]]
    layouts: tuple[str, ...] = ()
    margin_mm: float | None = None

    @property
    def every_size(self) -> tuple[Size, ...]:
        cells = (LAYOUTS[name].cell for name in self.layouts)
        return tuple(dict.fromkeys((*self.sizes, *cells)))

    def build(self, size: Size) -> Template:
        margin = size.margin_mm if self.margin_mm is None else self.margin_mm
        return Template(self.name, size, tuple(self.elements(size)), margin)
