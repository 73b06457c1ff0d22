"""The label of one sales unit: bars first, then what a person checks against the screen."""

from __future__ import annotations

from collections.abc import Hashable

from labels.content import ProductLabel
from labels.geometry import Box
from labels.media import SIZE_50X30, SIZE_60X40, SIZE_70X50, SIZE_100X60
from labels.sheet import Sheet
from labels.templates.template import Template


def _constant_key(label: ProductLabel) -> Hashable:
    return None


def _draw_constant(sheet: Sheet, label: ProductLabel) -> None:
    *_, foot, _ = _rows(sheet)
    sheet.rule_above(foot, 0.25)


def _rows(sheet: Sheet) -> list[Box]:
    """Bars, their text, SKU, name, dates, origin and owner."""
    return sheet.area.rows(38, 9, 15, 17, 10.5, 10.5)


def _draw(sheet: Sheet, label: ProductLabel) -> None:
    bars, bars_text, sku, name, dates, origins = _rows(sheet)
    scale = sheet.size.height_mm / 40
    # Bars may use the margins: their quiet zone is white anyway.
    whole_width = bars._replace(left=0, width=sheet.size.width_mm)
    sheet.code(whole_width, "barcode", label.symbology, label.barcode,
               fallback="datamatrix" if label.symbology == "code128" else None)
    sheet.text(bars_text.inset(0, 0.4), label.barcode, 9 * scale, 5, align="center")
    sheet.text(sku.inset(0, 0.4), label.sku, 12 * scale, 6, bold=True)
    sheet.text(name.inset(0, 0.3), label.name, 7.5 * scale, 5, lines=2, top=True)
    small = 6.5 * scale
    lot, expiry = dates.inset(0, 0.3).columns(1, 1)
    sheet.text(lot, label.lot, small, 4.8)
    sheet.text(expiry, label.expiry, small, 4.8, align="right")
    origin, printed, owner = origins.columns(42, 33, 25)
    sheet.text(origin, label.origin, small, 4.8)
    sheet.text(printed, label.printed_at, small * 0.9, 4.8, align="center")
    sheet.text(owner, label.owner_code, small, 4.8, align="right", bold=True)


TEMPLATE = Template("product", ProductLabel, (SIZE_60X40, SIZE_50X30, SIZE_70X50, SIZE_100X60),
                    _constant_key, _draw_constant, _draw)
