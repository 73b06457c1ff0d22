"""Products from a file, from the upload to the catalogue: what is told in which cell, what is created, what stays."""

from __future__ import annotations

import io
import re
from html import unescape
from typing import Any

import pytest
from openpyxl import load_workbook

from wms.core.ids import new_id
from wms.platform import sheets
from wms.platform.tables import write_table

PAGE = "/portal/products/file"
HEAD = ("SKU", "英文名称", "中文名称", "条码", "重量 (kg)", "长 (cm)", "宽 (cm)", "高 (cm)", "箱码", "箱规", "批次管理", "物流属性",
        "HS 编码", "申报价值", "币种", "备注")  # fmt: skip
NEW = ("SOAP-1", "Soap", "香皂", "SOAP-EAN-1", "0.12", "8.5", "5", "3", "SOAP-CASE", "48", "是", "易碎、液体", "3401110000", "1.25",
       "eur", "x")  # fmt: skip


def text_of(answer: Any) -> str:
    """The page, whatever its status."""
    assert answer.status_code < 500
    return unescape(answer.get_data(as_text=True))


def row(**other: str) -> tuple[str, ...]:
    """Another good line with some cells written otherwise."""
    cells = dict(zip(HEAD, NEW, strict=True)) | {"SKU": "SOAP-2", "条码": "SOAP-EAN-2", "箱码": "SOAP-CASE-2"} | other
    return tuple(cells[name] for name in HEAD)


def sent(*rows: tuple[str, ...], name: str = "products.xlsx", head: tuple[str, ...] = HEAD) -> dict[str, Any]:
    content = sheets.write_workbook("x", head, rows, empty_rows=2) if name.endswith("xlsx") else write_table(head, rows)
    return {"file": (io.BytesIO(content), name)}


def form_of(page: Any) -> dict[str, str]:
    """What the page carries on."""
    html = page.get_data(as_text=True)
    fields = ("products", "seller", "name")
    found = {name: unescape(re.search(rf'name="{name}" value="([^"]*)"', html)[1]) for name in fields}  # type: ignore[index]
    return {**found, "command_id": str(new_id())}


def products(life: Any) -> Any:
    return life.ask(
        "SELECT string_agg(p.sku || '/' || declared_weight_g || '/' || declared_length_mm, ' ' ORDER BY p.sku)"
        " FROM product p JOIN seller s ON s.id = p.owner_id WHERE s.code = 'ACME' AND p.sku LIKE 'SOAP%'"
    )


@pytest.fixture
def seller(cast: Any, client: Any, life: Any) -> Any:
    return cast.sign_in(client, cast.acme_person)


def test_products_are_looked_at_and_created_when_the_seller_says_so(seller: Any, life: Any) -> None:
    assert PAGE in text_of(seller.get("/portal/products"))
    second = row(SKU="SOAP-2", 条码="", 箱码="", 箱规="")
    there = row(SKU="MUG-450-BLUE", 条码="", 箱码="", 箱规="")
    looked = seller.post(PAGE, data=sent(NEW, second, there))
    shown = text_of(looked)
    assert looked.status_code == 200, shown
    for told in (
        "SOAP-1",
        "SOAP-CASE",
        "0.120 kg",
        "85 × 50 × 30 mm",
        "Columns that are not read: 备注",
        "MUG-450-BLUE",
    ):
        assert told in shown, told
    assert products(life) is None  # nobody has said so yet
    form = form_of(looked)
    assert seller.post(f"{PAGE}/create", data=form).status_code == 302
    assert products(life) == "SOAP-1/120/85 SOAP-2/120/85"
    codes = life.ask(
        "SELECT string_agg(b.barcode || '×' || b.quantity || b.level, ' ' ORDER BY b.quantity) FROM product_barcode b"
        " JOIN product p ON p.id = b.product_id WHERE p.sku = 'SOAP-1'"
    )
    assert codes == "SOAP-EAN-1×1each SOAP-CASE×48case"
    kept = life.ask(
        "SELECT concat_ws('/', lot_controlled, array_to_string(cargo_attributes, '+'), declared_value_minor,"
        " declared_currency) FROM product WHERE sku = 'SOAP-1'"
    )
    assert kept == "t/fragile+liquid/125/EUR"
    assert seller.post(f"{PAGE}/create", data=form).status_code == 302, "sent twice, created once"
    assert products(life) == "SOAP-1/120/85 SOAP-2/120/85"


