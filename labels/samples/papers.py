"""Papers."""

from __future__ import annotations

from labels.content import (
    GatePass,
    GatePassLine,
    Label,
    Manifest,
    ManifestCaptions,
    ManifestLine,
    PackingLine,
    PackingSlip,
    PickCaptions,
    PickLine,
    PickList,
)

_LONG_NAME = "Stainless steel insulated water bottle with bamboo lid, leak-proof, keeps drinks hot for twelve hours"
_LONG_SKU = "EXTREMELY-LONG-SELLER-SKU-2026-AUTUMN-COLLECTION-BLACK-XXL-00417"

_PACKING = {
    "en": PackingSlip(
        order_number="SO-1027-261124-000481",
        barcode="SO-1027-261124-000481",
        seller_name="Blue Kettle Trading",
        ship_to_lines=("Order SO-1027-261124-000481", "Los Angeles, CA 90027", "UNITED STATES"),
        date="2026-11-24",
        lines=(
            PackingLine(
                sku="TS-COTTON-BLK-XL",
                name="Cotton T-shirt, crew neck, black, XL",
                second_name="纯棉圆领 T 恤 黑色 XL",
                quantity="2",
            ),
            PackingLine(sku="CAP-NAVY", name="Baseball cap, navy", second_name="棒球帽 藏青", quantity="1"),
            PackingLine(sku="MUG-350", name="Mug 350 ml", quantity="4"),
        ),
        total="7",
        note_lines=(
            "Returns within 30 days: scan the code above at blue-kettle.example/returns",
            "30 天内可退货：扫描上方条码办理",
        ),
    ),
    "zh": PackingSlip(
        order_number="SO088261124000481",
        barcode="SO088261124000481",
        seller_name="海纳旗舰店",
        ship_to_lines=("王*明 138******21", "浙江省杭州市西湖区 ***"),
        date="2026-11-24",
        lines=tuple(
            PackingLine(
                sku=f"MZ-{place:04d}-50ML",
                name="玻尿酸保湿修护精华液 50 毫升",
                second_name="Hyaluronic serum 50 ml",
                quantity="1",
            )
            for place in range(9)
        ),
        total="9",
        note_lines=("感谢惠顾",),
    ),
    "longest": PackingSlip(
        order_number="SO-SELLER0296-261124-00048199-AUTUMN-26",
        barcode="SO-SELLER0296-261124-00048199",
        seller_name="Harbour Fulfilment Europe Gesellschaft mit beschränkter Haftung, Hamburg",
        ship_to_lines=("Maximilian-Alexander Freiherr von Hohenstein-Wittgenstein und zu Sayn",) * 6,
        date="24 November 2026, 15:08 UTC+08:00",
        lines=tuple(
            PackingLine(sku=_LONG_SKU, name=_LONG_NAME, second_name="不锈钢保温杯 750 毫升 " * 8, quantity="1,234,567")
            for _ in range(12)
        ),
        total="16,049,371",
        note_lines=(
            "Returns within 30 days of receipt, in the original packaging, the return number outside, to the address above",
        )
        * 4,
        page=99,
        pages=100,
    ),
    "shortest": PackingSlip(order_number="1", barcode="1", lines=(PackingLine(sku="1", quantity="1"),)),
}

