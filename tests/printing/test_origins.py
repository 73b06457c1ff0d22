"""Where goods come from, as labels say it."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from labels import ProductLabel, missing_glyphs
from wms.core.countries import COUNTRIES
from wms.printing.documents import product_labels
from wms.printing.models import LabelDocument
from wms.printing.origins import MOST, made_in


@pytest.mark.parametrize(
    ("country", "mark"),
    [("CN", "Made in China"), ("TW", "Made in Taiwan,China"), ("DE", "Made in Germany"), ("US", "Made in USA"),
     ("GS", "Made in GS"), (None, ""), ("", "")],
)  # fmt: skip
def test_the_mark_is_the_countrys_name(country: str | None, mark: str) -> None:
    assert made_in(country) == mark


@pytest.mark.parametrize("country", sorted(COUNTRIES))
def test_every_countrys_mark_can_be_printed(country: str) -> None:
    mark = made_in(country)
    assert len(mark) <= MOST
    assert not list(missing_glyphs(mark))


def test_a_product_label_says_it(cast, db_session):
    product = cast.ACME.products["MUG-450-BLUE"]
    db_session.execute(text("UPDATE product SET origin_country = 'CN' WHERE id = :id"), {"id": product})
    (label,) = product_labels([LabelDocument(subject_id=product, width_mm=60, height_mm=40)])
    assert isinstance(label, ProductLabel)
    assert label.origin == "Made in China"
