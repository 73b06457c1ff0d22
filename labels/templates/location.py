"""The label of a bin: its code to be read from a cart, and bars to be scanned from it."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import NamedTuple

from labels.content import LocationLabel
from labels.geometry import Box, printable_area
from labels.media import SIZE_60X40, SIZE_100X60, Size
from labels.sheet import Sheet
from labels.templates.template import Template


class _Layout(NamedTuple):
    code: Box
    arrow: Box
    zone: Box
    note: Box
    bars: Box
    bars_text: Box
    scale: float


@lru_cache(maxsize=16)
def _layout(size: Size, arrow: str | None) -> _Layout:
    area = printable_area(size)
    head, code_row, bars, bars_text = area.rows(12, 36, 40, 9)
    arrow_width = area.height * 0.40
    wide = head._replace(height=head.height + code_row.height)
    code, head_text = code_row, head
    if arrow is not None:
        code = code_row.leftmost(area.width - arrow_width - 1.5)
        head_text = head.leftmost(code.width)
    zone, _, note = head_text.columns(46, 2, 52)
    return _Layout(
        code,
        wide.rightmost(arrow_width).inset(0, 0.3),
        zone,
        note,
        bars.inset(0, 0.8),
        bars_text,
        size.width_mm / 100,
    )


def _constant_key(label: LocationLabel) -> Hashable:
    return (label.arrow, bool(label.zone or label.note))


def _draw_constant(sheet: Sheet, label: LocationLabel) -> None:
    layout = _layout(sheet.size, label.arrow)
    if label.zone or label.note:
        sheet.fill(Box(layout.zone.left, layout.zone.bottom, layout.code.width, 0.3))
    if label.arrow is None:
        return
    sheet.fill(layout.arrow)
    side = min(layout.arrow.width, layout.arrow.height) * 0.62
    block = layout.arrow
    head = Box(block.left + (block.width - side) / 2, block.top + (block.height - side) / 2, side, side * 0.62)
    stem = Box(block.left + (block.width - side * 0.34) / 2, head.bottom - 0.1, side * 0.34, side * 0.38 + 0.1)
    if label.arrow == "down":
        stem = stem._replace(top=head.top)
        head = head._replace(top=stem.bottom - 0.1)
    sheet.triangle(head, points_up=label.arrow == "up", white=True)
    sheet.fill(stem, white=True)


def _draw(sheet: Sheet, label: LocationLabel) -> None:
    layout = _layout(sheet.size, label.arrow)
    scale = layout.scale
    zone_box = layout.zone if label.note else layout.zone._replace(width=layout.code.width)
    sheet.text(zone_box, label.zone, 13 * scale + 1, 5.5, bold=True)
    sheet.text(layout.note, label.note, 11 * scale + 1, 5.5, align="right")
    sheet.text(layout.code.inset(0, 0.8), label.code, 60 * scale + 6, 12, align="center", bold=True)
    sheet.code(
        layout.bars,
        "barcode",
        "code128",
        label.barcode,
        preferred_mm=0.5 * scale + 0.05,
        fallbacks=(("datamatrix", label.barcode),),
    )
    sheet.text(layout.bars_text, label.barcode, 10 * scale + 1.5, 5.5, align="center")


TEMPLATE = Template("location", LocationLabel, (SIZE_100X60, SIZE_60X40), _constant_key, _draw_constant, _draw)
