"""Packing lists as factories and forwarders write them: what their rows mean, and what is told where they cannot be meant so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from wms.core.refusals import FieldError, Refused, invalid_fields
from wms.inbound.packing import values
from wms.inbound.packing.checking import look_through
from wms.inbound.packing.columns import BY_NAME, COLUMNS, OF_FACTORIES, UNITS, column_of, factor_of
from wms.inbound.packing.reading import PackingList, read_packing_list
from wms.inbound.rules import CartonDraft, carton_faults
from wms.platform.columns import heading_of, plain
from wms.platform.sheets import Row

TODAY = date(2026, 11, 29)


def read(*rows: Sequence[str]) -> PackingList:
    return read_packing_list([Row(line, tuple(row)) for line, row in enumerate(rows, 1) if any(row)], TODAY)


def check(cartons: Sequence[CartonDraft]) -> None:
    """What the service refuses, with one product that it knows."""
    faults = carton_faults(cartons, TODAY)
    for index, carton in enumerate(cartons):
        faults += [
            FieldError(
                f"/cartons/{carton.place if carton.place is not None else index}/lines/{place}/sku",
                "product_unknown",
                {},
            )
            for place, line in enumerate(carton.lines)
            if line.sku == "NO"
        ]
    if faults:
        raise invalid_fields(faults)


def told(*rows: Sequence[str]) -> list[tuple[int, str, str]]:
    return [(each.line, each.column, each.code) for each in look_through(read(*rows), check)]


def cartons(*rows: Sequence[str]) -> list[tuple[int, int, list[tuple[str, int]]]]:
    found = read(*rows)
    assert look_through(found, check) == []
    return [
        (body["number"], body["count"], [(line["sku"], line["quantity"]) for line in body["lines"]])
        for body in found.bodies
    ]  # fmt: skip


@pytest.mark.parametrize("column", COLUMNS, ids=lambda each: each.name)
def test_every_heading_is_read_as_its_column_and_the_template_s_too(column: Any) -> None:
    for heading in (column.name, *column.also, heading_of(column, "zh_CN"), heading_of(column, "en")):
        for text in (heading, heading.upper(), f" {heading} *", f"{heading} (x)"):
            assert column_of(text) == column.name, text
        for unit in UNITS.get(column.form, ()):
            said = f"{heading.removesuffix('cm').removesuffix('kg').removesuffix('(cm)').removesuffix('(kg)')}"
            for text in (f"{said} ({unit})", f"{said} {unit.upper()}", f"{said}（{unit}）"):
                assert (column_of(text), factor_of(column.name, text)) == (column.name, UNITS[column.form][unit]), text


def test_no_heading_means_two_columns() -> None:
    named = [plain(each) for column in COLUMNS for each in {column.name, *column.also}]
    assert sorted({each for each in named if named.count(each) > 1}) == []
    assert not OF_FACTORIES & set(named)
    assert [column_of(each) for each in ("N.W. (KG)", "Remark", "Size", "件数", "")] == [None] * 5
    assert [column_of("Item No.", ("Item No.", "Qty")), column_of("货号", ("货号", "SKU"))] == ["sku", None]
    assert [
        name for name, column in BY_NAME.items() if column.form in UNITS and factor_of(name, "L") not in {10.0, 1000.0}
    ] == []


@pytest.mark.parametrize(("text", "meant"), [
    ("1", (1, 1)), ("1-10", (1, 10)), ("1 ~ 10", (1, 10)), ("11～20", (11, 20)), ("1–10", (1, 10)), ("C/NO. 3", (3, 3)),
    ("CTN1-CTN10", (1, 10)), ("#7", (7, 7)), ("第5箱", (5, 5)), ("1至10箱", (1, 10)), ("No.1 to No.4", (1, 4)), ("12.0", (12, 12)),
    ("００１", (1, 1)), ("10-1", None), ("A-01", None), ("1/10", None), ("1-2-3", None), ("", None), ("-1", None), ("1" * 30, None),
])  # fmt: skip
def test_numbers_of_cartons(text: str, meant: Any) -> None:
    assert values.cartons_in(text) == meant


@pytest.mark.parametrize(("text", "grams"), [
    ("8.2", 8200), ("8,25", 8250), ("8200 g", 8200), ("8.2kg", 8200), ("10 lb", 4536), ("1,250", None), ("-1", None),
    ("8.2 cm", None), ("1e5", None), ("NaN", None), ("约8", None), ("0", 0), ("0.0004", 0), ("٣", 3000),
])  # fmt: skip
def test_weights(text: str, grams: int | None) -> None:
    assert values.measure(text, 1000.0, "weight") == grams


def test_counts_sides_and_days() -> None:
    assert [values.whole(each) for each in ("24", "1,200", "24.0", "24 PCS", "２４件", "1.5", "1,20", "-1", "x", "9" * 12)] == [
        24, 1200, 24, 24, 24, None, None, None, None, None,
    ]  # fmt: skip
    assert [values.three_sides(each, 10.0) for each in ("60*40*40.5", "60 X 40 × 40", "600x400x400mm", "60*40", "XL", "a*b*c")] == [
        (600, 400, 405), (600, 400, 400), (600, 400, 400), None, None, None,
    ]  # fmt: skip
    meant = date(2026, 3, 4)
    for text in (
        "2026-03-04",
        "2026/3/4",
        "2026.03.04",
        "20260304",
        "2026年3月4日",
        "4.3.2026",
        "2026-03-04T00:00:00+00:00",
    ):
        assert values.day_in(text) == meant, text
    assert [values.day_in(each) for each in ("03/04/2026", "2026-02-30", "soon", "4.3.26")] == [None] * 4
    assert [values.is_total(each) for each in ("TOTAL:", "合计 200 箱", "Totally", "")] == [True, True, False, False]


HEAD = ("C/NO.", "SKU", "QTY/CTN")


def test_a_list_with_its_letterhead_ranges_mixed_cartons_and_sums() -> None:
    rows = (
        ("PACKING LIST",), ("Shipper: Acme Ltd",), (), ("C/NO.", "SKU", "QTY/CTN", "CTNS", "TOTAL QTY", "L(CM)", "W(CM)", "H(CM)",
        "G.W.(KG)", "Pallet", "Box number", "N.W.(KG)"),
        ("1-10", "A", "24", "10", "240", "60", "40", "40.5", "8.2", "1", "", "7"),
        ("11", "A", "6", "1", "6", "", "", "", "", "P2", "BX-1"),
        ("", "B", "18", "", "18"),
        ("12", "A", "1", "", "1"), ("TOTAL", "", "", "12", "265"), ("Remark: with care",), ("", "See also 3",),
    )  # fmt: skip
    found = read(*rows)
    assert cartons(*rows) == [(1, 10, [("A", 24)]), (11, 1, [("A", 6), ("B", 18)]), (12, 1, [("A", 1)])]
    first, second, _third = found.bodies
    assert {name: first[name] for name in ("length_mm", "width_mm", "height_mm", "weight_g", "pallet")} == {
        "length_mm": 600, "width_mm": 400, "height_mm": 405, "weight_g": 8200, "pallet": 1,
    }  # fmt: skip
    assert (second["pallet"], second["reference_box_no"], "weight_g" in second) == (2, "BX-1", False)
    assert (found.skipped, found.heading.unread) == ([9, 10, 11], ["N.W.(KG)"])


def test_cartons_without_numbers_go_by_their_count_or_by_the_box() -> None:
    assert cartons(("CTNS", "SKU", "每箱数量"), ("3", "A", "5"), ("", "B", "1"), ("2", "A", "5")) == [
        (1, 3, [("A", 5), ("B", 1)]), (4, 2, [("A", 5)]),
    ]  # fmt: skip
    assert cartons(("客户箱号", "SKU", "数量"), ("U2", "A", "5"), ("U1", "A", "5"), ("U2", "B", "1")) == [
        (1, 1, [("A", 5), ("B", 1)]), (2, 1, [("A", 5)]),
    ]  # fmt: skip


def test_units_are_those_of_each_carton_or_of_all() -> None:
    assert cartons(("箱号", "SKU", "总数量"), ("1-10", "A", "50"), ("11", "A", "7")) == [
        (1, 10, [("A", 5)]), (11, 1, [("A", 7)]),
    ]  # fmt: skip
    assert cartons(("箱号", "SKU", "数量", "总数量"), ("1-10", "A", "5", "50")) == [(1, 10, [("A", 5)])]
    assert cartons(("箱号", "SKU", "数量", "每箱数量"), ("1-10", "A", "50", "5")) == [(1, 10, [("A", 5)])]
    assert told(("箱号", "SKU", "总数量"), ("1-10", "A", "55")) == [(2, "total_quantity", "packing_not_divisible")]
    assert told(("箱号", "SKU", "数量"), ("1-10", "A", "50"), ("11-12", "A", "50")) == [
        (2, "quantity", "packing_quantity_unclear")
    ]
    assert told(("箱号", "SKU", "每箱数量", "总数量"), ("1-10", "A", "5", "55")) == [
        (2, "total_quantity", "packing_total_differs")
    ]


def test_batches_of_a_product_in_a_carton_are_one_line_and_the_same_again_is_told() -> None:
    head = (*HEAD, "Batch", "EXP")
    assert cartons(head, ("1", "A", "5", "B1", ""), ("1", "A", "6", "B2", ""), ("", "A", "1", "B2", "2028-01-01")) == [
        (1, 1, [("A", 12)])
    ]
    assert told(head, ("1", "A", "5", "B1", ""), ("1", "A", "6", "B1", "")) == [(3, "sku", "duplicate")]


def test_everything_that_is_wrong_is_told_at_once_each_cell_once() -> None:
    head = (*HEAD, "Carton size(cm)", "G.W.(KG)", "Pallet", "Box number", "CTNS", "Production date", "Expiry date")
    assert told(
        head,
        ("1-2", "A", "x", "60*40", "1,250", "one", "BX", "3", "03/04/2026", "2020-01-01"),
        ("3", "NO", "0", "", "", "3"), ("4", "", "5", "", "2001"), ("5", "A" * 41, "5"), ("2026-01-10", "NO", "5"),
        ("A-1", "A", "5"),
        ("4", "A", "5", "", "1999"), ("5-6", "A", "100000", "", "", "", "", "none"),
        ("10", "A", "", "", "", "", "", "", "2027-01-01"),
        ("11", "A", "5", "60*40*0"), ("12", "A", "5", "6000*40*40"),
    ) == [
        (2, "quantity_per_carton", "type"), (2, "carton_size_cm", "packing_sides"), (2, "gross_weight_kg", "type"),
        (2, "pallet", "type"), (2, "box_no", "packing_box_of_one"), (2, "cartons", "packing_cartons_differ"),
        (2, "production_date", "type"), (3, "sku", "product_unknown"), (3, "quantity_per_carton", "too_small"),
        (3, "pallet", "pallet_numbers_gap"), (4, "sku", "required"), (4, "gross_weight_kg", "too_large"),
        (5, "sku", "too_long"), (6, "carton_no", "packing_became_date"), (6, "sku", "product_unknown"),
        (7, "carton_no", "packing_carton"), (8, "gross_weight_kg", "packing_rows_differ"),
        (9, "carton_no", "packing_overlap"), (9, "quantity_per_carton", "too_large"), (9, "cartons", "type"),
        (10, "quantity_per_carton", "required"), (10, "production_date", "made_in_future"),
        (11, "carton_size_cm", "too_small"), (12, "carton_size_cm", "too_large"),
    ]  # fmt: skip


def test_bounds_are_told_in_the_unit_of_the_file() -> None:
    params = {
        each.column: each.params
        for each in look_through(read((*HEAD, "L (CM)", "Weight"), ("1", "A", "1", "2000", "0")), check)
    }  # fmt: skip
    assert params["length_cm"]["max"] == "1000"
    assert params["gross_weight_kg"]["min"] == "0.001"


def test_numbers_count_from_one_and_the_first_gap_is_told() -> None:
    assert told(HEAD, ("1", "A", "1"), ("3", "A", "1"), ("5", "A", "1")) == [(3, "carton_no", "carton_numbers_gap")]
    assert told(HEAD, ("1-10", "A", "1"), ("2-3", "A", "1"), ("5", "A", "1"))[:2] == [
        (3, "carton_no", "packing_overlap"), (4, "carton_no", "packing_overlap"),
    ]  # fmt: skip
    assert told(HEAD, ("0", "A", "1")) == [(2, "carton_no", "too_small")]
    assert told(HEAD, ("", "A", "1"), ("1", "A", "1")) == [(2, "carton_no", "required")]


@pytest.mark.parametrize("count", ["501", "999999999"])
def test_the_limits_are_those_of_the_api(count: str) -> None:
    assert told(HEAD, ("1-400", "A", "1"), (f"401-{count}", "A", "1"))[0][:2] == (3, "carton_no")
    assert told(("CTNS", "SKU", "QTY/CTN"), (count, "A", "1")) == [(2, "cartons", "too_large")]
    assert told(HEAD, *(("1-500", f"A{number}", "1") for number in range(201))) == [(2, "sku", "too_many")]
    assert told(HEAD, *(("1-500", f"A{number}", "1") for number in range(200))) == []


@pytest.mark.parametrize(("rows", "code"), [
    ([("C/NO.", "QTY"), ("1", "1")], "table_lacks"), ([("SKU", "QTY"), ("A", "1")], "table_lacks"),
    ([("SKU", "C/NO."), ("A", "1")], "table_lacks"), ([("hello",), ("world",)], "table_lacks"),
    ([("SKU", "sku", "QTY", "CTNS"), ("A", "A", "1", "1")], "sheet_column_twice"), ([HEAD, ("TOTAL", "", "5")], "table_empty"),
])  # fmt: skip
def test_what_is_no_packing_list_is_refused_as_a_whole(rows: Any, code: str) -> None:
    with pytest.raises(Refused) as refused:
        read(*rows)
    assert [each["code"] for each in refused.value.errors] == [code]


def test_a_refusal_of_the_booking_itself_is_nobody_s_cell() -> None:
    def closed(_cartons: Sequence[CartonDraft]) -> None:
        raise Refused("cartons_begun", {"number": 1})

    with pytest.raises(Refused, match="cartons_begun"):
        look_through(read(HEAD, ("1", "A", "1")), closed)


def lots(*rows: Sequence[str]) -> list[list[dict[str, object]]]:
    assert told(*rows) == []
    return [line.get("lots", []) for body in read(*rows).bodies for line in body["lines"]]


def test_batches_days_and_numbers_are_the_lots_of_their_line() -> None:
    head = (*HEAD, "Batch", "Production date", "EXP")
    assert lots(
        head, ("1", "A", "5", "B1", "2026-01-01", "2028-01-01"), ("", "A", "6", "B2"), ("", "A", "1"), ("2", "B", "7"),
    ) == [
        [{"quantity": 5, "batch": "B1", "made_on": "2026-01-01", "expires_on": "2028-01-01"},
         {"quantity": 6, "batch": "B2"}, {"quantity": 1}],
        [],
    ]  # fmt: skip
    assert lots((*HEAD, "Lot No", "序列号"), ("1", "A", "1", "B1", "S1"), ("", "A", "2", "B1", "S2, S3"),
                ("", "A", "1", "", "S4")) == [
        [{"quantity": 3, "batch": "B1", "serial_numbers": ["S1", "S2", "S3"]},
         {"quantity": 1, "serial_numbers": ["S4"]}]
    ]  # fmt: skip
    assert lots(("箱号", "SKU", "总数量", "批号"), ("1-10", "A", "50", "B1"), ("1-10", "A", "20", "B2")) == [
        [{"quantity": 5, "batch": "B1"}, {"quantity": 2, "batch": "B2"}]
    ]


def test_what_cannot_be_said_of_lots_is_told_where_it_stands() -> None:
    head = (*HEAD, "Batch", "S/N")
    assert told(
        head, ("1", "A", "2", "B1", "S1"), ("2-3", "A", "1", "B1", "S2"), ("4", "A", "1", "B1", "S3"),
        ("5", "A", "2", "B1", "S3 S4"), ("6", "A", "1", "B" * 41), ("7", "A", "1", "B1", "S" * 41),
    ) == [
        (2, "serial_numbers", "serials_add_up"), (3, "serial_numbers", "packing_numbers_of_one"),
        (5, "serial_numbers", "duplicate"), (6, "batch", "too_long"), (7, "serial_numbers", "too_long"),
    ]  # fmt: skip


def test_numbers_that_a_spreadsheet_has_shortened_are_told() -> None:
    heading = ["Carton No", "SKU", "Quantity", "Box No"]
    assert told(heading, ["1", "4.00638E+12", "5", ""], ["2", "MUG", "5", "1,23457E+17"], ["3", "MUG", "1E+5", ""]) == [
        (2, "sku", "sheet_shortened"), (3, "box_no", "sheet_shortened"), (4, "quantity", "type"),
    ]  # fmt: skip
