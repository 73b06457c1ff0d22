"""A file of orders, from the upload to the orders: what is told, what is made, once."""

from __future__ import annotations

import base64
from datetime import datetime, time, timedelta
from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook
from sqlalchemy import select, text

from tests.outbound.stage import MUG, RED, Stage
from tests.outbound.test_extras import able
from tests.outbound.test_whole import container
from wms.core import clock
from wms.exchange import columns, erasure, service, working
from wms.exchange.columns import COLUMNS, column_of
from wms.exchange.models import OrderImport
from wms.outbound.models import Consignee, Order
from wms.platform import sheets
from wms.platform.columns import heading_of
from wms.platform.database import session
from wms.platform.tables import write_table

HEADING = ["reference", "sku", "quantity", "recipient", "country", "city", "postcode", "address1"]
ANNA = ["Anna Schmidt", "Germany", "Berlin", "10115", "Invalidenstraße 117"]
TOPICS = (service.CHECK_TOPIC, service.CREATE_TOPIC)
PATH = "/api/v1/order-imports"


def sheet(*rows: list[Any], heading: list[str] = HEADING) -> bytes:
    return write_table(heading, rows)


@pytest.fixture
def api(stage: Stage, client: Any) -> Any:
    stage.stock(MUG, 10)
    return stage.cast.api(client)


def sent(api: Any, content: bytes, name: str = "orders.csv", **more: Any) -> dict[str, Any]:
    body = {"name": name, "content": base64.b64encode(content).decode(), "warehouse": "DE1", "service": "HOUSE-STD"}
    session().rollback()  # what a test has looked at is a savepoint around what requests commit
    answer = api.post(PATH, body | more)
    assert answer.status_code == 202, answer.json
    return answer.json


def checked(stage: Stage, api: Any, content: bytes, **more: Any) -> dict[str, Any]:
    made = sent(api, content, **more)
    stage.jobs(*TOPICS)
    return api.get(f"{PATH}/{made['id']}").json


def found(shown: dict[str, Any]) -> list[tuple[int, str, str]]:
    """By line and column; that they come by line is asserted too."""
    told = [(each["line"], each["column"], each["code"]) for each in shown["findings"]]
    assert [each[0] for each in told] == sorted(each[0] for each in told)
    return sorted(told)


def test_numbers_that_a_spreadsheet_has_shortened_are_told_and_never_taken(stage: Stage, api: Any) -> None:
    """Excel keeps 15 digits and shows eleven or more as 1.23457E+11: two orders of a shop would be one, under a number of
    nobody's.
    """
    rows = [["1.23457E+17", MUG, "1", *ANNA], ["1.23457E+17", MUG, "2", *ANNA], ["X-1", "4.00638E+12", "1", *ANNA]]
    shown = checked(stage, api, sheet(*rows))
    assert (shown["good"], shown["refused"]) == (0, 2)
    assert found(shown) == [
        (2, "reference", "sheet_shortened"), (3, "reference", "sheet_shortened"), (4, "sku", "sheet_shortened"),
    ]  # fmt: skip
    book = Workbook()
    book.active.append(HEADING)
    book.active.append([123456789012345678.0, MUG, 1, *ANNA])
    out = BytesIO()
    book.save(out)
    told = found(checked(stage, api, out.getvalue(), name="orders.xlsx"))
    assert told == [(2, "reference", "sheet_shortened")]


