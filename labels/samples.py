"""Sample contents of every built-in label: typical in English and Chinese, longest and shortest.

They feed the command line, the proof and the benchmark. Names, numbers and addresses are invented.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from labels.content import (
    CartonCaptions,
    CartonLabel,
    ContentsLine,
    Label,
    LocationLabel,
    ProductLabel,
    WaybillCaptions,
    WaybillLabel,
)
from labels.templates import TEMPLATES

CARTON_CAPTIONS_ZH = CartonCaptions(
    booking="入库单号",
    carton="箱号 / 总箱数",
    seller="货主",
    reference="参考箱号",
    contents="箱内商品",
    weight="毛重",
    dimensions="长 × 宽 × 高",
    transport="运输方式",
)
WAYBILL_CAPTIONS_ZH = WaybillCaptions(
    ship_to="收", ship_from="寄件人", return_to="退回地址", parcel="件数", weight="重量", reference="订单号"
)

_LOCATIONS = {
    "en": LocationLabel(code="A-03-12-2", barcode="L-A-03-12-2-K", zone="PICK A", note="Small parts", arrow="up"),
    "zh": LocationLabel(code="B-11-04-1", barcode="L-B-11-04-1-7", zone="拣货区 B", note="保税 · 化妆品", arrow="down"),
    "longest": LocationLabel(
        code="MEZZ2-AISLE14-BAY03-L5-P2",
        barcode="L-MEZZ2-14-03-L5-P2-Q",
        zone="MEZZANINE LEVEL TWO EAST",
        note="Fragile goods only, no stacking, 300 kg",
    ),
    "shortest": LocationLabel(code="1", barcode="1"),
}
_LOCATIONS["longest"] = replace(_LOCATIONS["longest"], code="MEZZ2-A14-BAY03-L5-P2-XX")

_PRODUCTS = {
    "en": ProductLabel(
        barcode="100200345671",
        sku="TS-COTTON-BLK-XL",
        name="Cotton T-shirt, crew neck, black, size XL",
        lot="Lot 2026-09A",
        expiry="Exp 2028-09-30",
        origin="Made in China",
        owner_code="S1027",
        printed_at="2026-11-24",
    ),
    "zh": ProductLabel(
        barcode="6901234567892",
        symbology="ean13",
        sku="MZ-0088-50ML",
        owner_code="货主 088",
        name="玻尿酸保湿修护精华液 50 毫升（滋润型）敏感肌适用 日夜可用",
        lot="批号 20260901",
        expiry="有效期至 2029-08-31",
        origin="中国制造",
        printed_at="2026-11-24",
    ),
    "longest": ProductLabel(
        barcode="WH-SKU-2026-ABCDEF-00417-XL",
        owner_code="SELLER-LONG-CODE-020",
        sku="EXTREMELY-LONG-SELLER-SKU-2026-AUTUMN-COLLECTION-BLACK-XXL-00417",
        name="Stainless steel insulated water bottle with bamboo lid, leak-proof, keeps drinks hot "
        "for twelve hours and cold for a whole day, including cleaning brush 保温杯 不锈钢 750 毫升",
        lot="Lot LOT-2026-09-30-LINE-07-SHIFT-B",
        expiry="Best before 30 September 2028",
        origin="Made in Taiwan, China",
        printed_at="2026-11-24 15:08 UTC+08:00",
    ),
    "shortest": ProductLabel(barcode="1", sku="1"),
}

_CARTONS = {
    "en": CartonLabel(
        destination="LAX3",
        booking_number="RVG296-190117-0005",
        box_barcode="RVG296-190117-0005-3",
        number=3,
        total=12,
        seller_code="S1027",
        transport="SEA · FCL",
        reference="PO 88123 / BOX 3",
        contents=(
            ContentsLine(sku="TS-COTTON-BLK-XL", quantity="× 24"),
            ContentsLine(sku="TS-COTTON-WHT-M", quantity="× 36"),
            ContentsLine(sku="CAP-NAVY", quantity="× 12"),
        ),
        gross_weight="14.20 kg",
        dimensions="60 × 40 × 35 cm",
        origin="Made in China",
        printed_at="2026-11-24 15:08",
    ),
    "zh": CartonLabel(
        destination="德国法兰克福",
        booking_number="ASN088-261124-0017",
        seller_code="088",
        box_barcode="ASN088-261124-0017-12",
        number=12,
        total=120,
        transport="铁路 · 拼箱",
        reference="外箱 12 号",
        mixed_text="混装 18 种 SKU",
        contents=tuple(ContentsLine(sku=f"MZ-{place:04d}-50ML", quantity="× 6") for place in range(18)),
        gross_weight="22.75 千克",
        dimensions="58 × 42 × 40 厘米",
        origin="中国制造",
        printed_at="2026-11-24 15:08",
        captions=CARTON_CAPTIONS_ZH,
    ),
    "longest": CartonLabel(
        destination="FRANKFURT-HUB-02",
        booking_number="BOOKING-SELLER0296-261124-99999",
        box_barcode="BOX-SELLER0296-20261124-9999",
        number=1234,
        total=9999,
        seller_code="SELLER-LONG-CODE-020",
        transport="AIR FREIGHT EXPRESS, DDP",
        reference="Purchase order 2026-11-24/88123-AUTUMN, container 4, box 1234",
        contents=tuple(
            ContentsLine(sku=f"EXTREMELY-LONG-SELLER-SKU-2026-BLACK-{place:03d}", quantity="× 1,200")
            for place in range(30)
        ),
        gross_weight="1,234.56 kg / 2,721 lb",
        dimensions="120.5 × 100.5 × 100.5 cm / 47 × 39 in",
        origin="Made in Taiwan, China",
        printed_at="2026-11-24 15:08 UTC+08:00 by Zhang",
    ),
    "shortest": CartonLabel(destination="B", booking_number="1", box_barcode="1", seller_code="1"),
}
_CARTONS["longest"] = replace(_CARTONS["longest"], reference=_CARTONS["longest"].reference[:60])

_WAYBILLS = {
    "en": WaybillLabel(
        service_name="Ground Advantage",
        carrier_code="USPS",
        tracking_number="9400111206206406260787",
        sort_code="LAX-07 R12",
        consignee_name="Jane D. Miller",
        consignee_phone="+1 213 *** **19",
        consignee_lines=("1842 N Vermont Avenue, Apt ***", "Los Angeles, CA 90027", "UNITED STATES"),
        sender_lines=(
            "Harbour Fulfilment LLC",
            "2200 E Pacific Coast Hwy, Dock 4",
            "Long Beach, CA 90804",
            "UNITED STATES",
        ),
        return_lines=("Returns Department", "PO Box 4410", "Long Beach, CA 90801", "UNITED STATES"),
        weight="0.845 kg",
        order_reference="SO-1027-261124-000481",
        printed_at="2026-11-24 15:08",
    ),
    "zh": WaybillLabel(
        service_name="标准快递",
        carrier_code="顺达",
        tracking_number="YT2229521272164446",
        sort_code="571-HZ-08",
        consignee_name="王*明",
        consignee_phone="138******21",
        consignee_lines=("浙江省杭州市西湖区文三路 *** 号 **** 小区", "** 幢 * 单元 *** 室"),
        sender_lines=("宁波保税区海纳仓", "浙江省宁波市北仑区保税东区兴业一路 8 号", "0574-8888****"),
        return_lines=("退货组", "浙江省宁波市北仑区保税东区兴业一路 8 号 3 门"),
        weight="1.26 千克",
        number=1,
        total=2,
        order_reference="SO088261124000481",
        printed_at="2026-11-24 15:08",
        matrix="qr",
        captions=WAYBILL_CAPTIONS_ZH,
    ),
    "longest": WaybillLabel(
        service_name="International Priority Express, Signature",
        carrier_code="CARRIERLONGX",
        tracking_number="JJD000390007999999999999AB",
        sort_code="FRA-HUB-02 / ROUTE 118 B",
        number=9998,
        total=9999,
        consignee_name="Maximilian-Alexander Freiherr von Hohenstein-Wittgenstein und zu Sayn",
        consignee_phone="+49 (0) 151 **** **** ext. 4471",
        consignee_lines=(
            "Gesellschaft für internationale Zusammenarbeit und Handelslogistik mbH & Co. KG, Tor 14",
            "Hinterhaus, Aufgang C, 4. Obergeschoss links, bitte beim Pförtner melden und Ausweis zeigen",
            "Straße der Pariser Kommune 1234-1238",
            "60327 Frankfurt am Main-Gallusviertel",
            "GERMANY 德国",
        ),
        sender_lines=(
            "Harbour Fulfilment Europe Gesellschaft mit beschränkter Haftung",
            "Hafenstraße 1204, Halle 17, Rampe 9",
            "21079 Hamburg-Harburg",
            "GERMANY",
            "VAT DE123456789",
            "EORI DE1234567890123",
        ),
        return_lines=(
            "Retourenabteilung Europa c/o Harbour Fulfilment Europe GmbH",
            "Hafenstraße 1204, Halle 18",
            "21079 Hamburg-Harburg",
            "GERMANY",
        ),
        weight="31.500 kg / 69.4 lb",
        order_reference="SO-SELLER0296-261124-00048199/PO-88123-AUTUMN-2026",
        printed_at="2026-11-24 15:08 UTC+08:00",
    ),
    "shortest": WaybillLabel(
        service_name="A", carrier_code="B", tracking_number="1", consignee_name="C", consignee_lines=("D",)
    ),
}
_WAYBILLS["longest"] = replace(_WAYBILLS["longest"], service_name="International Priority Express, Signed")

_BY_LABEL: dict[str, dict[str, Any]] = {
    "location": _LOCATIONS,
    "product": _PRODUCTS,
    "carton": _CARTONS,
    "waybill": _WAYBILLS,
}


def samples() -> dict[str, tuple[Label, ...]]:
    """'waybill-100x150' → its sample labels, for every built-in label and each of its sizes."""
    return {
        f"{template.name}-{size.name}": tuple(replace(label, size=size) for label in _BY_LABEL[template.name].values())
        for template in TEMPLATES.values()
        for size in template.sizes
    }
