"""Sheets of self-adhesive labels for office printers: where their cells stand."""

from __future__ import annotations

from dataclasses import dataclass

from labels.media import A4, CELL_EDGE_TO_EDGE_MM, Size


@dataclass(frozen=True, slots=True)
class Layout:
    """A sheet of equal cells; `left_mm` and `top_mm` of the first, and the pitch from one to the next."""

    name: str
    page: Size
    cell: Size
    columns: int
    rows: int
    left_mm: float
    top_mm: float
    pitch_x_mm: float
    pitch_y_mm: float

    @property
    def cells(self) -> int:
        return self.columns * self.rows

    def corner(self, cell: int) -> tuple[float, float]:
        """The top left corner of a 0-based cell, counted row by row, in mm."""
        row, column = divmod(cell, self.columns)
        return self.left_mm + column * self.pitch_x_mm, self.top_mm + row * self.pitch_y_mm


CELL_21 = Size(63.5, 38.1)
CELL_24 = Size(63.5, 33.9)
CELL_27 = Size(63.5, 29.6)
CELL_40 = Size(*CELL_EDGE_TO_EDGE_MM)
CELL_44 = Size(48.5, 25.4)
CELL_RACK_8 = Size(99.1, 67.7)
CELL_RACK_14 = Size(99.1, 38.1)
CELL_CARD = Size(85, 54)

# The stock of the common makers, by the number of labels on a sheet.
LAYOUTS = {
    layout.name: layout
    for layout in (
        Layout("a4-21", A4, CELL_21, 3, 7, 7.25, 15.15, 66.0, 38.1),
        Layout("a4-24", A4, CELL_24, 3, 8, 7.25, 12.9, 66.0, 33.9),
        Layout("a4-27", A4, CELL_27, 3, 9, 7.25, 15.3, 66.0, 29.6),
        Layout("a4-40", A4, CELL_40, 4, 10, 0.0, 0.0, 52.5, 29.7),
        Layout("a4-44", A4, CELL_44, 4, 11, 8.0, 8.8, 48.5, 25.4),
        Layout("a4-8", A4, CELL_RACK_8, 2, 4, 4.65, 13.1, 101.6, 67.7),
        Layout("a4-14", A4, CELL_RACK_14, 2, 7, 4.65, 15.15, 101.6, 38.1),
        Layout("a4-10-cards", A4, CELL_CARD, 2, 5, 15.0, 13.5, 95.0, 54.0),
    )
}