def test_the_whole_file_is_told_and_only_the_good_orders_are_made_once(stage: Stage, api: Any) -> None:
    content = sheet(
        ["S-1", MUG, "2", *ANNA], ["S-2", MUG, "x", *ANNA], ["S-3", "NO-SUCH", "1", *ANNA], ["", MUG, "1", *ANNA],
        ["S-1", RED, "1", "", "", "", "", ""], ["S-4", MUG, "0", "", "DE", "", "10115", "Weg 1"],
        ["S-5", MUG, "1", "Bea", "Atlantis", "X", "1", "Weg 1"], ["S-6", MUG, "1", *ANNA],
        ["S-6", MUG, "1", "Other", "", "", "", ""],
    )  # fmt: skip
    shown = checked(stage, api, content)
    assert (shown["state"], shown["lines"], shown["orders"], shown["good"], shown["refused"], shown["there"]) == (
        "checked", 9, 7, 1, 6, 0,
    )  # fmt: skip
    assert found(shown) == [
        (3, "quantity", "type"), (4, "sku", "unknown_sku"), (5, "reference", "required"), (7, "city", "required"),
        (7, "quantity", "too_small"), (7, "recipient", "required"), (8, "country", "sheet_country"),
        (10, "recipient", "sheet_rows_differ"),
    ]  # fmt: skip
    assert api.get("/api/v1/orders").json["data"] == []
    address = f"{PATH}/{shown['id']}/create"
    answer = api.post(address, key="made-once")
    assert answer.status_code == 202
    stage.jobs(*TOPICS)
    assert api.post(address, key="made-once").json == answer.json
    done = api.get(f"{PATH}/{shown['id']}").json
    assert (done["state"], done["created"], done["handled"]) == ("done", 1, 1)
    order = session().scalars(select(Order)).one()
    lines = api.get(f"/api/v1/orders/{order.id}").json["lines"]
    assert (order.reference, [(line["sku"], line["quantity"]) for line in lines]) == ("S-1", [(MUG, 2), (RED, 1)])
    assert (session().get_one(Consignee, order.id).country, session().get_one(OrderImport, shown["id"]).file_id) == (
        "DE",
        None,
    )
    assert session().execute(text("SELECT count(*) FROM stored_file")).scalar() == 0
    again = checked(stage, api, content)
    assert (again["there"], again["good"], again["refused"]) == (1, 0, 6)
    assert api.post(f"{PATH}/{again['id']}/create").json["code"] == "sheet_no_orders"


def test_a_job_that_is_run_again_in_the_middle_makes_nothing_twice(
    stage: Stage, api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "MADE_AT", 2)
    monkeypatch.setattr(working, "TURN_SECONDS", 0.0)
    shown = checked(stage, api, sheet(*([f"S-{n}", MUG, "1", *ANNA] for n in range(5))))
    api.post(f"{PATH}/{shown['id']}/create")
    real, calls = working._make, 0

    def dies(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        made = real(*arguments)
        if calls == 1:
            raise OSError("the worker dies after its first order")
        return made

    monkeypatch.setattr(working, "_make", dies)
    monkeypatch.setattr(working, "TURN_SECONDS", 60.0)
    with pytest.raises(OSError, match="dies"):
        working.make_orders(shown["id"], 0)
    session().rollback()
    stage.jobs(*TOPICS)
    working.make_orders(shown["id"], 0)  # a courier that comes late
    done = api.get(f"{PATH}/{shown['id']}").json
    assert (done["state"], done["created"], session().query(Order).count()) == ("done", 5, 5)


def test_what_cannot_be_made_any_more_is_told(stage: Stage, api: Any) -> None:
    content = sheet(["S-1", MUG, "1", *ANNA, ""], ["S-2", MUG, "99", *ANNA, "fill_or_kill"], heading=[*HEADING, "fill"])
    shown = checked(stage, api, content)
    assert shown["good"] == 2
    api.post(f"{PATH}/{shown['id']}/create")
    stage.jobs(*TOPICS)
    done = api.get(f"{PATH}/{shown['id']}").json
    assert (done["created"], found(done)) == (1, [(3, "", "fill_or_kill_short")])


def test_a_file_is_dropped_before_and_while_its_orders_are_made(stage: Stage, api: Any) -> None:
    made = sent(api, sheet(["S-1", MUG, "1", *ANNA]))
    assert api.post(f"{PATH}/{made['id']}/drop").json["state"] == "dropped"
    stage.jobs(*TOPICS)
    assert api.get(f"{PATH}/{made['id']}").json["state"] == "dropped"
    shown = checked(stage, api, sheet(["S-1", MUG, "1", *ANNA]))
    api.post(f"{PATH}/{shown['id']}/create")
    assert api.post(f"{PATH}/{shown['id']}/drop").status_code == 200
    stage.jobs(*TOPICS)
    assert session().query(Order).count() == 0
    assert api.post(f"{PATH}/{shown['id']}/create").json["code"] == "not_allowed_now"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (sheet(["S-1", "1"], heading=["reference", "quantity"]), "table_lacks"),
        (sheet(["a", "b"], heading=["sku", "seller-sku"]), "sheet_column_twice"),
        (b"reference,sku\n", "table_empty"),
        (b"reference\n" + b"x\n" * 5_001, "table_too_long"),
    ],
)
def test_what_is_no_file_of_orders_says_why_and_is_forgotten(stage: Stage, api: Any, content: bytes, code: str) -> None:
    shown = checked(stage, api, content)
    assert (shown["state"], found(shown)) == ("failed", [(1, "", code)])
    assert session().execute(text("SELECT count(*) FROM stored_file")).scalar() == 0


