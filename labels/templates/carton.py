"""The label of an inbound carton (箱唛): where it goes, which booking, which carton, what is inside."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import NamedTuple

from labels.content import CartonLabel
from labels.geometry import Box, printable_area
from labels.media import SIZE_4X6_INCH, SIZE_100X100, SIZE_100X150, Size
from labels.sheet import Sheet
from labels.templates.template import Template

_CAPTION_PT = 6.5


class _Layout(NamedTuple):
    destination: Box
    transport: Box
    seller: Box
    box_bars: Box
    carton: Box
    reference: Box
    booking: Box
    contents: Box
    weight: Box
    dimensions: Box
    origin: Box
    tall: bool


@lru_cache(maxsize=16)
def _layout(size: Size) -> _Layout:
    tall = size.height_mm > 120
    shares = (30, 34, 17, 27, 26, 12) if tall else (19, 25, 12, 19, 15, 10)
    head, box_bars, middle, booking, contents, foot = printable_area(size).rows(*shares)
    destination, side = head.columns(70, 30)
    transport, seller = side.rows(1, 1)
    carton, reference = middle.columns(45, 55)
    weight, dimensions, origin = foot.columns(28, 38, 34)
    return _Layout(
        destination,
        transport,
        seller,
        box_bars,
        carton,
        reference,
        booking,
        contents,
        weight,
        dimensions,
        origin,
        tall,
    )


def _constant_key(label: CartonLabel) -> Hashable:
    return label.captions


def _draw_constant(sheet: Sheet, label: CartonLabel) -> None:
    layout, captions = _layout(sheet.size), label.captions
    sheet.frame(printable_area(sheet.size), 0.5)
    sheet.fill(layout.destination)
    whole = printable_area(sheet.size)
    for row in (layout.box_bars, layout.carton, layout.booking, layout.contents, layout.weight):
        sheet.rule_above(row._replace(left=whole.left, width=whole.width))
    sheet.rule_above(layout.seller)
    for cell in (layout.reference, layout.dimensions, layout.origin):
        sheet.rule_before(cell)
    for cell, caption in (
        (layout.transport, captions.transport),
        (layout.seller, captions.seller),
        (layout.carton, captions.carton),
        (layout.reference, captions.reference),
        (layout.booking, captions.booking),
        (layout.contents, captions.contents),
        (layout.weight, captions.weight),
        (layout.dimensions, captions.dimensions),
    ):
        sheet.text(_caption_strip(cell), caption, _CAPTION_PT, 5)


def _caption_strip(cell: Box) -> Box:
    return cell.inset(1.2, 0.9).upper(2.4)


def _value(cell: Box) -> Box:
    """A cell below its caption."""
    # Descenders hang below the box that the letters are centred in.
    return Box(cell.left + 1.2, cell.top + 3.9, cell.width - 2.4, cell.height - 5.1)


def _draw(sheet: Sheet, label: CartonLabel) -> None:
    layout = _layout(sheet.size)
    tall = layout.tall
    sheet.text(layout.destination.inset(2.5, 2.6), label.destination, 76, 16, align="center", bold=True, white=True)
    sheet.text(_value(layout.transport), label.transport, 20, 5.5, align="center", lines=2)
    sheet.text(_value(layout.seller), label.seller_code, 26, 7, lines=2, align="center", bold=True)
    _bars(sheet, layout.box_bars, "box_barcode", label.box_barcode, text_mm=6.0 if tall else 5.0)
    sheet.text(_value(layout.carton), f"{label.number} / {label.total}", 34, 12, align="center", bold=True)
    sheet.text(_value(layout.reference), label.reference, 15, 6, lines=3, align="center")
    _booking(sheet, layout.booking, label.booking_number, tall)
    _contents(sheet, _value(layout.contents), label, most_lines=4 if tall else 3)
    sheet.text(_value(layout.weight), label.gross_weight, 13, 6, bold=True)
    sheet.text(_value(layout.dimensions), label.dimensions, 13, 6, lines=2)
    origin, printed = layout.origin.inset(1.2, 0.8).rows(55, 45)
    sheet.text(origin, label.origin, 9.5, 5.5, bold=True)
    sheet.text(printed, label.printed_at, 7, 5)


def _bars(sheet: Sheet, cell: Box, field: str, content: str, *, text_mm: float) -> None:
    """Bars across a row, ending 2 mm from the rules, with the content below them."""
    sheet.code(
        Box(cell.left + 0.5, cell.top + 2, cell.width - 1, cell.height - text_mm - 2.5),
        field,
        "code128",
        content,
        fallbacks=(("datamatrix", content),),
    )
    sheet.text(cell.inset(2).lower(text_mm), content, 15, 7, align="center", bold=True)


def _booking(sheet: Sheet, cell: Box, number: str, tall: bool) -> None:
    text_mm = 6.0 if tall else 4.6
    sheet.text(
        Box(cell.left + 25, cell.top + 0.6, cell.width - 50, text_mm),
        number,
        14,
        7,
        align="center",
        bold=True,
    )
    sheet.code(
        Box(cell.left + 0.5, cell.top + text_mm + 0.6, cell.width - 1, cell.height - text_mm - 2),
        "booking_number",
        "code128",
        number,
        fallbacks=(("datamatrix", number),),
    )


def _contents(sheet: Sheet, box: Box, label: CartonLabel, *, most_lines: int) -> None:
    """The list in two columns when one is not enough, the mixed text when two are not."""
    lines = label.contents
    if len(lines) > 2 * most_lines and label.mixed_text:
        sheet.text(box, label.mixed_text, 22, 9, bold=True, align="center")
        return
    shown = lines[: 2 * most_lines]
    columns = [shown] if len(shown) <= most_lines else [shown[:most_lines], shown[most_lines:]]
    more = len(lines) > len(shown)
    row_mm = box.height / most_lines
    # Two lines of the smallest size, and a gap to the next row.
    name_lines = 2 if row_mm >= 4.6 else 1
    for place, column in enumerate(columns):
        left = box.left + place * box.width / 2
        width = box.width if len(columns) == 1 else box.width / 2 - 1.5
        for row, line in enumerate(column):
            cell = Box(left, box.top + row * row_mm, width, row_mm - 0.8)
            last = more and place == 1 and row == most_lines - 1
            sheet.text(cell.leftmost(width - 13), "…" if last else line.sku, 10, 4.8, lines=name_lines)
            if not last:
                sheet.text(cell.rightmost(12), line.quantity, 10, 6, align="right", bold=True)


TEMPLATE = Template(
    "carton", CartonLabel, (SIZE_100X150, SIZE_100X100, SIZE_4X6_INCH), _constant_key, _draw_constant, _draw
)
