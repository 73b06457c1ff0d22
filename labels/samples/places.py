"""Places, tools, people, and the two test labels."""

from __future__ import annotations

from labels.content import (
    BadgeLabel,
    CartLabel,
    CommandCard,
    Label,
    LocationLabel,
    PrinterTestCaptions,
    PrinterTestLabel,
    PutWallSlotLabel,
    SelfTestCaptions,
    SelfTestCard,
    StationSign,
    ToteLabel,
    ZoneSign,
)

_LOCATIONS = {
    "en": LocationLabel(
        code="A-03-12-2", barcode="L-A-03-12-2-K", zone="PICK A", check="K", note="Small parts", arrow="up"
    ),
    "zh": LocationLabel(
        code="B-11-04-1", barcode="L-B-11-04-1-7", check="7", zone="拣货区 B", note="保税 · 化妆品", arrow="down"
    ),
    "longest": LocationLabel(
        code="MEZZ2-A14-BAY03-L5-P2-XX",
        barcode="L-MEZZ2-14-03-L5-P2-Q",
        check="Q",
        arrow="left",
        zone="MEZZANINE LEVEL TWO EAST",
        note="Fragile goods only, no stacking, 300 kg",
    ),
    "shortest": LocationLabel(code="1", barcode="1"),
}

_ZONES = {
    "en": ZoneSign(code="A", name="Pick area A, small parts", barcode="Z-A-7", note="Aisles 01 to 24", arrow="up"),
    "zh": ZoneSign(code="B2", name="保税 拣货区 B", barcode="Z-B2-4", note="化妆品 · 食品，温度 15–25 °C"),
    "longest": ZoneSign(
        code="MEZZANINE-02-EAS",
        name="Mezzanine level two east, fragile goods, returns to inspect",
        barcode="Z-MEZZANINE-LEVEL-02-EAST-Q",
        note="No stacking, floor load 300 kg per square metre, keep the fire lane free",
        arrow="right",
    ),
    "shortest": ZoneSign(code="1", barcode="1"),
}


_STATIONS = {
    "en": StationSign(code="PACK-04", name="Packing bench 4", barcode="S-PACK-04-M", note="Printer: left, 100 × 150"),
    "zh": StationSign(code="收货-02", name="收货台 2 · 保税", barcode="S-RECV-02-8", note="先称重，再拍照"),
    "longest": StationSign(
        code="INSPECTION-RETURNS-EU-12",
        name="Inspection of returns, bench twelve, European marketplaces",
        barcode="S-INSPECTION-RETURNS-12-X",
        note="Sign on with your badge. Weigh, photograph, grade, print the new label.",
    ),
    "shortest": StationSign(code="1", barcode="1"),
}


_COMMANDS = {
    "en": CommandCard(command="OK", barcode="CMD-OK", explanation="Confirm and go on"),
    "zh": CommandCard(command="撤销 UNDO", barcode="CMD-UNDO", explanation="撤销上一次扫描"),
    "longest": CommandCard(
        command="NOT EMPTY 非空",
        barcode="CMD-QTY-9999",
        explanation="The bin should be empty and is not: count what is left in it",
    ),
    "shortest": CommandCard(command="1", barcode="1"),
}
# The cards of one sheet, as they hang at a bench.
COMMAND_SHEET = tuple(
    CommandCard(command=f"{chinese} {name}", barcode=f"CMD-{name}", explanation=meaning)
    for name, chinese, meaning in (
        ("OK", "确认", "Confirm and go on"),
        ("UNDO", "撤销", "Take back the last scan"),
        ("SKIP", "跳过", "Come back to this stop later"),
        ("SHORT", "短拣", "Less is there than asked for"),
        ("FULL", "已满", "The tote is full: take another"),
        ("EMPTY", "已空", "The bin is empty"),
        ("DAMAGE", "破损", "Set aside as damaged"),
        ("PRINT", "打印", "Print the label of this step"),
        ("HELP", "求助", "Call the supervisor"),
        ("LOGOUT", "退出", "Sign off this tablet"),
    )
)

