"""What bonded retail (1210, 1239) asks of an order: reference, bonded customs, sections 2.5 and 5."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.outbound.stage import ID_NUMBER, MUG, Stage, body
from wms.outbound.rules import is_id_number

TODAY = date(2026, 11, 30)
HANGZHOU = {"country": "CN", "city": "杭州", "id_number": ID_NUMBER}


@pytest.mark.parametrize("number", [
    "11010519491231002X",  # the sample of GB 11643
    "11010519491231002x",
    "810000199408230021",  # a residence permit of Hong Kong: the same rules
    "110101200402290011",  # 29 February of a leap year
])  # fmt: skip
def test_id_numbers_that_are_so(number: str) -> None:
    assert is_id_number(_checked(number), TODAY)


@pytest.mark.parametrize("number", [
    "110105194912310020", "123456789012345678", "44052418800101001x",  # vectors of the reference
    "010105194912310021", "110105491231002", "", "11010519491231002Ⅹ", "１１０１０５１９４９１２３１００２X",
])  # fmt: skip
def test_id_numbers_that_are_none(number: str) -> None:
    assert not is_id_number(number, TODAY)


@pytest.mark.parametrize("born", ["19901332", "19900230", "20030229", "00000101", "19900100", "20261201"])
def test_the_day_of_birth_is_a_day_that_has_been(born: str) -> None:
    number = _checked(f"110101{born}0010")
    assert not is_id_number(number, TODAY)
    assert is_id_number(_checked("110101202611300010"), TODAY)  # born today


def _checked(number: str) -> str:
    """The number with the check character that belongs to it."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], weights, strict=True))
    check = "10X98765432"[total % 11]
    return number if number[17].upper() == check else number[:17] + check


@pytest.fixture
def api(stage: Stage, client: Any) -> Any:
    stage.stock(MUG, 5, house=stage.cast.bonded)
    return stage.cast.api(client)


def test_an_impossible_day_of_birth_is_told_at_its_field(api: Any) -> None:
    buyer = {**HANGZHOU, "id_number": _checked("110101199002300010")}
    answer = api.post("/api/v1/orders", body({MUG: 1}, warehouse="NGB1", consignee=buyer))
    assert [(each["pointer"], each["code"]) for each in answer.json["errors"]] == [
        ("/consignee/id_number", "id_number_wrong")
    ]


def test_it_goes_to_persons_of_the_warehouses_country(api: Any) -> None:
    """As the choice of warehouses has it; an order that names the warehouse is no other order."""
    abroad = {"country": "DE", "city": "Berlin", "id_number": ID_NUMBER}
    answer = api.post("/api/v1/orders", body({MUG: 1}, warehouse="NGB1", consignee=abroad))
    assert answer.status_code == 422, answer.json
    assert [(each["pointer"], each["code"], each["params"]) for each in answer.json["errors"]] == [
        ("/consignee/country", "bonded_country", {"country": "CN"})
    ]
    made = api.post("/api/v1/orders", body({MUG: 1}, warehouse="NGB1", consignee=HANGZHOU))
    assert made.status_code == 201, made.json
    sent = {**body({MUG: 1})["consignee"], **abroad}
    changed = api.patch(f"/api/v1/orders/{made.json['id']}", {"consignee": sent}, match=1)
    assert (changed.status_code, changed.json["errors"][0]["code"]) == (422, "bonded_country")


def test_it_is_for_nobodys_trade(api: Any) -> None:
    """Goods of bonded retail are for the buyer's own use, and are not sold again."""
    answer = api.post("/api/v1/orders", body({MUG: 1}, warehouse="NGB1", consignee=HANGZHOU, kind="b2b"))
    assert answer.status_code == 422, answer.json
    assert [(each["pointer"], each["code"]) for each in answer.json["errors"]] == [("/kind", "b2b_bonded")]


def test_its_buyer_and_lines_are_what_the_list_at_customs_holds(api: Any) -> None:
    """CEB311: the phone is needed, a name has at most 60 characters, an order at most 99 lines."""
    buyer = {**HANGZHOU, "name": "长" * 61, "phone": None}
    answer = api.post("/api/v1/orders", body({MUG: 1}, warehouse="NGB1", consignee=buyer))
    assert [(each["pointer"], each["code"]) for each in answer.json["errors"]] == [
        ("/consignee/phone", "phone_required"), ("/consignee/name", "too_long"),
    ]  # fmt: skip
    lines = [{"sku": MUG, "quantity": 1}] * 100
    answer = api.post("/api/v1/orders", body(lines, warehouse="NGB1", consignee=HANGZHOU))
    assert [(each["pointer"], each["code"], each["params"]) for each in answer.json["errors"]] == [
        ("/lines", "too_many", {"max": 99})
    ]
