"""Label stock and printer resolution: millimetres, points and dots.

Lengths on stock are millimetres. PDF lengths are points, 1/72 inch. A dot is one printing element
of the head: 1/dpi inch, so 0.125 mm at 203 dpi.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from labels.errors import LabelRefused

POINTS_PER_MM = 72 / 25.4
SMALLEST_SIDE_MM = 20.0
LARGEST_SIDE_MM = 300.0
SUPPORTED_DPI = (203, 300, 600)
# Forty of these fill an A4 sheet to its edges, where office printers do not print.
CELL_EDGE_TO_EDGE_MM = (52.5, 29.7)


@dataclass(frozen=True, slots=True)
class Size:
    """One kind of label stock, portrait or landscape as it leaves the printer.

    Raises LabelRefused("bad_size") for a side that is no finite number between 20 and 300 mm.
    """

    width_mm: float
    height_mm: float

    def __post_init__(self) -> None:
        for field in ("width_mm", "height_mm"):
            value = getattr(self, field)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not SMALLEST_SIDE_MM <= value <= LARGEST_SIDE_MM:
                raise LabelRefused("bad_size", {"field": f"size.{field}", "value": str(value)})

    @property
    def name(self) -> str:
        """'100x150', '101.6x152.4': for file names and messages."""
        return f"{self.width_mm:g}x{self.height_mm:g}"

    @property
    def margin_mm(self) -> float:
        """Edge that stays white: heads are narrower than stock and feeding drifts by about 1 mm."""
        if (self.width_mm, self.height_mm) == CELL_EDGE_TO_EDGE_MM:
            return 4.0
        shortest = min(self.width_mm, self.height_mm)
        if shortest >= 140:
            return 8.0  # office printers leave a wider edge
        return 2.0 if shortest >= 60 else 1.5


SIZE_50X30 = Size(50, 30)
SIZE_70X30 = Size(70, 30)
SIZE_100X30 = Size(100, 30)
SIZE_60X40 = Size(60, 40)
SIZE_70X50 = Size(70, 50)
SIZE_100X60 = Size(100, 60)
SIZE_100X100 = Size(100, 100)
SIZE_100X150 = Size(100, 150)
SIZE_100X180 = Size(100, 180)
SIZE_76X130 = Size(76, 130)
SIZE_4X6_INCH = Size(101.6, 152.4)
SIZE_4X3_INCH = Size(101.6, 84.7)  # 4 × 3⅓ in, the smallest a fulfilment centre takes
SIZE_CARD = Size(85.6, 54)  # ISO/IEC 7810 ID-1
A4 = Size(210, 297)
A4_LANDSCAPE = Size(297, 210)
A5 = Size(148, 210)
A5_LANDSCAPE = Size(210, 148)
A6_LANDSCAPE = Size(148, 105)


@dataclass(frozen=True, slots=True)
class Resolution:
    """The dot grid of a printer. Raises LabelRefused("bad_dpi") for one we have no proof for."""

    dpi: int

    def __post_init__(self) -> None:
        if self.dpi not in SUPPORTED_DPI:
            raise LabelRefused("bad_dpi", {"field": "dpi", "value": str(self.dpi)})

    @property
    def dot_pt(self) -> float:
        return 72 / self.dpi

    @property
    def dot_mm(self) -> float:
        return 25.4 / self.dpi

    def dots_within(self, length_mm: float) -> int:
        """How many whole dots a length holds."""
        return math.floor(length_mm / self.dot_mm + 1e-6)

    def dots_covering(self, length_mm: float) -> int:
        """The fewest whole dots that are at least this long."""
        return math.ceil(length_mm / self.dot_mm - 1e-6)
