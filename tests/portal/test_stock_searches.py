"""Stock is found as products are: by the beginning of a SKU, a part of a name, a barcode; and goes into a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from typing import Any

import pytest
from sqlalchemy import text

from tests.portal.test_pages import text_of
from wms.platform.database import session, transaction

VIEWS = ["/portal/stock", "/portal/stock/network", "/portal/stock/age"]
BLUE, LAMP = "MUG-450-BLUE", "LAMP-DESK-W"


def table_of(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


@pytest.mark.parametrize("path", VIEWS)
def test_views_of_stock_find_what_the_list_of_products_finds(cast: Any, client: Any, life: Any, path: str) -> None:
    seller = cast.sign_in(client, cast.acme_person)
    for search in ("mug-450", "Travel mug", "旅行杯", f"ACME:{BLUE}"):
        shown = text_of(seller.get(path, query_string={"q": search}))
        assert (BLUE in shown, LAMP in shown) == (True, False), search
    nothing = text_of(seller.get(path, query_string={"q": "no such thing"}))
    assert ("Nothing found" in nothing, "Nothing in stock" in nothing) == (True, False)


def test_lots_are_found_so_too(cast: Any, client: Any, life: Any) -> None:
    seller = cast.sign_in(client, cast.acme_person)
    assert "SERUM-30ML" in text_of(seller.get("/portal/stock/lots", query_string={"q": "serum"}))
    assert "Nothing found" in text_of(seller.get("/portal/stock/lots", query_string={"q": "lamp"}))


def test_a_search_finds_nothing_of_another_seller(cast: Any, client: Any, life: Any) -> None:
    rival = cast.sign_in(client, cast.rival_person)
    for path in (*VIEWS, "/portal/stock/table.csv"):
        assert "MUG-450-BLUE" not in rival.get(path, query_string={"q": "mug"}).get_data(as_text=True), path


def test_the_table_says_what_the_page_says(cast: Any, client: Any, life: Any) -> None:
    seller = cast.sign_in(client, cast.acme_person)
    shown = unescape(text_of(seller.get("/portal/stock?warehouse=DE1&q=mug")))
    assert re.search(r'href="/portal/stock/table.csv\?warehouse=DE1&q=mug"', shown), re.findall(
        r'table.csv[^"]*', shown
    )
    answer = seller.get("/portal/stock/table.csv?warehouse=DE1")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    rows = table_of(answer)
    told = {line["sku"]: line for line in cast.api(client).get("/api/v1/stock?warehouse=DE1&limit=200").json["data"]}
    assert [row["SKU"] for row in rows] == list(told)
    for row in rows:
        line = told[row["SKU"]]
        assert int(row["On hand"]) == line["on_hand"]
        assert int(row["Sellable"]) == line["buckets"]["available"]
        five = [int(row[name]) for name in ("On hold", "Not good", "To be put away", "Reserved", "Sellable")]
        assert sum(five) == line["on_hand"], row
    assert [row["SKU"] for row in table_of(seller.get("/portal/stock/table.csv?q=lamp"))] == [LAMP]


def test_what_has_stock_is_found_behind_however_many_products_that_have_none(cast: Any, client: Any, life: Any) -> None:
    lamp = cast.ACME.products[LAMP]
    with life.app.app_context(), transaction():
        session().execute(
            text(
                "INSERT INTO product SELECT (jsonb_populate_record(p, jsonb_build_object('id', gen_random_uuid(),"
                " 'sku', 'LA-' || n))).* FROM product p, generate_series(1, 1200) n WHERE p.id = :lamp"
            ),
            {"lamp": lamp},
        )
    seller = cast.sign_in(client, cast.acme_person)
    for path in VIEWS:
        assert LAMP in text_of(seller.get(path, query_string={"q": "lamp"})), path
    assert [row["SKU"] for row in table_of(seller.get("/portal/stock/table.csv?q=lamp"))] == [LAMP]
