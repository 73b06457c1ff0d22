"""What an express waybill within China shows of its consignee: GB/T 41833-2022, reference printing, section 4."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from labels import WaybillLabel
from tests.outbound.stage import ID_NUMBER, MUG, Stage
from wms.outbound.documents import waybills
from wms.outbound.masking import masked_address, masked_name, masked_phone
from wms.platform.database import session
from wms.printing.models import LabelDocument


@pytest.mark.parametrize(
    ("name", "shown"),
    [("王明", "王*"), ("王小明", "王*明"), ("欧阳小明", "欧**明"), ("王", "*"), ("Li Ming", "L* M**g"),
     ("示例 收件人", "示* 收*人")],
)  # fmt: skip
def test_of_a_name_a_character_is_hidden(name: str, shown: str) -> None:
    assert masked_name(name) == shown


@pytest.mark.parametrize(
    ("phone", "shown"),
    [("13812345678", "138******78"), ("+86 138 1234 5678", "+86 138 **** **78"), ("0571-12345678", "0571-******78"),
     ("1234567", "*******"), ("", "")],
)  # fmt: skip
def test_of_a_phone_number_six_digits_are_hidden(phone: str, shown: str) -> None:
    assert masked_phone(phone) == shown


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("龙湖路 1 号 5 栋 3单元1203室", "龙湖路 1 号 5 栋 *单元*室"), ("文三路 90 号 A座1203", "文三路 90 号 A座*"),
        ("文三路90号12号楼", "文三路90号12号楼"), ("莲花小区 5-1-1203", "莲花小区 5-1-*"), ("莲花小区 8幢 302", "莲花小区 8幢*"),
        ("B2 户", "* 户"), ("示例路 1 号", "示例路 1 号"), ("310000 杭州", "310000 杭州"),
        ("莲花小区5号楼2单元1203", "莲花小区5号楼*单元*"), ("2单元 301", "*单元*"),
        ("442100 房县", "442100 房县"), ("022250 室韦镇", "022250 室韦镇"),  # postcodes, before places called so
    ],
)  # fmt: skip
def test_of_an_address_unit_and_room_are_hidden(line: str, shown: str) -> None:
    assert masked_address(line) == shown


@given(st.text(min_size=1), st.text(alphabet="0123456789 +-()", min_size=6, max_size=32))
def test_whatever_is_typed_something_is_hidden(name: str, phone: str) -> None:
    if name.strip():
        assert "*" in masked_name(name)
    digits = sum(character.isdigit() for character in phone)
    assert masked_phone(phone).count("*") >= min(6, digits)


def test_waybills_that_we_draw_within_china_show_no_more(stage: Stage) -> None:
    stage.stock(MUG, 5, house=stage.cast.bonded)
    buyer = {"name": "王小明", "phone": "13812345678", "country": "CN", "city": "杭州", "postcode": "310000",
             "address1": "龙湖路 1 号 3单元1203室", "id_number": ID_NUMBER}  # fmt: skip
    order = stage.order({MUG: 1}, warehouse="NGB1", consignee=buyer)
    stage.wave(order, house=stage.cast.bonded)
    label = drawn()
    assert (label.consignee_name, label.consignee_phone) == ("王*明", "138******78")
    assert label.consignee_lines[0] == "龙湖路 1 号 *单元*室"


def test_elsewhere_they_are_as_they_were(stage: Stage) -> None:
    stage.stock(MUG, 5)
    stage.wave(stage.order({MUG: 1}))
    label = drawn()
    assert (label.consignee_name, label.consignee_phone) == ("Anna Schmidt", "+49 30 1234567")


def drawn() -> WaybillLabel:
    parcel = session().scalar(text("SELECT id FROM parcel"))
    (label,) = waybills([LabelDocument(subject_id=parcel, width_mm=100, height_mm=150)])
    assert isinstance(label, WaybillLabel)
    return label
