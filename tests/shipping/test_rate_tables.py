"""The rate table that an office keeps: what it means, and that every wrong row is told by its number and column."""

from __future__ import annotations

from datetime import time

import pytest

from wms.core.refusals import Refused
from wms.office.pages.rates import _EXAMPLE
from wms.platform.i18n import refusal_texts
from wms.platform.tables import read_table, write_table
from wms.shipping.rate_tables import COLUMNS, card_of
from wms.shipping.rates import Price, Surcharge, Zone


def full(row: dict[str, str]) -> dict[str, str]:
    return {name: row.get(name, "") for name in COLUMNS}


EXAMPLE = [full(row) for row in _EXAMPLE]


def faults(rows: list[dict[str, str]]) -> list[tuple[int, str]]:
    with pytest.raises(Refused) as caught:
        card_of(rows)
    return [(error["params"]["row"], error["params"]["column"]) for error in caught.value.errors]


def test_the_example_means_what_it_says():
    card = card_of(EXAMPLE)
    assert (card.currency, card.days, card.divisor, card.step_g, card.longest_mm, card.cutoff) == (
        "EUR", 2, 5000, 500, 1200, time(15, 0),
    )  # fmt: skip
    assert card.zones == (Zone("DE", "", "1"), Zone("DE", "18565", "island"))
    assert card.prices == (Price("1", 1000, 420), Price("island", 1000, 990))
    assert card.surcharges == (Surcharge("fuel", permille=125), Surcharge("long", 500, longer_mm=600))
    assert card_of(EXAMPLE[::-1]).prices == card.prices[::-1], "the currency may stand anywhere"


def test_amounts_follow_the_currency():
    rows = [full({"kind": "setting", "name": "currency", "value": "JPY"}), EXAMPLE[1],
            full({"kind": "price", "zone": "1", "up_to_g": "1000", "amount": "420"})]  # fmt: skip
    assert card_of(rows).prices == (Price("1", 1000, 420),)
    rows[2]["amount"] = "4.20"
    assert faults(rows) == [(4, "amount")]


WRONG = {
    "kind": {"kind": "prices"}, "no_kind": {"zone": "1"},
    "setting": ({"kind": "setting", "name": "colour", "value": "1"}, "name"),
    "setting_twice": ({"kind": "setting", "name": "days", "value": "3"}, "name"),
    "cutoff": ({"kind": "setting", "name": "cutoff", "value": "15:00"}, "name"),
    "country": ({"kind": "zone", "country": "de", "zone": "1"}, "country"),
    "prefix": ({"kind": "zone", "country": "DE", "prefix": "1%", "zone": "1"}, "prefix"),
    "prefix_twice": ({"kind": "zone", "country": "DE", "prefix": "18-565", "zone": "9"}, "prefix"),
    "no_zone": ({"kind": "zone", "country": "FR"}, "zone"),
    "price_zone": ({"kind": "price", "up_to_g": "1", "amount": "1"}, "zone"),
    "bracket": ({"kind": "price", "zone": "1", "up_to_g": "0", "amount": "1"}, "up_to_g"),
    "bracket_text": ({"kind": "price", "zone": "1", "up_to_g": "1e3", "amount": "1"}, "up_to_g"),
    "bracket_twice": ({"kind": "price", "zone": "1", "up_to_g": "1000", "amount": "1"}, "up_to_g"),
    "amount": ({"kind": "price", "zone": "1", "up_to_g": "9", "amount": "-1"}, "amount"),
    "amount_text": ({"kind": "price", "zone": "1", "up_to_g": "9", "amount": "=1+1"}, "amount"),
    "amount_fine": ({"kind": "price", "zone": "1", "up_to_g": "9", "amount": "1.005"}, "amount"),
    "nothing": ({"kind": "surcharge", "name": "x"}, "amount"),
    "percent": ({"kind": "surcharge", "name": "x", "percent": "12.55"}, "percent"),
    "nameless": ({"kind": "surcharge", "amount": "1"}, "name"),
    "limit": ({"kind": "surcharge", "name": "x", "amount": "1", "over_g": "2kg"}, "over_g"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_row_is_told(name: str):
    given = WRONG[name]
    row, column = given if isinstance(given, tuple) else (given, "kind")
    assert faults([*EXAMPLE, full(row)]) == [(len(EXAMPLE) + 2, column)]


@pytest.mark.parametrize("name", ["currency", "days"])
def test_a_lacking_setting_is_told(name: str):
    with pytest.raises(Refused) as caught:
        card_of([row for row in EXAMPLE if row["name"] != name])
    assert caught.value.errors[0]["code"] == "rate_setting"


def test_all_faults_at_once_and_not_too_many():
    assert faults([*EXAMPLE, *[full({"kind": "x"})] * 100]) == [
        (number + len(EXAMPLE) + 2, "kind") for number in range(20)
    ]


WHYS = [
    ({"kind": "prices"}, "“prices” is none of setting, zone, price, surcharge."),
    ({"zone": "1"}, "Row 14, column kind: something must stand here."),
    ({"kind": "setting", "name": "days", "value": "3"}, "column name: “days” stands in another row already."),
    ({"kind": "setting", "name": "colour"}, "“colour” is none of currency, days, divisor, step_g, longest_mm, cutoff."),
    ({"kind": "zone", "country": "de", "zone": "1"}, "column country: “de” cannot be read. Write it as DE."),
    ({"kind": "zone", "country": "DE", "zone": "9"}, "column country: “DE” stands in another row already."),
    ({"kind": "price", "zone": "1", "up_to_g": "2kg", "amount": "1"}, "column up_to_g: “2kg” cannot be read. Write it as 1000."),
    ({"kind": "price", "zone": "1", "up_to_g": "9", "amount": "1.005"}, "too many decimals: the currency has 2."),
    ({"kind": "price", "zone": "1", "up_to_g": "9"}, "column amount: something must stand here."),
    ({"kind": "surcharge", "name": "x"}, "column amount: a surcharge needs an amount or a percent above 0."),
    ({"kind": "price", "zone": "1", "up_to_g": "9", "amount": "9" * 50}, "“" + "9" * 40 + "” cannot be read. Write it as 4.20."),
]  # fmt: skip


@pytest.mark.parametrize(("row", "words"), WHYS)
def test_it_is_said_what_is_wrong_there(app, row: dict[str, str], words: str):
    with pytest.raises(Refused) as caught:
        card_of([*EXAMPLE, full(row)])
    (error,) = caught.value.errors
    with app.test_request_context():
        assert words in refusal_texts.translate(error["code"], error["params"])


def test_a_currency_that_nobody_knows_is_told():
    with pytest.raises(Refused) as caught:
        card_of([{**EXAMPLE[0], "value": "XYZ"}, *EXAMPLE[1:]])
    assert caught.value.errors[0]["params"]["why"] == "currency"


def test_wrong_rows_are_told_in_their_order():
    wrong = [full({"kind": "zone", "zone": "1"}), full({"kind": "setting"}), full({"kind": "x"})]
    assert faults([*EXAMPLE, *wrong]) == [(14, "country"), (15, "name"), (16, "kind")]


def test_empty_lines_count_as_a_spreadsheet_counts_them():
    content = write_table(
        COLUMNS, [[row.get(name, "") for name in COLUMNS] for row in (*EXAMPLE, {}, {"kind": "prices"})]
    )
    rows = read_table(content, COLUMNS, 100, keep_empty=True)
    assert faults(rows) == [(15, "kind")]
    assert card_of(rows[:-1]) == card_of(EXAMPLE)