_PICK = {
    "en": PickList(
        number="K-261124-0042",
        barcode="K-261124-0042-P",
        wave="W-261124-07",
        cart="C-12",
        zone="PICK A",
        picker="J. Miller",
        printed_at="2026-11-24 08:02",
        lines=tuple(
            PickLine(
                location=f"A-{aisle:02d}-{aisle * 3:02d}-2",
                sku=f"TS-COTTON-BLK-{aisle}",
                name="Cotton T-shirt, crew neck, black",
                lot="Exp 2028-09-30" if aisle % 3 == 0 else "",
                quantity=str(aisle),
                slot=str(aisle % 12 + 1),
            )
            for aisle in range(1, 15)
        ),
    ),
    "zh": PickList(
        number="K-261124-0043",
        barcode="K-261124-0043-7",
        wave="波次 261124-08",
        cart="拣货车 3",
        zone="保税 B",
        picker="王小明",
        printed_at="2026-11-24 08:02",
        lines=(
            PickLine(
                location="B-11-04-1",
                sku="MZ-0088-50ML",
                name="玻尿酸保湿修护精华液 50 毫升",
                lot="批号 20260901 / 2029-08-31",
                quantity="12",
                slot="3",
            ),
            PickLine(
                location="B-12-01-4",
                sku="NF-900G",
                name="婴儿配方奶粉 3 段 900 克",
                lot="批号 A7 / 2027-02-28",
                quantity="6",
                slot="4",
            ),
        ),
        captions=PickCaptions(
            title="拣货单",
            wave="波次",
            cart="拣货车",
            zone="库区",
            picker="拣货员",
            printed="打印时间",
            location="库位",
            article="商品",
            lot="批号 效期",
            quantity="数量",
            slot="格口",
            done="完成",
            page="页",
        ),
    ),
    "longest": PickList(
        number="K-SELLER0296-20261124-000000042",
        barcode="K-SELLER0296-20261124-0042-P",
        wave="WAVE-20261124-SELLER0296-000000007",
        cart="CART-MEZZANINE-02-000417",
        zone="MEZZANINE LEVEL TWO EAST",
        picker="Maximilian-Alexander von Hohenstein-Wittgenstein zu Sayn",
        printed_at="24 November 2026, 15:08 UTC+08:00",
        lines=tuple(
            PickLine(
                location="MEZZ2-A14-BAY03-L5-P2-XX",
                sku=_LONG_SKU,
                name=_LONG_NAME,
                lot="LOT-2026-09-30-LINE-07 Best before 2028",
                quantity="1,234,567",
                slot="SLOT-ZZ-99-88",
            )
            for _ in range(22)
        ),
        page=99,
        pages=100,
    ),
    "shortest": PickList(number="1", barcode="1", lines=(PickLine(location="1", sku="1", quantity="1"),)),
}

_MANIFESTS = {
    "en": Manifest(
        number="M-261124-0007",
        barcode="M-261124-0007-R",
        carrier="USPS",
        service="Ground Advantage",
        warehouse="Harbour Fulfilment · LAX3",
        date="2026-11-24 17:30",
        vehicle="8ABC123",
        driver="R. Ortiz",
        lines=tuple(
            ManifestLine(
                tracking_number=f"94001112062064062607{place:02d}",
                order=f"SO-1027-261124-{place:06d}",
                destination="Los Angeles, CA",
                weight=f"{0.4 + place / 10:.3f} kg",
                pieces="1",
            )
            for place in range(24)
        ),
        parcels="24",
        total_weight="37.200 kg",
    ),
    "zh": Manifest(
        number="M-261124-0008",
        barcode="M-261124-0008-3",
        carrier="顺达快递",
        service="标准快递",
        warehouse="宁波保税区海纳仓",
        date="2026-11-24 17:30",
        vehicle="浙B·88888",
        driver="李师傅",
        lines=(
            ManifestLine(
                tracking_number="YT2229521272164446",
                order="SO088261124000481",
                destination="浙江杭州",
                weight="1.26 千克",
                cod="128.00 CNY",
                pieces="1",
            ),
            ManifestLine(
                tracking_number="YT2229521272164447",
                order="SO088261124000482",
                destination="广东深圳",
                weight="0.84 千克",
                pieces="2",
            ),
        ),
        parcels="2 票 3 件",
        total_weight="2.10 千克",
        total_cod="128.00 CNY",
        captions=ManifestCaptions(
            title="交接单",
            carrier="承运商",
            service="服务",
            warehouse="仓库",
            date="日期时间",
            vehicle="车牌号",
            driver="司机",
            row="序",
            tracking="运单号",
            order="订单号",
            destination="目的地",
            weight="重量",
            cod="代收",
            pieces="件数",
            parcels="票数",
            total_weight="总重量",
            total_cod="代收合计",
            handed_over="交货人（仓库）",
            received="收货人（承运商）",
            signature="姓名、日期、时间、签名",
            page="页",
        ),
    ),
    "longest": Manifest(
        number="M-SELLER0296-20261124-000000007",
        barcode="M-SELLER0296-20261124-0007-R",
        carrier="International Priority Express Carrier, Hamburg",
        service="International Priority Express, Signed",
        warehouse="Harbour Fulfilment Europe, Hamburg-Harburg, Halle 17",
        date="24 November 2026, 17:30 UTC+01:00",
        vehicle="HH-AB 1234 / HH-CD 5678",
        driver="Maximilian-Alexander von Hohenstein-Wittgenstein zu Sayn",
        lines=tuple(
            ManifestLine(
                tracking_number="JJD000390007999999999999AB-0000000000",
                order="SO-SELLER0296-261124-00048199/PO-88123",
                destination="Frankfurt am Main-Gallusviertel",
                weight="1,234.567 kg",
                cod="99,999,999.99 EUR",
                pieces="9,999",
            )
            for _ in range(31)
        ),
        parcels="1,234,567",
        total_weight="12,345,678.901 kg",
        total_cod=" + ".join(["99,999,999.99 EUR"] * 4),
        page=99,
        pages=100,
    ),
    "shortest": Manifest(number="1", barcode="1", carrier="A", lines=(ManifestLine(tracking_number="1"),)),
}

