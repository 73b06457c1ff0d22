"""Goods."""

from __future__ import annotations

from labels.content import (
    CartonCaptions,
    CartonLabel,
    ContentsLine,
    FbaCaptions,
    FbaCartonLabel,
    Label,
    PalletCaptions,
    PalletLabel,
    ProductLabel,
)

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
        short_id="100417002",
        importer_lines=("EU REP: Harbour Compliance GmbH", "Hafenstraße 1204, 21079 Hamburg, DE", "ce@harbour.example"),
    ),
    "shortest": ProductLabel(barcode="1", sku="1"),
}

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
        reference="Purchase order 2026-11-24/88123-AUTUMN, container 4, box 1234"[:60],
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

_FBA = {
    "en": FbaCartonLabel(
        box_id="FBA1MMD8D0U000001",
        seller_name="Blue Kettle Trading",
        ship_from_lines=("Ningbo Bonded Hub, Gate 3", "8 Xingye 1st Road, Beilun", "Ningbo 315800", "CHINA"),
        ship_to_lines=(
            "FBA: Blue Kettle Trading",
            "ONT8 Fulfilment Centre",
            "24300 Nandina Ave",
            "Moreno Valley, CA 92551-9534",
            "UNITED STATES",
        ),
        destination="ONT8",
        shipment_name="FBA STA (24/11/2026 08:15)-ONT8",
        number=1,
        total=12,
        contents="Single SKU, qty 24",
        sku="TS-COTTON-BLK-XL",
        created_at="2026-11-24 08:15",
    ),
    "zh": FbaCartonLabel(
        box_id="FBA15G7Q2XYZU000012",
        seller_name="蓝壶贸易",
        ship_from_lines=("宁波保税仓 3 号门", "浙江省宁波市北仑区兴业一路 8 号", "中国"),
        ship_to_lines=("FBA: 蓝壶贸易", "DTM2 Amazon Logistik", "Kaltbandstraße 4", "44145 Dortmund", "DE"),
        destination="DTM2",
        shipment_name="FBA 补货 2026-11-24",
        number=12,
        total=120,
        contents="混装 Assorted SKUs",
        created_at="2026-11-24 16:15",
        captions=FbaCaptions(
            ship_from="发件", ship_to="收件", internal="仅供内部使用 Internal Use Only", created="创建"
        ),
    ),
    "longest": FbaCartonLabel(
        box_id="FBA1MMD8D0XXXXXXXXXXU000999",
        seller_name="Harbour Fulfilment Europe Gesellschaft mit beschränkter Haft",
        ship_from_lines=(
            "Harbour Fulfilment Europe Gesellschaft mit beschränkter Haftung",
            "Hafenstraße 1204, Halle 17, Rampe 9",
            "21079 Hamburg-Harburg",
            "Freie und Hansestadt Hamburg",
            "GERMANY 德国",
        ),
        ship_to_lines=(
            "FBA: Harbour Fulfilment Europe Gesellschaft mit beschränkter Haftung",
            "Fulfilment Centre Poznań-Sady POZ1",
            "ul. Rozowa 14, budynek C, brama 118",
            "62-080 Sady, powiat poznański",
            "Tarnowo Podgórne",
            "POLAND",
        ),
        destination="POZ1-WRO5",
        shipment_name="FBA STA (24/11/2026 08:15 UTC)-POZ1, autumn collection, second delivery",
        number=9998,
        total=9999,
        contents="Single SKU, partial case, unit quantity 12,345",
        sku="EXTREMELY-LONG-SELLER-SKU-2026-AUTUMN-COLLECTION-BLACK-XXL-00417",
        created_at="2026-11-24 08:15:22 UTC+08:00",
    ),
    "shortest": FbaCartonLabel(box_id="1", seller_name="A", ship_from_lines=("B",), ship_to_lines=("C",), contents="D"),
}

_PALLETS = {
    "en": PalletLabel(
        sscc="376130321109103420",
        owner="S1027  Blue Kettle Trading",
        destination="LAX3",
        booking="RVG296-261124-0005",
        contents="TS-COTTON-BLK-XL  Cotton T-shirt, crew neck, black, size XL",
        cartons="24",
        gross_weight="342.5 kg",
        elements="(02)09521234543213(37)576",
        printed_at="2026-11-24 15:08",
    ),
    "zh": PalletLabel(
        sscc="095287654321012346",
        owner="货主 088",
        destination="德国法兰克福",
        booking="ASN088-261124-0017",
        contents="混托：18 种 SKU，化妆品，勿压",
        cartons="36 箱",
        gross_weight="518.0 千克",
        barcode="B-000417-Q",
        printed_at="2026-11-24 15:08",
        captions=PalletCaptions(
            sscc="SSCC",
            owner="货主",
            destination="目的仓",
            booking="入库单号",
            contents="内装",
            cartons="箱数",
            weight="毛重",
        ),
    ),
    "longest": PalletLabel(
        sscc="999999999999999995",
        owner="SELLER-LONG-CODE-020 Harbour Fulfilment",
        destination="FRANKFURT-HUB-02",
        booking="BOOKING-SELLER0296-261124-99999",
        contents="Stainless steel insulated water bottle with bamboo lid, leak-proof, keeps drinks hot for 12 h, 不锈钢保温杯",
        cartons="1,234 of 9,999",
        gross_weight="1,234.56 kg / 2,721 lb",
        elements="(01)09521234543213(17)280930(10)LOT-2026-09-30-B",
        printed_at="2026-11-24 15:08 UTC+08:00",
    ),
    "shortest": PalletLabel(sscc="000000000000000000"),
    "own code": PalletLabel(
        barcode="B-PAL00417-K", owner="S1027", contents="MIXED 18 SKU", cartons="12", printed_at="2026-11-24 15:08"
    ),
}

SAMPLES: dict[str, dict[str, Label]] = {
    "product": dict(_PRODUCTS),
    "carton": dict(_CARTONS),
    "fba-carton": dict(_FBA),
    "pallet": dict(_PALLETS),
}