def test_a_file_that_nobody_says_a_word_about_is_forgotten_after_a_day(stage: Stage, api: Any) -> None:
    shown = checked(stage, api, sheet(["S-1", MUG, "1", *ANNA]))
    assert stage.do(erasure.erase_due) == 0
    session().execute(text("UPDATE order_import SET created_at = :old"), {"old": clock.now() - timedelta(hours=25)})
    session().commit()
    assert stage.do(erasure.erase_due) == 1
    assert api.get(f"{PATH}/{shown['id']}").json["state"] == "dropped"
    assert session().execute(text("SELECT count(*) FROM stored_file")).scalar() == 0


def test_a_buyer_is_forgotten_with_the_files_that_may_still_name_them(stage: Stage, api: Any) -> None:
    """The file came once more after its order was made, and waits for a word."""
    order = stage.order({MUG: 1})
    shown = checked(stage, api, sheet([order.reference, MUG, "1", *ANNA]))
    assert (shown["state"], shown["there"]) == ("checked", 1)
    assert stage.do(erasure.erase_order, order.id) == 1
    assert api.get(f"{PATH}/{shown['id']}").json["state"] == "dropped"
    assert session().execute(text("SELECT count(*) FROM stored_file")).scalar() == 0
    assert stage.do(erasure.erase_order, order.id) == 0