_GATE_PASSES = {
    "en": GatePass(
        number="HF3104261124000017",
        barcode="HF3104261124000017",
        direction="Out / 出区",
        customs="3104 Ningbo Beilun",
        zone="Ningbo bonded zone, east",
        book="T3104W000123",
        company="Ningbo Haina Supply Chain Co., Ltd.",
        vehicle="浙B·88888",
        vehicle_weight="4,250 kg",
        seal="SEAL 0098812",
        driver="李师傅",
        valid_until="2026-11-25 18:00",
        lines=(
            GatePassLine(
                document="SAS310426112400000881",
                kind="出区申报",
                parcels="1,204",
                weight="1,388.20 kg",
                note="1210 retail",
            ),
            GatePassLine(document="QD310426E000417", kind="核注清单", parcels="12", weight="96.00 kg"),
        ),
        parcels="1,216",
        total_weight="1,484.20 kg",
    ),
    "zh": GatePass(
        number="HF3104261124000018",
        barcode="HF3104261124000018",
        direction="出区",
        customs="3104 北仑海关",
        zone="宁波保税区（东区）",
        book="T3104W000123",
        company="宁波海纳供应链有限公司",
        vehicle="浙B·66666",
        vehicle_weight="4250 千克",
        container="CSQU3054383",
        driver="赵师傅",
        valid_until="2026-11-25 18:00",
        lines=(
            GatePassLine(
                document="SAS310426112400000882", kind="出区申报", parcels="880", weight="960.50 千克", note="零售出区"
            ),
        ),
        parcels="880",
        total_weight="960.50 千克",
    ),
    "longest": GatePass(
        number="HF3104261124000017XXXXXX",
        barcode="HF3104261124000017XXXXXX",
        direction="Out of the zone, second line / 二线出区",
        customs="3104 Ningbo Beilun customs office / 北仑海关",
        zone="Ningbo Meishan comprehensive bonded zone, park / 梅山综保区",
        book="T3104W000123-T3104W000124",
        company="Ningbo Haina International Supply Chain Management Company Limited / 宁波海纳国际供应链管理有限公司",
        vehicle="浙B·88888 / 浙B·1234挂",
        vehicle_weight="14,250 kg + 6,800 kg",
        container="CSQU3054383, CSQU3054384",
        seal="SEAL 0098812, SEAL 0098813",
        driver="Maximilian-Alexander von Hohenstein-Wittgenstein",
        valid_until="2026-11-25 18:00 UTC+08:00",
        lines=tuple(
            GatePassLine(
                document="SAS31042611240000088112345678901234",
                kind="Declaration of departure / 出区申报",
                parcels="1,234,567",
                weight="1,234,567.89 kg",
                note="1210 retail, second line, checked at the scale",
            )
            for _ in range(8)
        ),
        parcels="9,876,536",
        total_weight="9,876,543.12 kg",
        page=99,
        pages=100,
    ),
    "shortest": GatePass(number="1", barcode="1", vehicle="1", lines=(GatePassLine(document="1"),)),
}

SAMPLES: dict[str, dict[str, Label]] = {
    "packing-slip": dict(_PACKING),
    "pick-list": dict(_PICK),
    "manifest": dict(_MANIFESTS),
    "gate-pass": dict(_GATE_PASSES),
}
