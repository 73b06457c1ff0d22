"""What is typed into a form is a number only if it is one: other digits, signs and lengths stay text for the schema."""

from __future__ import annotations

import pytest

from wms.platform.forms import as_number, minor_of, typed_rows


@pytest.mark.parametrize(
    ("text", "number"),
    [("12", 12), ("-5", -5), ("0", 0), ("99999999999", 99_999_999_999), ("--5", "--5"), ("-", "-"), ("²", "²"),
     ("١٢", "١٢"), ("9" * 12, "9" * 12), ("1e3", "1e3"), ("", ""), (None, None)],
)  # fmt: skip
def test_a_typed_number(text: str | None, number: int | str | None) -> None:
    assert as_number(text) == number


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("12.50", "EUR", 1250), ("12,5", "EUR", 1250), (".5", "EUR", 50), ("7", "JPY", 7), ("-1", "EUR", -100),
     ("0", None, 0), (None, "EUR", None), ("1.234", "EUR", "1.234"), ("0.5", "JPY", "0.5"), ("1e3", "EUR", "1e3"),
     ("1e999999", "EUR", "1e999999"), ("1_000", "EUR", "1_000"), ("٣", "EUR", "٣"), ("NaN", "EUR", "NaN"),
     ("9" * 13, "EUR", "9" * 13), ("1" * 255, "EUR", "1" * 255), ("1,234.5", "EUR", "1,234.5")],
)  # fmt: skip
def test_a_typed_amount(text: str | None, currency: str | None, minor: int | str | None) -> None:
    assert minor_of(text, currency) == minor


def test_rows_are_those_with_a_number_that_a_page_gives(app) -> None:
    names = {"lines.2.sku": "C", "lines.10.sku": "D", "lines.².sku": "A", "lines.١.sku": "B", "lines..sku": "E",
             "lines." + "9" * 5000 + ".sku": "F", "lines.-1.sku": "G", "other.1.sku": "H"}  # fmt: skip
    with app.test_request_context(method="POST", data=names):
        assert [row["sku"] for row in typed_rows("lines", ["sku"])] == ["C", "D"]
