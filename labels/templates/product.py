"""The label of one sales unit: bars first, then what a person checks against the screen."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache

from labels.content import ProductLabel
from labels.geometry import Box, printable_area
from labels.media import SIZE_50X30, SIZE_60X40, SIZE_70X50, SIZE_100X60, Size
from labels.sheet import Sheet
from labels.templates.template import Template


def _constant_key(_label: ProductLabel) -> Hashable:
    return None


def _draw_constant(sheet: Sheet, _label: ProductLabel) -> None:
    *_, foot, _ = _rows(sheet.size)
    sheet.rule_above(foot, 0.25)


@lru_cache(maxsize=16)
def _rows(size: Size) -> list[Box]:
    """Bars, their text, SKU, name, dates, origin and owner."""
    return printable_area(size).rows(38, 9, 15, 17, 10.5, 10.5)


def _draw(sheet: Sheet, label: ProductLabel) -> None:
    bars, bars_text, sku, name, dates, origins = _rows(sheet.size)
    scale = sheet.size.height_mm / 40
    # Bars may use the margins: their quiet zone is white anyway.
    whole_width = bars._replace(left=0, width=sheet.size.width_mm)
    sheet.code(
        whole_width,
        "barcode",
        label.symbology,
        label.barcode,
        fallbacks=(("datamatrix", label.barcode),) if label.symbology == "code128" else (),
    )
    sheet.text(bars_text.inset(0, 0.4), label.barcode, 9 * scale, 5, align="center")
    sheet.text(sku.inset(0, 0.1), label.sku, 12 * scale, 5, lines=2, bold=True)
    sheet.text(name.inset(0, 0.3), label.name, 7.5 * scale, 5, lines=2, top=True)
    small = 6.5 * scale
    lot, _, expiry = dates.inset(0, 0.3).columns(49, 2, 49)
    sheet.text(lot, label.lot, small, 4.5)
    sheet.text(expiry, label.expiry, small, 4.5, align="right")
    origin, _, printed, _, owner = origins.columns(35, 2, 31, 2, 30)
    sheet.text(origin, label.origin, small, 4.5)
    sheet.text(printed, label.printed_at, small * 0.9, 4.8, align="center")
    sheet.text(owner, label.owner_code, small, 4.5, align="right", bold=True)


TEMPLATE = Template(
    "product",
    ProductLabel,
    (SIZE_60X40, SIZE_50X30, SIZE_70X50, SIZE_100X60),
    _constant_key,
    _draw_constant,
    _draw,
)
