"""The columns of a packing list: what each is called, here and on the lists that factories and forwarders write.

Sizes and weights say their unit in the heading ("L (CM)", "毛重/KG"); where none is said, centimetres and kilograms are meant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache

from wms.platform.columns import Column, known_headings, plain
from wms.platform.pages import lazy

# `form`: text | carton | number | date | size | sizes | weight
COLUMNS = (
    Column("carton_no", "/number", lazy("Carton, or several equal ones"), "1-10", (
        "carton", "c/no", "c/nos", "ctn no", "carton number", "carton nos", "case no", "package no", "box", "箱号", "件号", "箱序",
        "箱序号", "外箱号", "箱次"), "carton"),
    Column("cartons", "/count", lazy("How many equal cartons, where no numbers stand"), "10", (
        "ctns", "ctn", "no of cartons", "number of cartons", "carton qty", "qty of cartons", "total cartons", "pkgs", "packages",
        "箱数", "总箱数", "箱数量"), "number"),
    Column("pallet", "/pallet", lazy("Pallet that they stand on, counted from 1"), "1", (
        "pallet no", "pallet number", "plt", "plt no", "托盘号", "托盘", "卡板号", "托号", "板号"), "number"),
    Column("box_no", "/reference_box_no", lazy("Your own number of the box"), "", (
        "box number", "reference box no", "your box number", "fba box id", "fba box no", "shipping mark no", "客户箱号", "自编箱号",
        "fba箱号", "参考箱号", "箱唛号")),
    Column("sku", "/lines/sku", lazy("SKU"), "MUG-BLUE", (
        "seller sku", "merchant sku", "msku", "SKU 编码", "商品 SKU", "产品 SKU")),
    Column("quantity_per_carton", "/lines/quantity", lazy("Units in each carton"), "24", (
        "qty/ctn", "qty per ctn", "qty per carton", "pcs/ctn", "pcs per ctn", "pcs per carton", "units per carton", "unit/ctn",
        "units/ctn", "packing rate", "每箱数量", "单箱数量", "装箱数", "单箱件数", "每箱个数", "箱入数", "装箱率",
        "每箱件数"), "number"),
    Column("total_quantity", "/lines/quantity", lazy("Units in all these cartons"), "240", (
        "total qty", "ttl qty", "total pcs", "total units", "qty total", "总数量", "总数", "合计数量", "总个数"), "number"),
    Column("quantity", "/lines/quantity", lazy("Units, where a line is one carton"), "", (
        "qty", "pcs", "units", "数量", "商品数量", "产品数量", "个数"), "number"),
    Column("batch", "/lines/batch", lazy("Batch"), "", ("lot", "lot no", "batch no", "批次", "批号", "生产批号")),
    Column("production_date", "/made_on", lazy("Made on"), "", (
        "made on", "mfg date", "mfg", "manufacturing date", "生产日期", "制造日期"), "date"),
    Column("expiry_date", "/expires_on", lazy("Expires on"), "", (
        "exp date", "exp", "expiry", "expires on", "expiration date", "best before", "bbd", "有效期", "到期日", "失效日期",
        "保质期至", "有效期至"), "date"),
    Column("serial_numbers", "/lines/serial_numbers", lazy("Serial numbers, where a line is one carton"), "", (
        "serial number", "serial no", "serial nos", "serial", "serials", "s/n", "imei", "序列号", "序列号码", "串号")),
    Column("length_cm", "/length_mm", lazy("Length of a carton"), "60", (
        "length", "l", "carton length", "长 (cm)", "长", "长度"), "size"),
    Column("width_cm", "/width_mm", lazy("Width of a carton"), "40", (
        "width", "w", "carton width", "宽 (cm)", "宽", "宽度"), "size"),
    Column("height_cm", "/height_mm", lazy("Height of a carton"), "40", (
        "height", "h", "carton height", "高 (cm)", "高", "高度"), "size"),
    Column("carton_size_cm", "/length_mm", lazy("Length, width and height in one"), "", (
        "carton size", "ctn size", "box size", "dimensions", "dimensions in", "carton dimensions", "meas", "measurement", "l*w*h",
        "lxwxh", "外箱尺寸 (cm)", "外箱尺寸", "外箱规格", "长*宽*高"), "sizes"),
    Column("gross_weight_kg", "/weight_g", lazy("Gross weight of a carton"), "8.2", (
        "gross weight", "g.w.", "weight", "gross", "carton weight", "gw/ctn", "gross weight per carton", "毛重 (kg)", "毛重",
        "单箱毛重", "每箱毛重", "重量", "单箱重量"), "weight"),
)  # fmt: skip
# The factory's own names of an article: the SKU only where no column is called so.
OF_FACTORIES = frozenset({
    "itemno", "itemnumber", "itemcode", "productcode", "partno", "artno", "商品编码", "产品编码", "货号", "料号", "款号",
})  # fmt: skip
BY_NAME = {column.name: column for column in COLUMNS}
# Millimetres and grams of one. A unit is looked for where a heading ends, and in its brackets.
UNITS = {
    "size": {"mm": 1.0, "毫米": 1.0, "cm": 10.0, "厘米": 10.0, "公分": 10.0, "cms": 10.0, "inch": 25.4, "inches": 25.4, "in": 25.4},
    "weight": {
        "kg": 1000.0, "kgs": 1000.0, "公斤": 1000.0, "千克": 1000.0, "g": 1.0, "克": 1.0, "lb": 453.59237, "lbs": 453.59237,
    },
}  # fmt: skip
UNITS["sizes"] = UNITS["size"]
_NAMES = "|".join(sorted({*UNITS["size"], *UNITS["weight"]}, key=len, reverse=True))
_BRACKETED = re.compile(rf"[(（\[]\s*({_NAMES})\b", re.IGNORECASE)
_LAST = re.compile(rf"(?:(?<![a-z])|(?<=[^\W\d_a-z]))({_NAMES})\W*$", re.IGNORECASE)
_BEHIND = re.compile(r"[(（\[].*$")
# What a row must say of the goods and of the carton: one of each.
QUANTITIES = ("quantity_per_carton", "total_quantity", "quantity")
CARTONS = ("carton_no", "box_no", "cartons")


@cache
def _known() -> dict[str, str]:
    return known_headings(COLUMNS)


def column_of(heading: str, others: Sequence[str] = ()) -> str | None:
    """The column that a heading names; None where it means nothing here. `others`: all headings of the file."""
    text = heading.replace("#", " no")
    names = (plain(text), plain(_BEHIND.sub("", text)))
    if any(name in OF_FACTORIES for name in names):
        return None if any(_known_as(other) == "sku" for other in others) else "sku"
    return _known_as(text)


def _known_as(heading: str) -> str | None:
    bare = _BEHIND.sub("", heading)
    known = _known().get(plain(heading)) or _known().get(plain(bare))
    unit = unit_of(heading)
    if known is not None or unit is None:
        return known
    found = _known().get(plain(_LAST.sub("", bare)))
    return found if found is not None and unit in UNITS.get(BY_NAME[found].form, {}) else None


def unit_of(heading: str) -> str | None:
    """The unit that a heading says, as `UNITS` has it."""
    text = heading.replace("_", " ")
    found = _BRACKETED.search(text) or _LAST.search(text.rstrip(")）] "))
    return None if found is None else found[1].lower()


@lru_cache(500)  # headings come from strangers
def factor_of(name: str, heading: str) -> float:
    """Millimetres, or grams, of one in a column of sizes or weights."""
    units = UNITS[BY_NAME[name].form]
    return units.get(unit_of(heading) or "", 1000.0 if "kg" in units else 10.0)
