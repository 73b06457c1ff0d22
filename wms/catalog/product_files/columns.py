"""The columns of a file of products: what each is called, here and in the tables that sellers keep.

Weight and sizes have a column for each unit they are usually written in; one of them is enough.
"""

from __future__ import annotations

from functools import cache

from wms.platform.columns import Column, known_headings, plain
from wms.platform.pages import lazy

# `form`: text | upper | number | kilograms | centimetres | amount | yes | word | words
COLUMNS = (
    Column("sku", "/sku", lazy("SKU"), "MUG-BLUE", ("seller sku", "merchant sku", "msku", "商品编码", "产品编码", "货号")),
    Column("name_en", "/name_en", lazy("Name in English"), "Travel mug, blue", (
        "english name", "name", "title", "product name", "英文名称", "英文品名")),
    Column("name_zh", "/name_zh", lazy("Name in Chinese"), "旅行杯 蓝色", (
        "chinese name", "中文名称", "中文品名", "商品名称", "产品名称", "品名")),
    Column("barcode", "/barcodes", lazy("Barcode of one unit; left empty, we draw one"), "4006381333931", (
        "ean", "upc", "gtin", "fnsku", "barcodes", "条码", "条形码", "商品条码")),
    Column("weight_g", "/declared_weight_g", lazy("Weight in grams"), "320", (
        "weight", "weight (g)", "unit weight g", "重量 (g)", "重量", "单件重量 (g)"), "number"),
    Column("weight_kg", "/declared_weight_g", lazy("Or weight in kilograms"), "", (
        "weight (kg)", "重量 (kg)", "单件重量 (kg)"), "kilograms"),
    Column("length_mm", "/declared_length_mm", lazy("Length in millimetres"), "120", (
        "length (mm)", "长 (mm)"), "number"),
    Column("width_mm", "/declared_width_mm", lazy("Width in millimetres"), "80", ("width (mm)", "宽 (mm)"), "number"),
    Column("height_mm", "/declared_height_mm", lazy("Height in millimetres"), "80", ("height (mm)", "高 (mm)"), "number"),
    Column("length_cm", "/declared_length_mm", lazy("Or length in centimetres"), "", (
        "length", "length (cm)", "长 (cm)", "长"), "centimetres"),
    Column("width_cm", "/declared_width_mm", lazy("Or width in centimetres"), "", (
        "width", "width (cm)", "宽 (cm)", "宽"), "centimetres"),
    Column("height_cm", "/declared_height_mm", lazy("Or height in centimetres"), "", (
        "height", "height (cm)", "高 (cm)", "高"), "centimetres"),
    Column("case_barcode", "/barcodes", lazy("Barcode of a case"), "", ("case code", "itf14", "箱码", "外箱条码", "箱条码")),
    Column("units_per_case", "/barcodes", lazy("Units in a case"), "", (
        "case quantity", "qty per case", "pcs per case", "箱规", "每箱件数", "装箱数"), "number"),
    Column("batches", "/lot_controlled", lazy("Batches are kept: yes or no"), "", (
        "lot controlled", "batch controlled", "批次管理", "是否批次管理"), "yes"),
    Column("expiry", "/expiry_controlled", lazy("Expiry days are kept: yes or no"), "", (
        "expiry controlled", "expiry date controlled", "效期管理", "是否效期管理"), "yes"),
    Column("outbound_days", "/outbound_days", lazy("Days that it must still keep when it leaves"), "", (
        "least shelf days", "出库保质天数", "最短剩余天数"), "number"),
    Column("serial_numbers", "/serial_control", lazy("Serial numbers: none, exit or full"), "", (
        "serial control", "serial number control", "序列号管理"), "word"),
    Column("cargo", "/cargo_attributes", lazy("What a carrier must know, as battery, liquid"), "", (
        "cargo attributes", "attributes", "物流属性", "货物属性"), "words"),
    Column("temperature", "/temperature", lazy("Storage: ambient, cool or frozen"), "", ("storage", "温区", "温层"), "word"),
    Column("dangerous_class", "/dangerous_class", lazy("UN class of dangerous goods"), "", ("un class", "危险品类别")),
    Column("hs_code", "/hs_code", lazy("HS code"), "9617009000", ("hscode", "customs code", "HS 编码", "海关编码", "商品税号")),
    Column("origin_country", "/origin_country", lazy("Country of origin, two letters"), "CN", (
        "origin", "country of origin", "made in", "原产国", "原产地"), "upper"),
    Column("customs_name_en", "/customs_name_en", lazy("Customs name in English"), "", ("英文报关名", "英文申报品名")),
    Column("customs_name_zh", "/customs_name_zh", lazy("Customs name in Chinese"), "", ("中文报关名", "中文申报品名", "申报品名")),
    Column("declared_value", "/declared_value_minor", lazy("Declared value of one"), "12.50", (
        "customs value", "unit value", "申报价值", "申报单价"), "amount"),
    Column("declared_currency", "/declared_currency", lazy("Its currency"), "USD", ("currency", "申报币种", "币种"), "upper"),
    Column("customs_item_number", "/customs_item_number", lazy("Line of the bonded book"), "", ("账册项号", "项号")),
    Column("customs_unit", "/customs_unit", lazy("Customs unit, three characters"), "", ("海关计量单位", "法定单位"), "upper"),
    Column("customs_unit_factor", "/customs_unit_factor", lazy("Customs units in one"), "", ("每件折合海关单位", "法定数量")),
)  # fmt: skip
BY_NAME = {column.name: column for column in COLUMNS}
NEEDED = ("sku", "name_en", "name_zh")
# One of each must be there, and in a template the first of them is.
ONE_OF = (("weight_g", "weight_kg"), ("length_mm", "length_cm"), ("width_mm", "width_cm"), ("height_mm", "height_cm"))
OTHER_UNITS = frozenset(names[1] for names in ONE_OF)
YES = {"yes": True, "y": True, "true": True, "1": True, "x": True, "是": True, "需要": True,
       "no": False, "n": False, "false": False, "0": False, "否": False, "不需要": False}  # fmt: skip
# Words of choices as Chinese tables write them; the API's own are read as they are.
CHINESE = {
    "serial_numbers": {"无": "none", "不管理": "none", "出库": "exit", "打包时录入": "exit", "出入库": "full",
                       "入库和出库时录入": "full"},
    "temperature": {"常温": "ambient", "冷藏": "cool", "冷冻": "frozen"},
    "cargo": {"带电": "battery", "电池": "battery", "液体": "liquid", "粉末": "powder", "带磁": "magnetic", "易碎": "fragile",
              "食品": "food", "纺织品": "textile", "超大件": "oversize", "原箱发货": "own_carton", "贵重": "valuable",
              "危险品": "dangerous"},
}  # fmt: skip


@cache
def _known() -> dict[str, str]:
    return known_headings(COLUMNS)


def column_of(heading: str) -> str | None:
    """The column that a heading names; None where it means nothing here."""
    return _known().get(plain(heading))
