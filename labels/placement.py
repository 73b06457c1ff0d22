"""Where and how large a symbol is printed: whole dots, full quiet zones, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from labels.barcodes import SYMBOLOGIES, Symbol, encode
from labels.errors import LabelRefused
from labels.geometry import Box
from labels.media import Resolution

# Below two dots a bar's printed width depends on the heat of the head more than on the data.
FEWEST_DOTS_PER_MODULE = 2
# A hand scanner held at arm's length needs this much bar to cross.
SHORTEST_BARS_MM = 5.0


class Placement(NamedTuple):
    """A symbol on the dot grid; all lengths in dots, `left` and `top` from the page's top left.

    `height` counts the bearer bars of a symbol that has them.
    """

    symbol: Symbol
    left: int
    top: int
    dots_per_module: int
    height: int

    def box(self, dot_mm: float, right: int, down: int) -> Box:
        """The symbol with its quiet zones in mm, moved by so many dots."""
        symbol, dots = self.symbol, self.dots_per_module
        above = symbol.quiet_left * dots if symbol.is_matrix else 0
        return Box(
            (self.left + right - symbol.quiet_left * dots) * dot_mm,
            (self.top + down - above) * dot_mm,
            (symbol.quiet_left + symbol.width + symbol.quiet_right) * dots * dot_mm,
            (self.height + 2 * above) * dot_mm,
        )


def place(
    symbology: str,
    content: str,
    box: Box,
    resolution: Resolution,
    *,
    preferred_mm: float | None = None,
    fallbacks: Sequence[tuple[str, str]] = (),
) -> Placement:
    """Fit a symbol with its quiet zones into a box, largest allowed module first, centred.

    Where no module width fits, `fallbacks` are tried in order, each (symbology, content); one without
    content is passed over. Without one that fits, LabelRefused("code_does_not_fit") gives the widths in
    mm of the symbol first asked for. Never squeezed.
    """
    dots = DotBox.inside(box, resolution)
    return place_in_dots(symbology, content, dots, resolution, preferred_mm, fallbacks)


class DotBox(NamedTuple):
    """The whole dots inside a box, worked out once for all pages of a size."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def inside(cls, box: Box, resolution: Resolution) -> DotBox:
        return cls(
            resolution.dots_covering(box.left),
            resolution.dots_covering(box.top),
            resolution.dots_within(box.left + box.width),
            resolution.dots_within(box.top + box.height),
        )


def place_in_dots(
    symbology: str,
    content: str,
    box: DotBox,
    resolution: Resolution,
    preferred_mm: float | None,
    fallbacks: Sequence[tuple[str, str]],
) -> Placement:
    """As `place`, in a box of dots."""
    reason: LabelRefused | None = None
    try:
        symbol = encode(symbology, content)
        placed = fit_symbol(symbol, box, resolution, preferred_mm)
    except LabelRefused as refusal:
        # More than the symbology can carry is a matter of room too.
        if refusal.code != "too_long" or not fallbacks:
            raise
        placed, reason = None, refusal
    if placed is not None:
        return placed
    for other, short in fallbacks:
        if short:
            placed = fit_symbol(encode(other, short), box, resolution, None)
            if placed is not None:
                return placed
    if reason is not None:
        raise reason
    raise _does_notfit_symbol(symbol, box, resolution)


def _does_notfit_symbol(symbol: Symbol, box: DotBox, resolution: Resolution) -> LabelRefused:
    smallest_mm = _fewest_dots(symbol, resolution) * resolution.dot_mm
    modules = symbol.quiet_left + symbol.width + symbol.quiet_right
    return LabelRefused(
        "code_does_not_fit",
        {
            "symbology": symbol.symbology,
            "content": symbol.content,
            "needed_width_mm": round(modules * smallest_mm, 1),
            "box_width_mm": round((box.right - box.left) * resolution.dot_mm, 1),
            "box_height_mm": round((box.bottom - box.top) * resolution.dot_mm, 1),
        },
    )


def _fewest_dots(symbol: Symbol, resolution: Resolution) -> int:
    return _dots_between(symbol.symbology, resolution, None)[0]


@lru_cache(maxsize=512)  # an operator's templates may name any width
def _dots_between(symbology: str, resolution: Resolution, preferred_mm: float | None) -> tuple[int, int]:
    """The fewest dots a module may have, and those aimed for: the same for all symbols of a place."""
    rules = SYMBOLOGIES[symbology]
    fewest = max(FEWEST_DOTS_PER_MODULE, resolution.dots_covering(rules.smallest_mm))
    return fewest, max(fewest, round((preferred_mm or rules.preferred_mm) / resolution.dot_mm))


def fit_symbol(symbol: Symbol, box: DotBox, resolution: Resolution, preferred_mm: float | None) -> Placement | None:
    """The widest module from the preferred one down to the smallest allowed that fits, or None."""
    fewest, most = _dots_between(symbol.symbology, resolution, preferred_mm)
    left, top, right, bottom = box
    modules_wide = symbol.quiet_left + symbol.width + symbol.quiet_right
    dots = min(most, (right - left) // modules_wide)
    if symbol.is_matrix:
        dots = min(dots, (bottom - top) // (symbol.height + 2 * symbol.quiet_left))
    elif bottom - top < resolution.dots_covering(SHORTEST_BARS_MM):
        return None
    if dots < fewest:
        return None
    spare = right - left - modules_wide * dots
    height = symbol.height * dots if symbol.is_matrix else bottom - top
    return Placement(
        symbol=symbol,
        left=left + spare // 2 + symbol.quiet_left * dots,
        top=top + (bottom - top - height) // 2,
        dots_per_module=dots,
        height=height,
    )
