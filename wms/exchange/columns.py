"""The columns a file of orders may have: what each is called, here and by the systems that sellers export from.

Headings are compared without case, blanks and punctuation. Besides ours, in English and Chinese, those of Amazon's order
reports (*order-id*, *ship-address-1*), Shopify's order exports (*Lineitem sku*, *Shipping Street*) and the usual ones of Chinese
ERP exports (收件人, 平台单号) are known.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from babel import Locale

from wms.platform.columns import Column, known_headings, plain
from wms.platform.pages import lazy

# `form`: text | number | amount | country | list | upper | kind | moment | day | hour | yes
COLUMNS = (
    Column("reference", "/reference", lazy("Your reference"), "SHOP-10001", (
        "order id", "order number", "order no", "订单号", "平台单号", "参考号", "客户单号", "销售单号")),
    Column("sku", "/lines/sku", lazy("SKU"), "MUG-BLUE", ("lineitem sku", "seller sku", "merchant sku", "商品编码", "货号")),
    Column("quantity", "/lines/quantity", lazy("Quantity"), "2", (
        "quantity purchased", "lineitem quantity", "qty", "数量", "件数", "商品数量"), "number"),
    Column("kind", "/kind", lazy("Kind of order"), "", ("order type", "order kind", "订单类型", "出库类型", "业务类型"), "kind"),
    Column("warehouse", "/warehouse", lazy("Warehouse"), "DE1", ("warehouse code", "仓库", "仓库代码", "发货仓库")),
    Column("service", "/service", lazy("Service"), "HOUSE-STD", ("shipping service", "物流服务", "物流渠道", "渠道", "渠道代码")),
    Column("recipient", "/consignee/name", lazy("Name of the buyer"), "Anna Schmidt", (
        "recipient name", "shipping name", "consignee", "收件人", "收件人姓名", "收货人")),
    Column("company", "/consignee/company", lazy("Company"), "", ("shipping company", "公司", "收件人公司")),
    Column("phone", "/consignee/phone", lazy("Phone"), "+49 30 1234567", (
        "ship phone number", "shipping phone", "buyer phone number", "电话", "手机", "收件人电话", "联系电话")),
    Column("email", "/consignee/email", lazy("E-mail"), "", ("buyer email", "邮箱", "收件人邮箱")),
    Column("country", "/consignee/country", lazy("Country"), "DE", (
        "ship country", "shipping country", "country code", "国家", "国家代码", "收件人国家", "目的国"), "country"),
    Column("state", "/consignee/state", lazy("State or province"), "", (
        "ship state", "shipping province", "province", "州省", "省", "州", "省州", "收件人省州")),
    Column("city", "/consignee/city", lazy("City"), "Berlin", ("ship city", "shipping city", "城市", "收件人城市")),
    Column("postcode", "/consignee/postcode", lazy("Postcode"), "10115", (
        "ship postal code", "shipping zip", "postal code", "zip", "zip code", "邮编", "收件人邮编")),
    Column("address1", "/consignee/address1", lazy("Address"), "Invalidenstraße 117", (
        "ship address 1", "shipping street", "shipping address1", "address", "address line 1", "street", "地址", "地址1",
        "详细地址", "收件人地址")),
    Column("address2", "/consignee/address2", lazy("Address, second line"), "", (
        "ship address 2", "shipping address2", "address line 2", "地址2", "地址第二行")),
    Column("address3", "/consignee/address3", lazy("Address, third line"), "", (
        "ship address 3", "shipping address3", "address line 3", "地址3", "地址第三行")),
    Column("district", "/consignee/district", lazy("District"), "", (
        "ship district", "suburb", "区", "区县", "收件人区县")),
    Column("id_number", "/consignee/id_number", lazy("ID number"), "", ("身份证", "身份证号", "身份证号码"), "upper"),
    Column("buyer_vat_id", "/consignee/vat_id", lazy("VAT ID of the buyer"), "", ("buyer vat number", "买家 VAT 税号")),
    Column("buyer_eori", "/consignee/eori", lazy("EORI number of the buyer"), "", ("买家 EORI 号",)),
    Column("unit_value", "/lines/unit_value_minor", lazy("Value of one"), "12.90", (
        "unit price", "lineitem price", "declared value", "单价", "申报单价", "申报价值"), "amount"),
    Column("currency", "/lines/currency", lazy("Currency"), "EUR", ("币种", "货币", "申报币种"), "upper"),
    Column("batch", "/lines/batch", lazy("Batch"), "", ("lot", "批次", "批号")),
    Column("container", "/lines/container", lazy("Carton or pallet"), "", (
        "carton", "carton no", "pallet", "箱号", "容器", "容器号", "托盘号")),
    Column("fba_shipment", "/fba/shipment_id", lazy("FBA shipment"), "", ("fba shipment id", "FBA 货件编号", "货件编号"), "upper"),
    Column("fba_reference", "/fba/reference_id", lazy("Amazon reference"), "", ("amazon reference id", "亚马逊参考编号"), "upper"),
    Column("fba_centre", "/fba/centre", lazy("Fulfilment centre"), "", ("fulfillment center", "fc code", "亚马逊仓库"), "upper"),
    Column("fnsku", "/lines/fnsku", lazy("New label (FNSKU)"), "", ("换标 FNSKU",), "upper"),
    Column("priority", "/priority", lazy("Priority"), "", ("优先级",), "number"),
    Column("fill", "/fill", lazy("Without enough stock"), "", ("缺货处理",)),
    Column("ordered_at", "/ordered_at", lazy("Ordered"), "2026-11-24T08:15:00+00:00", (
        "purchase date", "created at", "下单时间", "付款时间"), "moment"),
    Column("remark", "/remark", lazy("Remark"), "", ("note", "notes", "备注", "订单备注")),
    Column("platform", "/platform", lazy("Platform"), "amazon", ("sales platform", "平台", "销售平台")),
    Column("signature", "/signature", lazy("Signature on delivery"), "", ("签收要求", "签名")),
    Column("insured_value", "/insurance/value_minor", lazy("Insured value"), "", ("保价", "保价金额"), "amount"),
    Column("insured_currency", "/insurance/currency", lazy("Currency of the insurance"), "", ("保价币种",), "upper"),
    Column("cod_amount", "/cod/amount_minor", lazy("Collected on delivery"), "", ("cod", "代收货款", "代收金额"), "amount"),
    Column("cod_currency", "/cod/currency", lazy("Currency that is collected"), "", ("代收币种",), "upper"),
    Column("age_check", "/age_check", lazy("Age check"), "", ("年龄验证", "年龄核验"), "number"),
    Column("liftgate", "/liftgate", lazy("Tail lift"), "", ("尾板", "需要尾板"), "yes"),
    Column("delivery_day", "/delivery/day", lazy("Delivered on"), "", ("delivery date", "派送日期", "预约派送日期"), "day"),
    Column("delivery_from", "/delivery/from", lazy("Delivered from"), "", ("派送时间从", "派送开始时间"), "hour"),
    Column("delivery_until", "/delivery/until", lazy("Delivered until"), "", ("派送时间至", "派送结束时间"), "hour"),
    Column("packing", "/packing", lazy("Packed how"), "", ("包装要求",), "list"),
    Column("packing_remark", "/packing_remark", lazy("To the packer"), "", ("打包备注", "给打包员的备注")),
    Column("contents", "/declaration/contents", lazy("What it is"), "", ("申报类型",)),
    Column("ioss", "/declaration/ioss", lazy("IOSS number"), "", ("ioss number", "IOSS 号")),
    Column("sender_vat_id", "/declaration/vat_id", lazy("VAT ID of the sender"), "", ("vat number", "发件人 VAT 税号", "vat号")),
    Column("sender_eori", "/declaration/eori", lazy("EORI number of the sender"), "", ("eori number", "发件人 EORI 号", "eori号")),
)  # fmt: skip
# Without them no line is an order.
NEEDED = ("reference", "sku", "quantity", "recipient", "country", "city", "address1")
# The kinds that a row can say, as people write them; the others are made on a page of their own, where what a row has no
# place for is asked.
KINDS = {
    "dropship": ("dropship", "2c", "b2c", "dtc", "一件代发", "代发"),
    "b2b": ("b2b", "2b", "carton", "whole carton", "整箱", "整箱出库", "大货"),
    "pick_up": ("pickup", "self pick-up", "will call", "自提"),
    "fba": ("fba", "fba transfer", "FBA中转", "FBA转仓", "中转"),
}
ELSEWHERE = {
    "transfer": ("transfer", "调拨"),
    "return_to_seller": ("return to seller", "退仓"),
    "destruction": ("destruction", "destroy", "销毁"),
}
BY_NAME = {column.name: column for column in COLUMNS}


@cache
def _known() -> dict[str, str]:
    return known_headings(COLUMNS)


def column_of(heading: str, others: Sequence[str] = ()) -> str | None:
    """The column that a heading names; None where it means nothing here. `others`: all headings of the file."""
    if plain(heading) == "name":  # the order's number at Shopify, the buyer's name elsewhere
        return "reference" if "lineitemsku" in map(plain, others) else "recipient"
    bare = re.sub(r"[(（*].*$", "", heading)  # "Quantity (units)", "收件人*"
    return _known().get(plain(heading)) or _known().get(plain(bare))


@cache
def _kinds() -> dict[str, str]:
    return {
        plain(word): kind for known in (KINDS, ELSEWHERE) for kind, words in known.items() for word in (kind, *words)
    }


def kind_of(text: str) -> str:
    """The kind of an order by our word or another one; the text itself where it is none that is known."""
    return _kinds().get(plain(text), text)


@cache
def _countries() -> dict[str, str]:
    """Names of countries in English, Chinese, German and French, and the codes of three letters, to those of two."""
    found: dict[str, str] = {}
    for language in ("en", "zh", "de", "fr"):
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha():
                found.setdefault(plain(name), code)
    return found | {"usa": "US", "uk": "GB", "england": "GB", "greatbritain": "GB"}


def country_code(text: str) -> str:
    """The code of a country by its code or name; the text itself where it is none that is known."""
    return text.upper() if len(text) == 2 and text.isascii() else _countries().get(plain(text), text)
