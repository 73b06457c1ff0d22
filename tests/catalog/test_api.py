"""Products over HTTP, as a seller's system uses them."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from wms.catalog.models import Product, ProductBarcode

BODY = {
    "sku": "NEW-1", "name_en": "New", "name_zh": "新品", "declared_weight_g": 100, "declared_length_mm": 10,
    "declared_width_mm": 20, "declared_height_mm": 30,
}  # fmt: skip


@pytest.fixture
def api(cast, client):
    return cast.api(client, "ACME")


def count(db_session) -> tuple[int, int]:
    return (
        db_session.scalar(select(func.count(Product.id))),
        db_session.scalar(select(func.count(ProductBarcode.id))),
    )


def test_a_product_is_created_and_read_back(api, cast):
    answer = api.post("/api/v1/products", {**BODY, "barcodes": [{"barcode": "4006381333931"}]})
    assert answer.status_code == 201, answer.json
    assert answer.json["version"] == 1
    shown = api.get(answer.headers["Location"])
    assert shown.status_code == 200
    assert shown.headers["ETag"] == '"v1"'
    assert shown.json["seller"] == "ACME"
    assert shown.json["declared_weight_g"] == 100
    assert shown.json["measured_weight_g"] is None
    assert [(code["barcode"], code["kind"], code["quantity"]) for code in shown.json["barcodes"]] == [
        ("4006381333931", "gtin", 1)
    ]


def test_a_product_without_barcodes_gets_one_of_the_warehouse(api):
    answer = api.post("/api/v1/products", BODY)
    (code,) = api.get(answer.headers["Location"]).json["barcodes"]
    assert code["kind"] == "own"
    assert code["barcode"].startswith("ACME-")
    assert len(code["barcode"]) == len("ACME-") + 9


def test_the_same_key_again_gives_the_same_answer_and_one_product(api, db_session):
    first = api.post("/api/v1/products", BODY, key="k-1")
    again = api.post("/api/v1/products", BODY, key="k-1")
    assert (again.status_code, again.json) == (first.status_code, first.json)
    assert again.headers["Idempotent-Replay"] == "true"
    assert db_session.scalar(select(func.count(Product.id)).where(Product.sku == "NEW-1")) == 1


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"sku": "T SHIRT"}, "/sku", "sku_form"),
        ({"sku": "CMD-OK"}, "/sku", "code_is_ours"),
        ({"sku": 7}, "/sku", "type"),
        ({"sku": "x" * 41}, "/sku", "too_long"),
        ({"declared_weight_g": 0}, "/declared_weight_g", "too_small"),
        ({"declared_weight_g": -1}, "/declared_weight_g", "too_small"),
        ({"declared_weight_g": 1.5}, "/declared_weight_g", "type"),
        ({"declared_weight_g": None}, "/declared_weight_g", "null"),
        ({"name_zh": "   "}, "/name_zh", "too_short"),
        ({"name_en": "a\u0007b"}, "/name_en", "unprintable"),
        ({"colour": "red"}, "/colour", "unknown_field"),
        ({"declared_value_minor": 5}, "/declared_currency", "value_without_currency"),
        ({"origin_country": "de"}, "/origin_country", "pattern"),
        ({"barcodes": [{"barcode": "4006381333930"}]}, "/barcodes/0/barcode", "gtin_check_digit"),
        ({"barcodes": [{"barcode": "X"}, {"barcode": "X"}]}, "/barcodes/1/barcode", "barcode_twice"),
        ({"barcodes": [{"barcode": "X", "quantity": 0}]}, "/barcodes/0/quantity", "too_small"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_changes(api, db_session, change, pointer, code):
    before = count(db_session)
    answer = api.post("/api/v1/products", {**BODY, **change})
    assert answer.status_code == 422, answer.json
    assert [(error["pointer"], error["code"]) for error in answer.json["errors"]] == [(pointer, code)]
    assert count(db_session) == before


def test_several_wrong_fields_are_named_at_once(api):
    answer = api.post("/api/v1/products", {**BODY, "sku": "a b", "barcodes": [{"barcode": "12345678"}]})
    assert [error["code"] for error in answer.json["errors"]] == ["sku_form", "gtin_check_digit"]


def test_what_is_not_in_the_expected_form_is_shown_that_form(api):
    answer = api.post("/api/v1/products", {**BODY, "hs_code": "96.17"})
    (error,) = answer.json["errors"]
    assert (error["code"], error["params"]) == ("pattern", {"example": "9617009000"})
    assert error["message"].endswith("9617009000.")


def test_a_sku_or_barcode_that_the_seller_has_is_a_conflict(api, db_session):
    before = count(db_session)
    taken = api.post("/api/v1/products", {**BODY, "sku": "MUG-450-BLUE"})
    assert (taken.status_code, taken.json["code"]) == (409, "sku_taken")
    assert api.get(taken.json["params"]["href"]).json["sku"] == "MUG-450-BLUE"
    assert [each["pointer"] for each in taken.json["errors"]] == ["/sku"]
    codes = [{"barcode": "X-FREE-1"}, {"barcode": "ACME:MUG-450-RED"}]
    taken = api.post("/api/v1/products", {**BODY, "barcodes": codes})
    assert (taken.status_code, taken.json["code"]) == (409, "barcode_taken")
    assert taken.json["params"]["sku"] == "MUG-450-RED"
    assert api.get(taken.json["params"]["href"]).json["sku"] == "MUG-450-RED"
    assert [each["pointer"] for each in taken.json["errors"]] == ["/barcodes/1/barcode"]
    assert count(db_session) == before
    product = taken.json["params"]["href"]
    assert api.post(f"{product}/barcodes", {"barcode": "RED-MUG"}).status_code == 201
    as_sku = api.post("/api/v1/products", {**BODY, "sku": "RED-MUG"})
    assert (as_sku.json["code"], as_sku.json["errors"][0]["pointer"]) == ("barcode_taken", "/sku")


def test_another_seller_may_have_the_same_sku(cast, client):
    for seller in ("ACME", "RIVAL"):
        assert cast.api(client, seller).post("/api/v1/products", BODY).status_code == 201


def test_naming_another_seller_is_refused_by_name(api, db_session):
    before = count(db_session)
    answer = api.post("/api/v1/products", {**BODY, "seller": "RIVAL"})
    assert answer.status_code == 422
    assert [(each["pointer"], each["code"]) for each in answer.json["errors"]] == [("/seller", "unknown_seller")]
    assert count(db_session) == before


def test_an_edit_needs_the_version_it_was_made_on(api, cast):
    path = f"/api/v1/products/{cast.ACME.products['MUG-450-BLUE']}"
    assert api.patch(path, {"name_en": "Mug"}).status_code == 428
    edited = api.patch(path, {"name_en": "Mug"}, match=1)
    assert (edited.status_code, edited.json["version"], edited.headers["ETag"]) == (200, 2, '"v2"')
    stale = api.patch(path, {"name_en": "Cup"}, match=1)
    assert (stale.status_code, stale.json["code"]) == (412, "stale")
    assert api.get(path).json["name_en"] == "Mug"
    assert api.get(path, headers={"If-None-Match": '"v2"'}).status_code == 304


def test_the_sku_cannot_be_edited(api, cast):
    path = f"/api/v1/products/{cast.ACME.products['MUG-450-BLUE']}"
    assert api.patch(path, {"sku": "OTHER"}, match=1).status_code == 422


def test_a_bulk_answers_each_item_by_itself(api):
    items = [BODY, {**BODY, "sku": "a b"}, {**BODY, "sku": "NEW-2"}, BODY, "nonsense", {"sku": "NEW-3"}]
    answer = api.post("/api/v1/products/bulk", {"items": items})
    assert answer.status_code == 200, answer.json
    assert [result["status"] for result in answer.json["results"]] == [201, 422, 201, 409, 422, 422]
    assert answer.json["results"][1]["problem"]["errors"][0]["pointer"] == "/sku"
    assert {error["code"] for error in answer.json["results"][5]["problem"]["errors"]} == {"required"}


@pytest.mark.parametrize(("items", "code"), [([], "too_few"), ([BODY] * 201, "too_many")])
def test_a_bulk_has_1_to_200_items(api, items, code):
    answer = api.post("/api/v1/products/bulk", {"items": items})
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, code)


def test_the_list_pages_through_all_products_once(api, cast):
    seen: list[str] = []
    path: str | None = "/api/v1/products?limit=5"
    while path:
        answer = api.get(path)
        seen += [product["sku"] for product in answer.json["data"]]
        cursor = answer.json["next_cursor"]
        assert ("Link" in answer.headers) == (cursor is not None)
        path = f"/api/v1/products?limit=5&cursor={cursor}" if cursor else None
    assert sorted(seen) == sorted(cast.ACME.products)


def test_the_list_filters(api):
    assert [each["sku"] for each in api.get("/api/v1/products?sku=PB-10000").json["data"]] == ["PB-10000"]
    assert api.get("/api/v1/products?updated_since=2999-01-01T00:00:00Z").json["data"] == []
    assert api.get("/api/v1/products?updated_since=yesterday").status_code == 422
    assert api.get("/api/v1/products?limit=201").status_code == 422
    assert api.get("/api/v1/products?cursor=nonsense").json["errors"][0]["code"] == "invalid_cursor"


def test_barcodes_are_added_and_removed_but_not_the_last(api):
    path = api.post("/api/v1/products", BODY).headers["Location"]
    (drawn,) = api.get(path).json["barcodes"]
    last = api.delete(f"{path}/barcodes/{drawn['id']}")
    assert (last.status_code, last.json["code"]) == (409, "last_barcode")
    added = api.post(f"{path}/barcodes", {"barcode": "036000291452", "quantity": 6, "level": "inner"})
    assert added.status_code == 201, added.json
    assert api.get(path).json["barcodes"][1] | {"id": ""} == {
        "id": "", "barcode": "036000291452", "kind": "gtin", "quantity": 6, "level": "inner",
    }  # fmt: skip
    same_as_ean = api.post(f"{path}/barcodes", {"barcode": "0036000291452"})
    assert (same_as_ean.status_code, same_as_ean.json["code"]) == (409, "barcode_taken")
    assert same_as_ean.json["errors"][0]["pointer"] == "/barcode"
    assert api.delete(f"{path}/barcodes/{drawn['id']}").json["version"] == 3
    assert [code["barcode"] for code in api.get(path).json["barcodes"]] == ["036000291452"]


def test_another_sellers_product_is_not_there(cast, client, db_session):
    rival, path = cast.api(client, "RIVAL"), f"/api/v1/products/{cast.ACME.products['MUG-450-BLUE']}"
    before = count(db_session)
    assert rival.get(path).status_code == 404
    assert rival.patch(path, {"name_en": "Mine"}, match=1).status_code == 404
    assert rival.post(f"{path}/barcodes", {"barcode": "MINE"}).status_code == 404
    assert count(db_session) == before
    assert cast.api(client, "ACME").get(path).json["version"] == 1
