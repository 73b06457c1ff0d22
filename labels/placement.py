"""Where and how large a symbol is printed: whole dots, full quiet zones, or not at all."""

from __future__ import annotations

from dataclasses import dataclass

from labels.barcodes import SYMBOLOGIES, Symbol, encode
from labels.errors import LabelRefused
from labels.geometry import Box
from labels.media import Resolution

# Below two dots a bar's printed width depends on the heat of the head more than on the data.
FEWEST_DOTS_PER_MODULE = 2
# A hand scanner held at arm's length needs this much bar to cross.
SHORTEST_BARS_MM = 5.0


@dataclass(frozen=True, slots=True)
class Placement:
    """A symbol on the dot grid; all lengths in dots, `left` and `top` from the page's top left."""

    symbol: Symbol
    left: int
    top: int
    dots_per_module: int
    height: int


def place(
    symbology: str,
    content: str,
    box: Box,
    resolution: Resolution,
    *,
    preferred_mm: float | None = None,
    fallback: str | None = None,
) -> Placement:
    """Fit a symbol with its quiet zones into a box, largest allowed module first, centred.

    Where no module width fits, `fallback` names the symbology tried instead; without one, or when it
    does not fit either, LabelRefused("code_does_not_fit") gives the widths in mm. Never squeezed.
    """
    symbol = encode(symbology, content)
    placed = _fit(symbol, box, resolution, preferred_mm)
    if placed is None and fallback is not None:
        placed = _fit(encode(fallback, content), box, resolution, None)
    if placed is None:
        smallest_mm = _fewest_dots(symbol, resolution) * resolution.dot_mm
        modules = symbol.quiet_left + symbol.width + symbol.quiet_right
        raise LabelRefused(
            "code_does_not_fit",
            {
                "symbology": symbology,
                "content": content,
                "needed_width_mm": round(modules * smallest_mm, 1),
                "box_width_mm": round(box.width, 1),
                "box_height_mm": round(box.height, 1),
            },
        )
    return placed


def _fewest_dots(symbol: Symbol, resolution: Resolution) -> int:
    smallest_mm = SYMBOLOGIES[symbol.symbology].smallest_mm
    return max(FEWEST_DOTS_PER_MODULE, resolution.dots_covering(smallest_mm))


def _fit(symbol: Symbol, box: Box, resolution: Resolution, preferred_mm: float | None) -> Placement | None:
    """The widest module from the preferred one down to the smallest allowed that fits, or None."""
    aim_mm = preferred_mm or SYMBOLOGIES[symbol.symbology].preferred_mm
    fewest = _fewest_dots(symbol, resolution)
    most = max(fewest, round(aim_mm / resolution.dot_mm))
    left, right = resolution.dots_covering(box.left), resolution.dots_within(box.left + box.width)
    top, bottom = resolution.dots_covering(box.top), resolution.dots_within(box.top + box.height)
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