def test_a_seller_has_so_many_open_files(stage: Stage, api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST_OPEN", 1)
    sent(api, sheet(["S-1", MUG, "1", *ANNA]))
    body = {"name": "a.csv", "content": base64.b64encode(b"a,b\n1,2").decode()}
    assert api.post(PATH, body).json["code"] == "too_many_imports"


def test_exports_of_shops_are_read_as_they_are(stage: Stage, api: Any) -> None:
    """Amazon's order report (tabs), Shopify's export (further lines are empty), a Chinese ERP's (GB 18030)."""
    amazon = (
        "order-id\torder-item-id\tpurchase-date\trecipient-name\tship-address-1\tship-city\tship-postal-code\tship-country"
        "\tsku\tquantity-purchased\n"
        f"302-1\t7\t2026-11-24T08:15:00+00:00\tAnna\tWeg 1\tBerlin\t10115\tDE\t{MUG}\t1\n"
    )
    shopify = (
        "Name,Email,Currency,Lineitem quantity,Lineitem name,Lineitem sku,Lineitem price,Shipping Name,Shipping Street,"
        "Shipping City,Shipping Zip,Shipping Country\n"
        f"#1001,a@b.example,EUR,1,Mug,{MUG},9.90,Anna,Weg 1,Berlin,'10115,DE\n#1001,a@b.example,,2,Red,{RED},,,,,,\n"
    )
    erp = f"订单号,商品编码,数量,收件人,国家,城市,邮编,地址\nE-1,{MUG},1,李雷,德国,Berlin,10115,Weg 1\n"
    for content, unread in (
        (amazon.encode(), ["order-item-id"]),
        (shopify.encode(), ["Lineitem name"]),
        (erp.encode("gb18030"), []),
    ):
        shown = checked(stage, api, content, name="export.txt")
        assert (shown["good"], shown["findings"], shown["unread"]) == (1, [], unread)
        api.post(f"{PATH}/{shown['id']}/create")
        stage.jobs(*TOPICS)
    assert sorted(session().scalars(select(Order.reference))) == ["#1001", "302-1", "E-1"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_template_is_read_back(stage: Stage, api: Any, language: str) -> None:
    heading = [heading_of(column, language) for column in COLUMNS]
    row = [{"sku": MUG}.get(column.name, column.example) for column in COLUMNS]
    full = dict(zip([column.name for column in COLUMNS], row, strict=True)) | {
        "packing": "eco_bag; upright", "contents": "gift", "ioss": "IM2760000742", "priority": "3", "buyer_vat_id": "FR12345678901",
    }  # fmt: skip
    shown = checked(stage, api, sheets.write_workbook("x", heading, [list(full.values())]), name="t.xlsx")
    assert (shown["good"], shown["findings"], shown["unread"]) == (1, [], [])
    api.post(f"{PATH}/{shown['id']}/create")
    stage.jobs(*TOPICS)
    order = api.get("/api/v1/orders").json["data"][0]
    detail = api.get(f"/api/v1/orders/{order['id']}").json
    assert (detail["packing"], detail["declaration"]["ioss"], detail["platform"], detail["priority"]) == (
        ["eco_bag", "upright"], "IM2760000742", "amazon", 3,
    )  # fmt: skip
    assert detail["lines"][0]["unit_value_minor"] == 1290


DOOR = [*HEADING, "代收货款", "代收币种", "insured_value", "insured_currency", "age_check", "尾板", "delivery_day",
        "delivery_from", "delivery_until", "address3", "区"]  # fmt: skip


def test_a_row_says_what_the_driver_does(stage: Stage, api: Any) -> None:
    """Amounts in the currency of their own column: yen have no decimals."""
    able(stage)
    day = (clock.now() + timedelta(days=9)).date().isoformat()
    door = ["1500", "jpy", "12.90", "EUR", "18", "是", day, "10:00", "12:00", "Tor 3", "Mitte"]
    shown = checked(stage, api, sheet(["D-1", MUG, "1", *ANNA, *door], heading=DOOR))
    assert (found(shown), shown["unread"]) == ([], [])
    api.post(f"{PATH}/{shown['id']}/create")
    stage.jobs(*TOPICS)
    detail = api.get(f"/api/v1/orders/{api.get('/api/v1/orders').json['data'][0]['id']}").json
    assert {name: detail[name] for name in ("cod", "insurance", "age_check", "liftgate", "delivery")} == {
        "cod": {"amount_minor": 1500, "currency": "JPY"}, "insurance": {"value_minor": 1290, "currency": "EUR"},
        "age_check": 18, "liftgate": True, "delivery": {"day": day, "from": "10:00", "until": "12:00"},
    }  # fmt: skip
    assert (detail["consignee"]["address3"], detail["consignee"]["district"]) == ("Tor 3", "Mitte")


def test_days_and_hours_are_read_as_spreadsheets_keep_them(stage: Stage, api: Any) -> None:
    """A workbook's cells of days and times, and what Excel shows in China."""
    able(stage)
    soon = clock.now() + timedelta(days=9)
    heading = [*HEADING, "delivery_day", "delivery_from", "delivery_until", "ordered_at"]
    book = Workbook()
    book.active.append(heading)
    book.active.append(["D-1", MUG, 1, *ANNA, soon.date(), time(8, 30), time(12), datetime(2026, 11, 24, 8, 15)])
    out = BytesIO()
    book.save(out)
    shown = checked(stage, api, out.getvalue(), name="orders.xlsx")
    assert (found(shown), shown["good"]) == ([], 1)
    chinese = [f"{soon.year}/{soon.month}/{soon.day}", "8:30", "12:00", "2026/11/4 8:15"]
    shown = checked(stage, api, sheet(["D-2", MUG, "1", *ANNA, *chinese], heading=heading))
    assert (found(shown), shown["good"]) == ([], 1)
    api.post(f"{PATH}/{shown['id']}/create")
    stage.jobs(*TOPICS)
    detail = api.get(f"/api/v1/orders/{api.get('/api/v1/orders').json['data'][0]['id']}").json
    assert detail["delivery"] == {"day": soon.date().isoformat(), "from": "08:30", "until": "12:00"}
    assert detail["ordered_at"] == "2026-11-04T08:15:00+00:00"


@pytest.mark.parametrize(("at", "value", "code"), [
    (0, "15.50", "type"), (0, "0", "too_small"), (1, "", "required"), (4, "17", "not_a_choice"), (5, "maybe", "type"),
    (6, "", "required"), (6, "soon", "type"), (7, "10", "pattern"), (8, "09:00", "until_before_from"),
])  # fmt: skip
def test_what_no_driver_can_do_is_told_at_its_column(stage: Stage, api: Any, at: int, value: str, code: str) -> None:
    able(stage)
    door = ["1500", "JPY", "12.90", "EUR", "18", "no", "2099-12-01", "10:00", "12:00", "Tor 3", "Mitte"]
    door[at] = value
    shown = checked(stage, api, sheet(["D-1", MUG, "1", *ANNA, *door], heading=DOOR))
    names = [
        "cod_amount",
        "cod_currency",
        "",
        "",
        "age_check",
        "liftgate",
        "delivery_day",
        "delivery_from",
        "delivery_until",
    ]
    assert (names[at], code) in [(each[1], each[2]) for each in found(shown)]


def test_no_heading_means_two_columns() -> None:
    named = [columns.plain(each) for column in COLUMNS for each in {column.name, *column.also}]
    assert len(named) == len(set(named))
    for column in COLUMNS:
        for each in (column.name, *column.also):
            assert column_of(each) == column.name
    assert (column_of("Name"), column_of("Name", ["Lineitem sku"]), column_of("no such")) == (
        "recipient",
        "reference",
        None,
    )


def test_findings_name_nobody(stage: Stage, api: Any) -> None:
    secret = "Zaphod Beeblebrox \U0001f600"
    checked(stage, api, sheet(["S-1", MUG, "1", secret, "Nowhere land", "X" * 90, "1", "Y" * 300]))
    kept = session().execute(text("SELECT order_import::text FROM order_import")).scalar_one()
    assert "Zaphod" not in kept
    assert "Nowhere" not in kept


KINDS = [*HEADING, "kind", "container", "fba_shipment", "fba_centre", "fnsku"]


def test_a_column_says_the_kind_of_order(stage: Stage, api: Any) -> None:
    """Cartons to a business, a pick-up and Amazon's, beside a dropship order; the file's service is only for who is carried."""
    container(stage, "CTN-1", {MUG: 6})
    stage.stock(RED, 1)
    shown = checked(stage, api, sheet(
        ["K-1", MUG, "1", *ANNA, "", "", "", "", ""],
        ["K-2", MUG, "6", *ANNA, "整箱", "CTN-1", "", "", ""],
        ["K-3", MUG, "1", *ANNA, "自提", "", "", "", ""],
        ["K-4", MUG, "2", *ANNA, "FBA", "", "FBA1MMD8D0", "DTM2", ""],
        ["K-4", RED, "1", "", "", "", "", "", "", "", "", "", ""],
        heading=KINDS,
    ))  # fmt: skip
    assert found(shown) == []
    api.post(f"{PATH}/{shown['id']}/create")
    stage.jobs(*TOPICS)
    made = {each.reference: each for each in session().scalars(select(Order))}
    assert {key: each.kind for key, each in made.items()} == {
        "K-1": "dropship", "K-2": "b2b", "K-3": "pick_up", "K-4": "fba",
    }  # fmt: skip
    carried = {key: each.service_id for key, each in made.items()}
    assert carried["K-1"] == carried["K-2"] == carried["K-4"] != carried["K-3"]
    detail = api.get(f"/api/v1/orders/{made['K-2'].id}").json
    assert detail["lines"][0]["container"] == "CTN-1"
    assert api.get(f"/api/v1/orders/{made['K-4'].id}").json["fba"]["shipment_id"] == "FBA1MMD8D0"


@pytest.mark.parametrize(("kind", "more", "told"), [
    ("transfer", {}, ("kind", "sheet_kind_elsewhere")), ("销毁", {}, ("kind", "sheet_kind_elsewhere")),
    ("退仓", {}, ("kind", "sheet_kind_elsewhere")), ("wholesale", {}, ("kind", "sheet_kind")),
    ("fba", {}, ("fba_shipment", "required")), ("fba", {"fba_shipment": "SHIP-1"}, ("fba_centre", "required")),
    ("", {"fba_shipment": "FBA1MMD8D0", "fba_centre": "DTM2"}, ("fba_shipment", "fba_only")),
    ("b2b", {"container": "NO-SUCH"}, ("container", None)),
    ("fba", {"fba_shipment": "FBA1MMD8D0", "fba_centre": "DTM2", "fnsku": "short"}, ("fnsku", "pattern")),
])  # fmt: skip
def test_what_a_row_of_that_kind_cannot_say_is_refused_at_its_column(
    stage: Stage, api: Any, kind: str, more: dict[str, str], told: tuple[str, str | None]
) -> None:
    heading = [*HEADING, "kind", *more]
    shown = checked(stage, api, sheet(["K-1", MUG, "1", *ANNA, kind, *more.values()], heading=heading))
    assert (shown["good"], shown["refused"]) == (0, 1)
    columns_told = {each[1]: each[2] for each in found(shown)}
    assert told[0] in columns_told
    assert told[1] in (None, columns_told[told[0]])
    assert all(each["message"] for each in shown["findings"])


def test_rows_of_one_order_are_of_one_kind(stage: Stage, api: Any) -> None:
    heading = [*HEADING, "kind"]
    shown = checked(
        stage, api, sheet(["K-1", MUG, "1", *ANNA, "b2b"], ["K-1", MUG, "1", *ANNA, "fba"], heading=heading)
    )
    assert (3, "kind", "sheet_rows_differ") in found(shown)