_BADGES = {
    "en": BadgeLabel(
        name="Jane Miller",
        barcode="U-7K3M9QZ2XW4T6V8B1N5R0CDEFG-H",
        role="Picker, packer",
        site="Harbour Fulfilment · LAX3",
        number="No. 1042",
        valid_until="Valid until 2027-12-31",
    ),
    "zh": BadgeLabel(
        name="王小明",
        barcode="U-2ZQ9MXW4T6V8B1N5R0CDEFG7K3-J",
        role="收货 · 上架",
        site="宁波保税区海纳仓",
        number="工号 088",
        valid_until="有效期至 2027-12-31",
    ),
    "longest": BadgeLabel(
        name="Maximilian-Alexander von Hohenstein-Wittgenstein zu Sayn",
        barcode="U-" + "W7K3M9QZ2X" * 5 + "-H",
        role="Supervisor of returns and inspection",
        site="Harbour Fulfilment Europe, Hamburg",
        number="No. 12345678901234",
        valid_until="Valid until 31 December 2027",
    ),
    "shortest": BadgeLabel(name="A", barcode="1"),
}

_TOTES = {
    "en": ToteLabel(code="T-0417", barcode="T-0417-M", note="60 × 40 × 32 cm, 25 kg"),
    "zh": ToteLabel(code="周转箱 88", barcode="T-0088-3", note="保税区专用"),
    "longest": ToteLabel(
        code="TOTE-MEZZANINE-02-000417",
        barcode="T-MEZZANINE-02-000417-Q",
        note="Temperature controlled, never stack, 25 kg"[:40],
    ),
    "shortest": ToteLabel(code="1", barcode="1"),
}

_CARTS = {
    "en": CartLabel(code="C-12", barcode="C-12-7", slots="12 slots", note="Mezzanine"),
    "zh": CartLabel(code="拣货车 3", barcode="C-03-K", slots="20 格", note="保税"),
    "longest": CartLabel(
        code="CART-MEZZANINE-02-000417",
        barcode="C-MEZZANINE-02-000417-Q",
        slots="120 slots of 30 × 20 × 20 cm",
        note="Electric, charge at INSPECTION-12",
    ),
    "shortest": CartLabel(code="1", barcode="1"),
}


_PUT_WALLS = {
    "en": PutWallSlotLabel(wall="W1", slot="A3", barcode="W-1-A3-M", arrow="down"),
    "zh": PutWallSlotLabel(wall="播种墙 2", slot="12", barcode="W-2-12-5"),
    "longest": PutWallSlotLabel(
        wall="WALL-MEZZANINE-2", slot="ZZ-99-88", barcode="W-MEZZANINE-2-ZZ-99-88-Q", arrow="right"
    ),
    "shortest": PutWallSlotLabel(slot="1", barcode="1"),
}

SELF_TEST = "TEST:AZazqQwW0189-_/|."
_SELF_TESTS = {
    "en": SelfTestCard(barcode=SELF_TEST, station="PACK-04"),
    "zh": SelfTestCard(
        barcode=SELF_TEST,
        station="收货-02",
        captions=SelfTestCaptions(
            title="扫描枪自检",
            instruction="每天第一次使用时扫描下面的条码，屏幕会立即说明键盘布局、大小写和回车是否正确。",
            linear="1  一维码",
            matrix="2  二维码",
        ),
    ),
    "longest": SelfTestCard(barcode=SELF_TEST + "0123456789", station="INSPECTION-RETURNS-EU-12"),
    "shortest": SelfTestCard(barcode="T"),
}

_PRINTER_TESTS = {
    "en": PrinterTestLabel(
        printer="PACK-04 left", media="100 × 150 mm", details="203 dpi, raw 9100", printed_at="2026-11-24 15:08"
    ),
    "zh": PrinterTestLabel(
        printer="打包台 4 左",
        media="60 × 40 毫米",
        details="203 dpi，IPP",
        printed_at="2026-11-24 15:08",
        captions=PrinterTestCaptions(
            title="打印机测试",
            instruction="边框距每条边 1 毫米。用尺测量边框和标尺，把差值填入打印机偏移，再打印一次。每个码都应能扫出。",
        ),
    ),
    "longest": PrinterTestLabel(
        printer="INSPECTION-RETURNS-EU-12 second printer from the left",
        media="Thermal transfer, 101.6 × 152.4 mm, gap",
        details="300 dpi, IPP through the agent of station INSPECTION-RETURNS-EU-12",
        printed_at="2026-11-24 15:08 UTC+08:00",
    ),
    "shortest": PrinterTestLabel(printer="1"),
}

SAMPLES: dict[str, dict[str, Label]] = {
    "location": dict(_LOCATIONS),
    "zone": dict(_ZONES),
    "station": dict(_STATIONS),
    "tote": dict(_TOTES),
    "cart": dict(_CARTS),
    "put-wall": dict(_PUT_WALLS),
    "command": dict(_COMMANDS),
    "badge": dict(_BADGES),
    "self-test": dict(_SELF_TESTS),
    "printer-test": dict(_PRINTER_TESTS),
}
