"""Parcels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from labels.content import (
    BagCaptions,
    BagLabel,
    CustomsCaptions,
    CustomsLine,
    CustomsWaybillLabel,
    Label,
    ReturnCaptions,
    ReturnLabel,
    WaybillCaptions,
    WaybillLabel,
)

WAYBILL_CAPTIONS_ZH = WaybillCaptions(
    ship_to="收", ship_from="寄件人", return_to="退回地址", parcel="件数", weight="重量", reference="订单号"
)

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
        service_name="International Priority Express, Signed",
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


def _with_form(waybill: WaybillLabel, **form: Any) -> CustomsWaybillLabel:
    fields = {name: getattr(waybill, name) for name in WaybillLabel.__dataclass_fields__}
    return CustomsWaybillLabel(**fields, **form)


_CUSTOMS_CAPTIONS_ZH = CustomsCaptions(
    title="报关单 DÉCLARATION EN DOUANE",
    opened="可以径行开拆 May be opened officially",
    gift="礼品",
    documents="文件",
    sample="样品",
    goods="销售货物",
    returned="退货",
    other="其他",
    description="内件详细名称",
    quantity="数量",
    weight="净重",
    value="价值",
    hs_code="协调编码",
    origin="原产国",
    total="合计",
    sender_reference="寄件人税号",
    importer_reference="进口商参考号",
    declaration="我保证上述申报准确无误，本函件内未装寄法律或邮政和海关规章禁止寄递的任何危险物品。",
    signature="日期和寄件人签名",
)

_CUSTOMS = {
    "en": _with_form(
        _WAYBILLS["en"],
        lines=(
            CustomsLine(
                description="Cotton T-shirt",
                quantity="2",
                weight="0.420 kg",
                value="USD 18.00",
                hs_code="610910",
                origin="CN",
            ),
            CustomsLine(
                description="Baseball cap, polyester",
                quantity="1",
                weight="0.110 kg",
                value="USD 6.50",
                hs_code="650500",
                origin="CN",
            ),
        ),
        total_weight="0.530 kg",
        total_value="USD 24.50",
        sender_reference="VAT DE123456789",
        signed="2026-11-24  Zhang Wei",
    ),
    "zh": _with_form(
        replace(_WAYBILLS["zh"], tracking_number="LX123456785CN"),
        form="CN 23",
        category="gift",
        lines=(
            CustomsLine(
                description="玻尿酸精华液 Serum",
                quantity="1",
                weight="0.12 千克",
                value="USD 9.90",
                hs_code="330499",
                origin="CN",
            ),
        ),
        total_weight="0.12 千克",
        total_value="USD 9.90",
        importer_reference="IOSS IM2760000742",
        signed="2026-11-24 张伟",
        customs_captions=_CUSTOMS_CAPTIONS_ZH,
    ),
    "longest": _with_form(
        replace(_WAYBILLS["longest"], consignee_lines=_WAYBILLS["longest"].consignee_lines[-3:]),
        form="CN 23",
        category="returned",
        lines=tuple(
            CustomsLine(
                description="Stainless steel insulated bottle with bamboo lid and cleaning brush",
                quantity="1,200",
                weight="1,234.567 kg",
                value="CNY 1,234,567.00",
                hs_code="7323930000",
                origin="Taiwan, China",
            )
            for _ in range(5)
        ),
        total_weight="9,999.999 kg",
        total_value="CNY 12,345,678.00",
        sender_reference="VAT DE123456789 EORI DE123456789012345",
        importer_reference="IOSS IM2760000742 / EORI PL1234567890123",
        signed="2026-11-24, Maximilian-Alexander von Hohenstein-Wittgenstein",
    ),
    "shortest": _with_form(
        _WAYBILLS["shortest"],
        lines=(CustomsLine(description="A", quantity="1", weight="1 g", value="1"),),
        total_weight="1 g",
        total_value="1",
    ),
}

_RETURNS = {
    "en": ReturnLabel(
        return_number="R000010-261124-0005",
        tracking_number="9202090000000000000007",
        carrier="USPS",
        to_lines=(
            "Returns Department",
            "Harbour Fulfilment LLC",
            "2200 E Pacific Coast Hwy, Dock 5",
            "Long Beach, CA 90804",
            "UNITED STATES",
        ),
        from_lines=("J. D. M***", "Los Angeles, CA 90027"),
        order_reference="SO-1027-261124-000481",
        reason="Too small",
        printed_at="2026-11-24 15:08",
    ),
    "zh": ReturnLabel(
        return_number="R088-261124-0017",
        to_lines=("海纳仓 退货组", "浙江省宁波市北仑区保税东区兴业一路 8 号 3 门", "0574-8888****"),
        from_lines=("王*明", "浙江省杭州市西湖区"),
        order_reference="SO088261124000481",
        reason="尺码不合适",
        printed_at="2026-11-24 15:08",
        captions=ReturnCaptions(
            title="退货",
            ship_to="收",
            ship_from="寄件人",
            return_number="退货单号",
            order="订单号",
            reason="退货原因",
            instruction="请将商品放入原包装，用本标签盖住旧面单，交给快递员。",
        ),
    ),
    "longest": ReturnLabel(
        return_number="R-SELLER0296-261124-99999",
        tracking_number="JJD000390007999999999999AB",
        carrier="International Priority Returns",
        to_lines=(
            "Retourenabteilung Europa c/o Harbour Fulfilment Europe GmbH",
            "Gesellschaft für Handelslogistik mbH & Co. KG, Tor 14",
            "Hafenstraße 1204, Halle 18, Rampe 9",
            "21079 Hamburg-Harburg",
            "Freie und Hansestadt Hamburg",
            "GERMANY 德国",
        ),
        from_lines=(
            "Maximilian-Alexander Freiherr von H***",
            "Straße der Pariser Kommune ***",
            "60327 Frankfurt am Main",
            "GERMANY",
        ),
        order_reference="SO-SELLER0296-261124-00048199/PO-88123-AUTUMN-2026",
        reason="Not as described: the lid leaks and the colour differs",
        printed_at="2026-11-24 15:08 UTC+08:00",
    ),
    "shortest": ReturnLabel(return_number="1", to_lines=("A",)),
}

_BAGS = {
    "en": BagLabel(
        title="BAG",
        number="BGHOUSE-261124-0007",
        barcode="B-BGHOUSE-261124-0007-L",
        carrier="HOUSE",
        service="House standard",
        parcels="48",
        weight="21.350 kg",
        warehouse="Frankfurt (DE1)",
        printed_at="2026-11-24 15:08",
    ),
    "zh": BagLabel(
        title="托盘",
        number="(00) 376130321109103420",
        barcode="(00)376130321109103420",
        symbology="gs1_128",
        carrier="顺丰国际",
        service="经济小包",
        parcels="212",
        weight="186.400 千克",
        warehouse="宁波保税一号仓 (NGB1)",
        printed_at="2026-11-24 15:08",
        captions=BagCaptions(carrier="承运商", service="服务", parcels="件数", weight="毛重", warehouse="发货仓"),
    ),
    "longest": BagLabel(
        title="PALLET OF PARCELS 12",
        number="BGCARRIER-CODE-261124-99999-WAREHOUSE-AND-MORE1",
        barcode="B-FRA1-BGCARRIER-261124-99999-X",
        carrier="International Priority Post and Couriers",
        service="Economy small packets, tracked, untaxed!",
        parcels="12,345 of 99,999",
        weight="1,234.567 kg / 2,721 lb",
        warehouse="Overseas fulfilment centre Frankfurt-Höchst, hall 12 (FRA1)",
        printed_at="2026-11-24 15:08 UTC+08:00",
    ),
    "shortest": BagLabel(title="B", number="1", barcode="1", carrier="A"),
}

SAMPLES: dict[str, dict[str, Label]] = {
    "bag": dict(_BAGS),
    "waybill": dict(_WAYBILLS),
    "waybill-customs": dict(_CUSTOMS),
    "return": dict(_RETURNS),
}