@pytest.mark.parametrize(
    ("wrong", "column", "words"),
    [
        (row(SKU=""), "SKU", "Required."),
        (row(**{"重量 (kg)": "heavy"}), "重量 (kg)", "Type a number."),
        (row(**{"HS 编码": "34.01"}), "HS 编码", "as 9617009000"),
        (row(箱规=""), "箱规", "Required."),
        (row(批次管理="maybe"), "批次管理", "One of: yes 是, no 否."),
        (row(条码="4006381333932"), "条码", "check digit"),
        (row(条码="ACME:MUG-450-RED"), "条码", "already means the product MUG-450-RED"),
        (row(币种=""), "币种", ""),
        (row(SKU="SOAP-1"), "SKU", "Appears more than once."),
        (row(申报价值="much"), "申报价值", "Type an amount"),
        (row(物流属性="heavy"), "物流属性", "One of: battery"),
        (row(条码="SOAP-EAN-1"), "条码", "SOAP-EAN-1 appears more than once."),
        (row(条码="4.00638E+12"), "条码", "A spreadsheet has shortened this number."),
        (row(SKU="1.23457E+11"), "SKU", "A spreadsheet has shortened this number."),
        (row(**{"HS 编码": "3.4E+09"}), "HS 编码", "A spreadsheet has shortened this number."),
    ],
)
def test_what_is_wrong_is_told_at_its_line_and_column_and_holds_up_no_other(
    seller: Any, life: Any, wrong: tuple[str, ...], column: str, words: str
) -> None:
    looked = seller.post(PAGE, data=sent(NEW, wrong))
    shown = text_of(looked)
    assert looked.status_code == 422
    found = re.search(
        r'data-label="Row">3</td><td data-label="Column">([^<]*)</td><td data-label="What is wrong">([^<]*)<', shown
    )
    assert found is not None, shown
    assert (found[1], words in found[2]) == (column, True), found[2]
    assert products(life) is None
    seller.post(f"{PAGE}/create", data=form_of(looked))
    assert products(life) == "SOAP-1/120/85"


def test_units_of_cases_that_have_no_code_are_told_to_be_left_aside(seller: Any, life: Any) -> None:
    """Many tables of sellers have them; there is nothing to keep them with, and no line is held up for it."""
    without = [row(SKU=sku, 条码="", 箱码="", 箱规="48") for sku in ("SOAP-1", "SOAP-2")]
    looked = seller.post(PAGE, data=sent(*without))
    assert (looked.status_code, "Columns that are not read: 备注 · 箱规" in text_of(looked)) == (200, True)
    assert "箱规" not in re.findall("Columns that are not read: [^<]*", text_of(seller.post(PAGE, data=sent(NEW))))[0]


@pytest.mark.parametrize("lacking", ["SKU", "中文名称", "高 (cm)"])
def test_a_file_without_a_needed_column_is_refused_as_a_whole(seller: Any, life: Any, lacking: str) -> None:
    at = HEAD.index(lacking)
    cut = sent(NEW[:at] + NEW[at + 1 :], head=HEAD[:at] + HEAD[at + 1 :])
    refused = seller.post(PAGE, data=cut)
    assert (refused.status_code, "The table needs one column" in text_of(refused)) == (422, True)
    assert products(life) is None


def test_what_comes_back_is_checked_again(seller: Any, life: Any) -> None:
    form = form_of(seller.post(PAGE, data=sent(NEW, name="p.csv")))
    for bad in ("", "[]", "no json", '[{"sku": "SOAP-1"}]', "[1]"):
        answer = seller.post(f"{PAGE}/create", data={**form, "command_id": str(new_id()), "products": bad})
        assert (answer.status_code, "did not come through" in text_of(answer)) == (422, True), bad
    assert seller.post(f"{PAGE}/create", data={**form, "seller": "RIVAL"}).status_code == 422  # nobody the seller sees
    assert products(life) is None
    taken = {**form, "products": form["products"].replace("SOAP-EAN-1", "ACME:MUG-450-RED")}
    answer = seller.post(f"{PAGE}/create", data={**taken, "command_id": str(new_id())})
    assert (answer.status_code, "already means the product MUG-450-RED" in text_of(answer)) == (422, True)
    assert products(life) is None


def test_the_template_is_read_as_it_is(seller: Any, life: Any) -> None:
    content = seller.get(f"{PAGE}/template.xlsx").data
    assert load_workbook(io.BytesIO(content)).active["A1"].value == "sku"
    for name, found in (("t.xlsx", content), ("t.csv", seller.get(f"{PAGE}/template.csv").data)):
        looked = seller.post(PAGE, data={"file": (io.BytesIO(found), name)})
        assert (looked.status_code, "MUG-BLUE" in text_of(looked)) == (200, True)
    assert "weight_kg" in text_of(seller.get(f"{PAGE}/columns"))
